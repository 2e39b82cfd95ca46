"""Whole experiments of Claude's through the one-machine cloud; its answers are scripted.

Each is looked up where people look: the records, ``lab show``, the dashboard's API, the history
of the execution, and what the service was sent.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from codec_lab import keys
from codec_lab.experiment import Experiment
from codec_lab.limits import MIB
from codec_lab.phase import Phase, Status
from codec_lab.proposal import FixTool, Mind
from local.settings import REGION
from tests.local.deployed_lab import PLAIN, until
from tests.local.scripted_lab import (
    ANALYSIS,
    HYPOTHESIS,
    LESSONS,
    ScriptedLab,
    edit_candidate,
    edit_parent,
    write_candidate,
)
from tests.tiny_wheel import ALLOWED, DATA, WHEEL, as_toml
from tests.unit.claude.fake_service import Failure, Reply, Tool
from tests.unit.claude.tasks import KEY

# What an answer costs: 1000 tokens in, 400 written to the cache, 6000 read from it, 500 out.
DESIGN_USD, FIX_USD, ANALYSIS_USD = Decimal("0.0172"), Decimal("0.0086"), Decimal("0.0086")
STEP = "step = 2 + (100 - quality) ** 3 // 12000"
COARSER = "step = 3 + (100 - quality) ** 3 // 12000"
UNHURT = ["Execute", "JudgeExecution", "Analyze", "DesignNext", "Completed"]
REPAIRED = ["FixValidation", "FrameworkTouched"]
VALIDATED = ["Deploy", "Validate", "JudgeValidation"]


def bundles_of(lab: ScriptedLab, one: Experiment) -> list[str | None]:
    attempts = lab.target.records.attempts(one.experiment_id, Phase.VALIDATION)
    return [attempt.bundle_sha256 for attempt in attempts]


@pytest.fixture(autouse=True)
def _no_key_anywhere(scripted_lab: ScriptedLab) -> Iterator[None]:
    """After each test, look for the key in all that was sent, but for the header."""
    yield
    assert KEY not in scripted_lab.service.texts
    for headers in scripted_lab.service.headers:
        assert [name for name, value in headers.items() if KEY in value] == ["Authorization"]


def test_a_design_by_full_source(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    source = PLAIN.replace(STEP, COARSER)
    lab.script(write_candidate(source, "Quantises coarser."), ANALYSIS)

    [one] = lab.run("full")

    assert one.status is Status.COMPLETED
    assert one.mind is Mind.CLAUDE
    assert (one.change, one.hypothesis) == ("Quantises coarser.", HYPOTHESIS)
    assert one.expected_bd_rate_percent == -1.5
    assert "It held." in (one.analysis or "")
    assert one.model_cost_usd == DESIGN_USD + ANALYSIS_USD
    [evaluation] = lab.target.records.evaluations(one.experiment_id)
    assert evaluation.candidate_sha256 == one.candidate_sha256
    assert lab.target.records.campaign("full").lessons == LESSONS
    assert lab.states(one.execution_arn)[-10:] == ["Design", *VALIDATED, "ScreenPassed", *UNHURT]
    # What a person sees.
    assert lab.api("experiments/full-0001/source")["files"] == {"codec.py": source}
    [entry] = lab.api("experiments/full-0001/prompt")["entries"]
    assert (entry["mind"], entry["model"]) == ("claude", "claude-opus-5-5")
    shown = lab.command("show", one.experiment_id)
    assert "Quantises coarser." in shown
    assert f"hypothesis: {HYPOTHESIS}" in shown
    # What the service was asked.
    design, analysis = lab.service.requests
    assert lab.offered == [["write_candidate", "edit_parent"], ["write_analysis"]]
    assert (design["model"], analysis["model"]) == ("claude-opus-5-5", "claude-sonnet-5-5")
    assert design["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert STEP in lab.questions[0]
    assert "Hold." in lab.questions[0]
    assert "Quantises coarser." in lab.questions[1]


def test_a_design_by_an_edit_that_matches_once(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    missed = edit_parent("step = 99", COARSER, "Quantises coarser.")
    lab.script(missed, edit_parent(STEP, COARSER, "Quantises coarser."), ANALYSIS)

    [one] = lab.run("edits")

    assert one.status is Status.COMPLETED
    assert one.model_cost_usd == 2 * DESIGN_USD + ANALYSIS_USD
    states = lab.states(one.execution_arn)
    assert states.count("Design") == 1  # asked again within the same attempt
    diff = lab.api("experiments/edits-0001/diff")["unified"]
    assert f"-    {STEP}\n+    {COARSER}\n" in diff
    objection = lab.service.requests[1]["messages"][2]["content"][0]
    assert objection["is_error"] is True
    assert "occurs 0 times in codec.py, not exactly once" in objection["content"]


def test_the_next_design_is_told_what_was_measured(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    first = write_candidate(PLAIN.replace(STEP, COARSER), "Quantises coarser.")
    lab.script(
        first,
        ANALYSIS,
        write_candidate(PLAIN.replace(STEP, COARSER.replace("= 3", "= 4")), "Coarser still."),
        ANALYSIS,
    )

    measured, second = lab.run("archive", experiments=2)

    assert (measured.status, second.status) == (Status.COMPLETED, Status.COMPLETED)
    told = lab.questions[2]
    assert "archive-0001" in told
    assert LESSONS in told
    [evaluation] = lab.target.records.evaluations(measured.experiment_id)
    for point in evaluation.result.points:
        assert f"{point.psnr_y_db:.2f}" in told


def test_a_persons_hint_is_in_the_next_prompt(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    broken = edit_parent(STEP, f"{{}}['step']\n    {COARSER}", "Looks the step up.")
    question = "Which step may be used?"
    lab.script(broken, Reply([Tool("ask_human", {"question": question})]))

    [asked] = lab.run("hint")

    assert asked.needs_human
    [reason] = asked.human_intervention_reasons
    assert (reason.phase, reason.error_type) == (Phase.VALIDATION, "NothingLeftToTryError")
    assert question in reason.message
    assert lab.states(asked.execution_arn)[-3:] == ["FlagHuman", "NotifyHuman", "NeedsHuman"]
    assert question in lab.command("show", asked.experiment_id)
    [request] = [
        found
        for found in lab.api("needs-human")["items"]
        if found["experiment_id"] == asked.experiment_id
    ]
    assert request["phase"] == "validation"

    hint = "Take the step by the formula; no table is needed."
    lab.script(edit_candidate("    {}['step']\n", "", "Follows the hint."), ANALYSIS)
    lab.command("answer", asked.experiment_id, "--hint", hint)
    done = until(
        lambda: (
            (found := lab.target.records.experiment(asked.experiment_id)).status
            in {Status.COMPLETED, Status.NEEDS_HUMAN}
            and found.run == 2
            and found
        )
    )
    until(lambda: lab.states(done.execution_arn)[-1] == "Completed")

    assert hint in lab.questions[0]
    assert "KeyError: 'step'" in lab.questions[0]
    assert lab.states(done.execution_arn)[:5] == ["Begin", "ResumeFrom", *REPAIRED, "Deploy"]
    entries = lab.api(f"experiments/{asked.experiment_id}/prompt")["entries"]
    assert [entry["hint"] for entry in entries] == [None, hint]
    assert done.model_cost_usd == DESIGN_USD + 2 * FIX_USD + ANALYSIS_USD


def test_refused_fixes_are_attempts_too(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    prose = [Reply([f"I would think about it, {number}."], "end_turn") for number in (1, 2, 3)]
    lab.script(
        edit_parent(STEP, f"mistake_one()\n    mistake_two()\n    {STEP}", "Calls two functions."),
        *prose[:2],
        edit_candidate("    mistake_one()\n", "", "There is no mistake_one."),
        prose[2],
    )

    [asked] = lab.run("no-fix")

    assert asked.needs_human
    [reason] = asked.human_intervention_reasons
    assert reason.reason == (
        "All 5 validation attempts failed, 3 of them as answers that were no fix."
    )
    assert (reason.error_type, reason.attempts) == ("DesignRejectedError", 5)
    assert reason.message == "The model answered without a tool: I would think about it, 3."
    assert [fix.reason for fix in reason.fixes] == ["There is no mistake_one."]
    first, second = lab.target.records.attempts(asked.experiment_id, Phase.VALIDATION)
    assert (len(first.rejected_fixes), len(second.rejected_fixes)) == (2, 1)
    assert first.fix_reason == "There is no mistake_one."
    assert lab.states(asked.execution_arn).count("FixValidation") == 4
    assert "I would think about it, 2." in lab.questions[3]
    assert "refused: The model answered without a tool" in lab.command("show", asked.experiment_id)
    assert asked.model_cost_usd == DESIGN_USD + 4 * FIX_USD


def test_two_fixes_heal_two_faults(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    twice_broken = f"mistake_one()\n    mistake_two()\n    {STEP}"
    lab.script(
        edit_parent(STEP, twice_broken, "Calls two functions."),
        edit_candidate("    mistake_one()\n", "", "There is no mistake_one."),
        edit_candidate("    mistake_two()\n", "    quality -= 1\n", "There is no mistake_two."),
        ANALYSIS,
    )

    [one] = lab.run("two-fixes")

    assert one.status is Status.COMPLETED
    first, second, third = lab.target.records.attempts(one.experiment_id, Phase.VALIDATION)
    assert [attempt.passed for attempt in (first, second, third)] == [False, False, True]
    assert (first.fix_tool, second.fix_tool) == (FixTool.EDIT_CANDIDATE, FixTool.EDIT_CANDIDATE)
    assert (first.fix_reason, second.fix_reason) == (
        "There is no mistake_one.",
        "There is no mistake_two.",
    )
    assert "-    mistake_one()\n" in (first.fix_diff or "")
    assert "-    mistake_two()\n+    quality -= 1\n" in (second.fix_diff or "")
    assert len(set(bundles_of(lab, one))) == 3
    assert third.bundle_sha256 == one.bundle_sha256
    states = lab.states(one.execution_arn)
    again = ["ValidationAttemptsLeft", *REPAIRED, *VALIDATED]
    assert states[2:] == ["Design", *VALIDATED, *again, *again, "ScreenPassed", *UNHURT]
    # Each repair is told its fault, and the second what the first had tried.
    assert "NameError: name 'mistake_one'" in lab.questions[1]
    assert "NameError: name 'mistake_two'" in lab.questions[2]
    assert "There is no mistake_one." in lab.questions[2]
    attempts = lab.api(f"experiments/{one.experiment_id}/attempts")["attempts"]
    reasons = [one["fix_reason"] for one in attempts if one["phase"] == "validation"]
    assert reasons[:2] == ["There is no mistake_one.", "There is no mistake_two."]
    shown = lab.command("show", one.experiment_id)
    assert "There is no mistake_one." in shown
    assert "There is no mistake_two." in shown


def test_a_limit_is_raised_within_the_hard_limits(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    hungry = f"np.ones({256 * MIB}, np.uint8)\n    {STEP[:-1]}5"
    lab.script(
        edit_parent(STEP, hungry, "Works in a large buffer."),
        raise_memory(4096 * MIB),
        raise_memory(768 * MIB),
        ANALYSIS,
    )

    [one] = lab.run(
        "limit",
        limits={"memory_bytes": 64 * MIB},
        hard_limits={"memory_bytes": 1024 * MIB},
    )

    assert one.status is Status.COMPLETED
    first, second = lab.target.records.attempts(one.experiment_id, Phase.VALIDATION)
    assert first.fault is not None
    assert (first.fault.error_type, first.fault.limit) == ("LimitExceededError", "memory_bytes")
    assert first.fix_tool is FixTool.ADJUST_LIMITS
    assert first.fix_reason == "The buffer needs it."
    assert second.passed
    assert first.candidate_sha256 == second.candidate_sha256  # its source is the same
    assert first.bundle_sha256 != second.bundle_sha256
    objection = lab.service.requests[2]["messages"][2]["content"][0]["content"]
    assert f"the campaign allows {1024 * MIB} at most" in objection
    assert f"memory_bytes {1024 * MIB}" in lab.questions[1]
    assert one.proposal_key is not None
    proposal = json.loads(lab.target.objects.get(one.proposal_key))
    assert proposal["limits"]["memory_bytes"] == 768 * MIB
    assert "The buffer needs it." in lab.command("show", one.experiment_id)
    states = lab.states(one.execution_arn)
    assert states[5:8] == ["JudgeValidation", "ValidationAttemptsLeft", "FixValidation"]


def test_a_package_is_installed_and_then_used(scripted_lab: ScriptedLab, tmp_path: Path) -> None:
    lab = scripted_lab
    (tmp_path / "list.toml").write_text(as_toml(ALLOWED))
    (tmp_path / WHEEL.file).write_bytes(DATA)
    published = ("--publish", "--list", str(tmp_path / "list.toml"), "--from", str(tmp_path))
    assert "tinystep" in lab.command("packages", *published)
    uses = PLAIN.replace(STEP, "step = STEP + (100 - quality) ** 3 // 12000").replace(
        "import numpy as np\n", "import numpy as np\nfrom tinystep import STEP\n"
    )
    lab.script(
        write_candidate(uses, "Takes the step of a package."),
        install("torch"),
        install("tinystep"),
        ANALYSIS,
    )

    [one] = lab.run("package")

    assert one.status is Status.COMPLETED
    first, second = lab.target.records.attempts(one.experiment_id, Phase.VALIDATION)
    assert first.fault is not None
    assert first.fault.error_type == "CandidateImportError"
    assert "no module tinystep" in first.fault.message
    assert first.fix_tool is FixTool.INSTALL_PACKAGE
    assert first.fix_reason == "The candidate imports it."
    assert f"+tinystep==1.0 --hash=sha256:{WHEEL.sha256}" in (first.fix_diff or "")
    assert second.passed
    assert "install_package" in lab.offered[1]
    assert "- tinystep 1.0 (import tinystep): tests" in lab.questions[1]
    refusal = lab.service.requests[2]["messages"][2]["content"][0]["content"]
    assert "Package 'torch' is not on the lab's list of allowed packages" in refusal
    assert "which has tinystep" in refusal
    bundle = lab.target.objects.get(keys.bundle(one.bundle_sha256 or ""))
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.read(f"wheels/{WHEEL.file}") == DATA
    verdict = json.loads(lab.target.objects.get(one.verdict_key or ""))
    assert verdict["environment"]["package tinystep"] == WHEEL.requirement
    attempts = lab.api(f"experiments/{one.experiment_id}/attempts")["attempts"]
    tools = [attempt["fix_tool"] for attempt in attempts if attempt["phase"] == "validation"]
    assert tools == ["install_package", None]
    assert "The candidate imports it." in lab.command("show", one.experiment_id)
    states = lab.states(one.execution_arn)
    assert states[5:10] == ["JudgeValidation", "ValidationAttemptsLeft", *REPAIRED, "Deploy"]


def install(package: str) -> Reply:
    words = {"package": package, "reason": "The candidate imports it."}
    return Reply([Tool("install_package", words)])


def raise_memory(value: int) -> Reply:
    limits = [{"limit": "memory_bytes", "value": value}]
    return Reply([Tool("adjust_limits", {"limits": limits, "reason": "The buffer needs it."})])


def test_an_overloaded_service_is_asked_again_by_the_state_machine(
    scripted_lab: ScriptedLab,
) -> None:
    lab = scripted_lab
    design = write_candidate(PLAIN.replace(STEP, COARSER), "Quantises coarser.")
    lab.script(Failure(529, "overloaded_error"), design, ANALYSIS)

    [one] = lab.run("overloaded")

    assert one.status is Status.COMPLETED
    visits = lab.target.campaign_executions.visits(one.execution_arn or "")
    [designed] = [visit for visit in visits if visit.state == "Design"]
    assert any("ModelUnavailableError" in failure for failure in designed.failures)
    [attempt] = lab.target.records.attempts(one.experiment_id, Phase.DESIGN)
    assert (attempt.attempt, attempt.passed) == (1, True)  # a busy service costs no attempt


def test_a_refused_key_asks_a_person_and_is_not_repeated(scripted_lab: ScriptedLab) -> None:
    lab = scripted_lab
    lab.script(Failure(401, "authentication_error", "invalid x-api-key {key}"))

    [one] = lab.run("refused")

    [reason] = one.human_intervention_reasons
    assert (reason.phase, reason.error_type) == (Phase.DESIGN, "ModelRefusedError")
    assert reason.message.startswith("Anthropic refuses the API key (401, request req_1)")
    assert (one.mind, one.proposal_key) == (Mind.CLAUDE, None)  # no other mind stood in


def test_the_key_of_secrets_manager_goes_first_and_stays_out_of_everything(
    scripted_lab: ScriptedLab,
) -> None:
    lab = scripted_lab
    secret_key = "sk-ant-of-secrets-manager-0123456789"
    secrets: Any = boto3.client(
        "secretsmanager",
        endpoint_url=lab.cloud.endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    [secret] = secrets.list_secrets()["SecretList"]
    secrets.put_secret_value(SecretId=secret["ARN"], SecretString=secret_key)
    try:
        # Each answer and source that could repeat the key does so.
        leak = f"# {secret_key}"
        lab.script(
            edit_parent(STEP, f"print('{secret_key}')\n    raise ValueError('{secret_key}')", leak),
            edit_candidate("    raise ValueError", f"    {COARSER}\n    _ = (", leak),
            Reply([Tool("ask_human", {"question": f"Is {secret_key} the key?"})]),
        )
        [one] = lab.run("secret")
    finally:
        secrets.put_secret_value(SecretId=secret["ARN"], SecretString=KEY)
    for headers in lab.service.headers:
        assert [name for name, value in headers.items() if secret_key in value] == ["Authorization"]
    lab.service.headers.clear()
    assert secret_key not in lab.service.texts
    assert one.needs_human
    for name, text in lab.everything_kept():
        assert secret_key.encode() not in text, name
        assert KEY.encode() not in text, name
