"""The app as it is deployed: real CDK, state machines, handlers, worker and sandbox."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from codec_lab import campaigns
from codec_lab.campaigns import Answer
from codec_lab.phase import Phase, Status
from lab import one_machine
from local.cdk import CdkCli
from local.cloud import OneMachineCloud
from local.settings import REPOSITORY_ROOT
from tests.local.deployed_lab import CLOCK, PLAIN, Lab, left_running, until

WRONG_SHAPE = PLAIN.replace("y.reshape(n, h, w).copy()", "y.reshape(n, h, w)[:, 1:].copy()")
UNUSED_IMPORT = PLAIN.replace("import struct\n", "import struct\nimport torch\n")
IMPORT_ERROR = UNUSED_IMPORT.replace("    step = 2", "    torch.zeros(1)\n    step = 2")
EXCEPTION = PLAIN.replace("    step = 2", "    {}['absent']\n    step = 2")
ENDLESS_LOOP = PLAIN.replace("    step = 2", "    while True:\n        pass\n    step = 2")
LATE_CRASH = PLAIN.replace("    step = 2", "    assert quality != 50, 'not at 50'\n    step = 2")
NO_SPACE = PLAIN.replace("SEARCH_SPACE", "OTHER")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
        CdkCli(lab.cloud).destroy(context=one_machine.context_of(lab.cloud))
        assert not one_machine.target_of(lab.cloud).is_deployed
    finally:
        lab.cloud.stop()


def test_three_experiments_measure_three_different_sources(lab: Lab) -> None:
    experiments = lab.run("three", experiments=3, screen=None)
    assert [one.status for one in experiments] == [Status.COMPLETED] * 3
    assert len({one.candidate_sha256 for one in experiments}) == 3
    for one in experiments:
        [evaluation] = lab.target.records.evaluations(one.experiment_id)
        assert evaluation.candidate_sha256 == one.candidate_sha256
        result = evaluation.result
        assert len(result.points) >= 4
        sizes = [point.size_bytes for point in sorted(result.points, key=lambda p: p.quality)]
        assert sizes == sorted(sizes)
        assert all(20 < point.psnr_y_db < 60 for point in result.points)
        assert all(0.5 < point.ssim_y <= 1 for point in result.points)
        assert {rate.anchor for rate in result.bd_rates} == {
            "x264-medium",
            "x265-medium",
            "svtav1-p6",
        }
        for rate in result.bd_rates:
            assert (rate.percent is None) == (rate.reason is not None)


def test_every_phase_is_a_state_of_its_own(lab: Lab) -> None:
    [one] = lab.run("phases")
    assert lab.states(one.execution_arn) == [
        "Begin",
        "ResumeFrom",
        "Design",
        "Deploy",
        "Validate",
        "JudgeValidation",
        "ScreenPassed",
        "Execute",
        "JudgeExecution",
        "Analyze",
        "DesignNext",
        "Completed",
    ]


def test_what_is_worse_on_the_screen_is_not_measured_in_full(lab: Lab) -> None:
    experiments = lab.run("screen", PLAIN, experiments=3, screen={"margin_percent": 0})
    measured = [one for one in experiments if one.stop_reason is None]
    stopped = [one for one in experiments if one.stop_reason is not None]
    assert experiments[0] in measured  # there was nothing to compare it with
    assert stopped
    for one in stopped:
        assert one.status is Status.COMPLETED
        assert lab.states(one.execution_arn)[-5:] == [
            "JudgeValidation",
            "ScreenPassed",
            "Analyze",
            "DesignNext",
            "Completed",
        ]
        assert one.bd_rate_percent is None
        assert one.tier is None
        assert one.analysis == one.stop_reason
        assert not lab.target.records.evaluations(one.experiment_id)
        before = [other for other in measured if other.number < one.number]
        best = min(other.screen_bd_rate_percent or 0 for other in before)
        assert (one.screen_bd_rate_percent or 0) > best


@pytest.mark.parametrize("name", ["experiment", "campaign"])
def test_the_deployed_definition_is_the_file(lab: Lab, name: str) -> None:
    arn = getattr(lab.target.outputs, f"{name}_state_machine_arn")
    deployed = json.loads(
        lab.target._session.client(
            "stepfunctions", endpoint_url=lab.target.endpoint_url
        ).describe_state_machine(stateMachineArn=arn)["definition"]
    )
    file = json.loads((REPOSITORY_ROOT / "infra" / f"{name}.asl.json").read_text())
    assert same_but_for_substitutions(file, deployed)


def same_but_for_substitutions(file: Any, deployed: Any) -> bool:
    if isinstance(file, str) and "${" in file:
        pattern = re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(file))
        return isinstance(deployed, str) and re.fullmatch(pattern, deployed) is not None
    if isinstance(file, dict):
        return file.keys() == deployed.keys() and all(
            same_but_for_substitutions(file[key], deployed[key]) for key in file
        )
    if isinstance(file, list):
        return len(file) == len(deployed) and all(
            same_but_for_substitutions(a, b) for a, b in zip(file, deployed, strict=True)
        )
    return bool(file == deployed)


FAULTS = [
    ("shape", WRONG_SHAPE, Phase.VALIDATION, "ContractError", {}),
    ("import", IMPORT_ERROR, Phase.VALIDATION, "CandidateImportError", {}),
    ("exception", EXCEPTION, Phase.VALIDATION, "CandidateCrashError", {}),
    ("late", LATE_CRASH, Phase.EXECUTION, "CandidateCrashError", {}),
    (
        "loop",
        ENDLESS_LOOP,
        Phase.VALIDATION,
        "LimitExceededError",
        {"limits": {"cpu_s": 1, "wall_s": 4}, "hard_limits": {"cpu_s": 2, "wall_s": 8}},
    ),
]


@pytest.mark.parametrize(
    ("name", "source", "phase", "error_type", "order"), FAULTS, ids=[fault[0] for fault in FAULTS]
)
def test_what_cannot_be_healed_asks_a_person_after_five_different_attempts(
    lab: Lab, name: str, source: str, phase: Phase, error_type: str, order: dict[str, Any]
) -> None:
    [one] = lab.run(f"fault-{name}", source, **order)
    assert one.needs_human
    assert one.status is Status.NEEDS_HUMAN
    [reason] = one.human_intervention_reasons
    assert reason.phase is phase
    assert reason.error_type == error_type
    assert reason.attempts == 5
    assert [fix.attempt for fix in reason.fixes] == [1, 2, 3, 4]
    assert reason.execution_arn == one.execution_arn
    attempts = lab.target.records.attempts(one.experiment_id, phase)
    assert len({attempt.bundle_sha256 for attempt in attempts}) == 5
    assert all(a.fault is not None and a.fault.error_type == error_type for a in attempts)
    # Nothing else on the item was lost.
    assert one.change is not None
    assert one.hypothesis is not None
    assert one.proposal_key is not None
    assert one.bd_rate_percent is None
    assert not lab.target.records.evaluations(one.experiment_id)
    assert lab.states(one.execution_arn)[-3:] == ["FlagHuman", "NotifyHuman", "NeedsHuman"]


def test_a_fault_that_a_rule_heals_is_measured_in_the_same_experiment(lab: Lab) -> None:
    [one] = lab.run("healed", UNUSED_IMPORT)
    assert one.status is Status.COMPLETED
    first, second = lab.target.records.attempts(one.experiment_id, Phase.VALIDATION)
    assert (first.passed, second.passed) == (False, True)
    assert first.fix_reason is not None
    assert "Removes the import of torch" in first.fix_reason
    assert "-import torch" in (first.fix_diff or "")
    assert second.bundle_sha256 == one.bundle_sha256 != first.bundle_sha256


def test_a_design_that_fails_five_times_asks_a_person(lab: Lab) -> None:
    [one] = lab.run("no-space", NO_SPACE)
    [reason] = one.human_intervention_reasons
    assert (reason.phase, reason.error_type) == (Phase.DESIGN, "DesignRejectedError")
    assert "declares no SEARCH_SPACE" in reason.message
    attempts = lab.target.records.attempts(one.experiment_id, Phase.DESIGN)
    assert [attempt.attempt for attempt in attempts] == [1, 2, 3, 4, 5]


def test_an_answer_with_a_hint_resumes_the_same_experiment_with_a_fix(lab: Lab) -> None:
    [one] = lab.run("hint", EXCEPTION)
    reply = Answer(experiment_id=one.experiment_id, hint="The dictionary is empty.")
    executions = lab.target.experiment_executions
    campaigns.answer(reply, records=lab.target.records, executions=executions, clock=CLOCK)
    resumed = until(
        lambda: (found := lab.target.records.experiment(one.experiment_id)).needs_human and found
    )
    assert resumed.run == 2
    # Of the nine levels the design and run 1 tried five besides the parent's; run 2 the last three.
    first, second = resumed.human_intervention_reasons
    assert (first.attempts, first.error_type) == (5, "CandidateCrashError")
    assert (second.attempts, second.error_type) == (4, "NothingLeftToTryError")
    assert "nothing is left for them to try" in second.message
    attempts = lab.target.records.attempts(one.experiment_id, Phase.VALIDATION)
    bundles = [attempt.bundle_sha256 for attempt in attempts]
    assert len(set(bundles)) == len(bundles) == 8
    states = lab.states(resumed.execution_arn)
    assert states[:5] == ["Begin", "ResumeFrom", "FixValidation", "FrameworkTouched", "Deploy"]
    first_fix = lab.target.objects.get(f"experiments/{one.experiment_id}/run-2/proposal-1.json")
    assert json.loads(first_fix)["hint"] is None  # the offline mind reads none


def test_the_pauses_are_in_the_history_with_their_real_values(lab: Lab) -> None:
    lab.open("pauses", NO_SPACE, experiments=6)
    execution = lab.start_campaign("pauses")
    lab.finish(execution)
    visits = lab.target.campaign_executions.visits(execution)
    outcomes = [json.loads(v.output or "{}") for v in visits if v.state == "RecordOutcome"]
    assert [outcome["pause_s"] for outcome in outcomes] == [30, 30, 30, 30, 300, 30]


def test_a_campaign_whose_experiments_are_run_stops_at_once(lab: Lab) -> None:
    lab.run("spent")
    assert lab.finish(lab.start_campaign("spent")) == "The one experiment has been run."


def test_a_pause_is_kept_before_the_next_experiment(lab: Lab) -> None:
    lab.open("paused", experiments=3)
    execution = lab.start_campaign("paused")
    until(lambda: lab.experiments("paused"))
    campaigns.set_paused(lab.target.records, "paused", paused=True)
    assert lab.finish(execution) == "The campaign is paused."
    visits = lab.target.campaign_executions.visits(execution)
    [outcome] = [json.loads(v.output or "{}") for v in visits if v.state == "RecordOutcome"]
    assert outcome == {"pause_s": 10, "failures_in_a_row": 0, "rolled_back": None}
    [first] = lab.experiments("paused")
    assert first.status is Status.COMPLETED  # the pause did not kill it
    campaigns.set_paused(lab.target.records, "paused", paused=False)
    lab.finish(lab.start_campaign("paused"))
    assert [one.status for one in lab.experiments("paused")] == [Status.COMPLETED] * 3


def test_a_stop_ends_what_runs_and_a_resume_goes_on_with_it(lab: Lab) -> None:
    lab.open("stopped")
    execution = lab.start_campaign("stopped")
    records, runs = lab.target.records, lab.target.campaign_executions
    [running] = until(lambda: records.open_experiments("stopped", Status.RUNNING))
    executions = lab.target.experiment_executions
    campaigns.stop(records, runs, executions, "stopped", clock=CLOCK)
    assert runs.end(execution).status == "ABORTED"
    assert not executions.is_running(running)
    [waiting] = lab.experiments("stopped")
    assert (waiting.status, waiting.run) == (Status.QUEUED, 2)
    campaigns.resume(records, runs, "stopped")
    resumed = until(lambda: runs.running("stopped"))
    lab.finish(resumed)
    [ended] = lab.experiments("stopped")
    assert (ended.status, ended.run) == (Status.COMPLETED, 2)


def test_a_second_execution_of_a_campaign_ends_at_once(lab: Lab) -> None:
    lab.open("lease", experiments=1)
    first = lab.start_campaign("lease")
    until(lambda: lab.experiments("lease"))
    second = lab.start_campaign("lease")
    assert "another execution runs this campaign" in lab.finish(second)
    lab.finish(first)
    assert len(lab.experiments("lease")) == 1


def test_a_killed_worker_is_started_again(lab: Lab) -> None:
    lab.open("killed-worker")
    execution = lab.start_campaign("killed-worker")
    [worker, *_] = until(lab.workers)
    worker.send_signal(signal.SIGKILL)
    lab.finish(execution)
    [one] = lab.experiments("killed-worker")
    assert one.status is Status.COMPLETED
    visits = lab.target.campaign_executions.visits(one.execution_arn or "")
    assert any(visit.failures for visit in visits if visit.state in {"Validate", "Execute"})


def test_a_killed_lab_loses_nothing_and_runs_nothing_twice(lab: Lab) -> None:
    lab.open("killed-lab", experiments=2)
    lab.start_campaign("killed-lab")
    workers = until(lab.workers)
    server = json.loads((lab.state_dir / "server.json").read_text())["pid"]
    os.kill(server, signal.SIGKILL)
    assert left_running(workers, within_s=10) == []
    lab.cloud.stop()
    lab.cloud = OneMachineCloud(lab.cloud.settings)
    lab.start()
    lab.finish(lab.start_campaign("killed-lab"))
    experiments = lab.experiments("killed-lab")
    assert [one.status for one in experiments] == [Status.COMPLETED] * 2
    assert experiments[0].run == 2
    assert lab.states(experiments[0].execution_arn)[-1] == "Completed"


def test_the_dashboard_lists_the_experiments(lab: Lab) -> None:
    lab.run("page")
    token = lab.cloud.dashboard_url.rpartition("=")[2]
    request = urllib.request.Request(
        f"{lab.cloud.endpoint_url}/api/campaigns/page/experiments",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        [shown] = json.load(answer)["items"]
    assert (shown["experiment_id"], shown["status"]) == ("page-0001", "completed")
