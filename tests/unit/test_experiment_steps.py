"""The functions behind the experiment's states, in the order of the states."""

from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest

from adapters.offline.designer import OfflineDesigner
from adapters.offline.fixer import OfflineFixer
from codec_lab import documents, keys
from codec_lab.analyzing import analyze
from codec_lab.bundle import Bundle
from codec_lab.campaign import CampaignChanges, NextDesign
from codec_lab.candidate import Candidate
from codec_lab.clip import ClipRole
from codec_lab.deploying import deploy
from codec_lab.designing import design
from codec_lab.designing_next import design_next
from codec_lab.errors import (
    AttestationError,
    BenchError,
    CandidateCrashError,
    ConfigurationError,
    DesignRejectedError,
    NothingLeftToTryError,
    StoreUnavailableError,
    UnchangedCandidateError,
)
from codec_lab.events import (
    DeployRequest,
    DeployResult,
    FixRequest,
    FixResult,
    JudgeRequest,
    JudgeResult,
    PhaseRequest,
)
from codec_lab.experiment import Attempt, ExperimentChanges
from codec_lab.fixing import fix
from codec_lab.job import JobSpec
from codec_lab.judging import judge
from codec_lab.minds import DesignTask, FixTask, Trial
from codec_lab.novelty import source_sha256
from codec_lab.phase import Phase, Status
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import Fixer
from codec_lab.proposal import Fix, FixTool, Mind, Proposal
from codec_lab.verdict import ClipResult, Fault, Metric, Verdict
from tests.fakes import ManualClock, MemoryChangeSets, MemoryObjects, MemoryRecords, ScriptedMind
from tests.unit.builders import clip, clip_result, experiment, opened, verdict

REQUEST = PhaseRequest(experiment_id="default-0001", run=1)
CRASH = Fault(error_type="CandidateCrashError", message="IndexError: line 3", traceback="line 3")


@pytest.fixture(autouse=True)
def _campaign(records: MemoryRecords, objects: MemoryObjects, clock: ManualClock) -> None:
    opened(records, objects, clock)
    records.create_experiment(experiment())


def designed(records: MemoryRecords, objects: MemoryObjects, clock: ManualClock) -> str:
    return design(
        REQUEST,
        records=records,
        objects=objects,
        designer_of=lambda mind: OfflineDesigner(),
        clock=clock,
    ).candidate_sha256


def deployed(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    attempt: int = 1,
    run: int = 1,
) -> DeployResult:
    request = DeployRequest(
        experiment_id="default-0001", run=run, validation_attempt=attempt, execution_attempt=1
    )
    return deploy(request, records=records, objects=objects, clock=clock)


def failed(
    job: JobSpec, records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    documents.save(objects, job.verdict_key, verdict(job, fault=CRASH))
    with pytest.raises(CandidateCrashError):
        judge(
            JudgeRequest(job=job),
            records=records,
            objects=objects,
            clock=clock,
        )


def fixed_by(
    mind: Fixer,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    attempt: int = 1,
    run: int = 1,
) -> FixResult:
    return fix(
        FixRequest(experiment_id="default-0001", run=run, phase=Phase.VALIDATION, attempt=attempt),
        records=records,
        objects=objects,
        change_sets=MemoryChangeSets(records),
        fixer_of=lambda _: mind,
        clock=clock,
    )


def fixed(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, attempt: int, run: int = 1
) -> str:
    return fixed_by(OfflineFixer(), records, objects, clock, attempt, run).bundle_sha256


def test_the_hash_of_the_design_reaches_both_jobs(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    candidate_sha256 = designed(records, objects, clock)
    jobs = deployed(records, objects, clock)
    assert jobs.validation.candidate_sha256 == candidate_sha256
    assert jobs.execution.candidate_sha256 == candidate_sha256
    bundle = Bundle.from_zip(objects.get(jobs.execution.bundle_key), jobs.execution.bundle_sha256)
    assert bundle.candidate.sha256 == candidate_sha256
    stored = records.experiment("default-0001")
    assert stored.candidate_sha256 == candidate_sha256
    assert stored.bundle_sha256 == jobs.validation.bundle_sha256
    assert stored.phase is Phase.VALIDATION
    assert stored.hypothesis is not None
    assert stored.analysis is None


def test_another_candidate_does_not_inherit_what_was_measured(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    """An experiment runs again, its candidate fails and is mended: the mended one is untried."""
    candidate_sha256 = designed(records, objects, clock)
    measured: dict[str, Any] = {
        "verdict_key": "v",
        "bd_rate_percent": -55.0,
        "bitrate_bps": 1e5,
        "outputs_sha256": "0" * 64,
        "tier": "50 % below HEVC",
        "analysis": "Half the rate.",
    }
    changes = ExperimentChanges(updated_at=clock.now(), **measured)
    records.update_experiment("default-0001", changes)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    still = records.experiment("default-0001")
    assert {name: getattr(still, name) for name in measured} == measured

    fixed(records, objects, clock, 1)

    mended = records.experiment("default-0001")
    assert mended.candidate_sha256 not in {None, candidate_sha256}
    assert {name: getattr(mended, name) for name in measured} == dict.fromkeys(measured)
    assert records.best_experiments("default", 5) == []


def test_a_redesign_does_not_inherit_what_was_measured(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    changes = ExperimentChanges(
        updated_at=clock.now(), candidate_sha256="0" * 64, bd_rate_percent=-55.0, tier="50 %"
    )
    records.update_experiment("default-0001", changes)
    designed(records, objects, clock)
    stored = records.experiment("default-0001")
    assert (stored.bd_rate_percent, stored.tier) == (None, None)


def test_a_rejected_design_is_an_attempt_and_costs_what_it_cost(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    def reject(task: object) -> Proposal:
        raise DesignRejectedError("prose instead of code", Decimal("0.25"))

    mind = ScriptedMind(design=reject)
    for number in (1, 2):
        with pytest.raises(DesignRejectedError, match="prose"):
            design(
                REQUEST,
                records=records,
                objects=objects,
                designer_of=lambda name: mind,
                clock=clock,
            )
        assert [task.attempt for task in mind.design_tasks][-1] == number
    attempts = records.attempts("default-0001", Phase.DESIGN)
    assert [(a.attempt, a.passed) for a in attempts] == [(1, False), (2, False)]
    assert records.experiment("default-0001").model_cost_usd == Decimal("0.50")
    assert records.campaign("default").model_cost_usd == Decimal("0.50")


def busy(*_: object) -> None:
    raise StoreUnavailableError("busy")


@pytest.mark.parametrize("lost", ["answer", "record"])
def test_a_design_that_is_retried_is_the_design_that_was_made(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    lost: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def made(task: DesignTask) -> Proposal:
        proposal = OfflineDesigner().design(task)
        return proposal.model_copy(update={"model_cost_usd": Decimal(1)})

    mind = ScriptedMind(design=made)

    def call() -> str:
        return design(
            REQUEST, records=records, objects=objects, designer_of=lambda name: mind, clock=clock
        ).candidate_sha256

    if lost == "answer":
        call()
    else:
        update = records.update_experiment

        def busy_at_the_end(experiment_id: str, changes: ExperimentChanges) -> None:
            if changes.phase is Phase.DEPLOY:
                busy()
            update(experiment_id, changes)

        with monkeypatch.context() as patched:
            patched.setattr(records, "update_experiment", busy_at_the_end)
            with pytest.raises(StoreUnavailableError):
                call()
    sha256 = call()

    record = records.experiment("default-0001")
    assert (len(mind.design_tasks), record.model_cost_usd) == (1, 1)
    assert (record.candidate_sha256, record.phase) == (sha256, Phase.DEPLOY)
    [attempt] = records.attempts("default-0001", Phase.DESIGN)
    assert (attempt.passed, attempt.candidate_sha256) == (True, sha256)


def test_a_design_that_is_retried_keeps_the_parent_it_was_made_from(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_attempt = records.put_attempt

    def answer_lost(attempt: Attempt) -> None:
        put_attempt(attempt)
        busy()

    with monkeypatch.context() as patched:
        patched.setattr(records, "put_attempt", answer_lost)
        with pytest.raises(StoreUnavailableError):
            designed(records, objects, clock)
    # Another experiment ends in the meantime.
    following = NextDesign(
        parent_sha256="e" * 64,
        parent_proposal_key="another/proposal.json",
        parent_verdict_key="another/verdict.json",
        reason="The best.",
    )
    records.update_campaign("default", CampaignChanges(next_design=following))
    designed(records, objects, clock)

    record = records.experiment("default-0001")
    parent = documents.load(objects, keys.seed("default"), Proposal)
    assert record.parent_sha256 == parent.candidate.sha256
    assert record.parent_proposal_key == keys.seed("default")
    assert record.parent_verdict_key is None


def test_the_parent_itself_is_no_design(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    mind = ScriptedMind(design=lambda task: task.parent)
    with pytest.raises(DesignRejectedError, match="its parent, unchanged"):
        design(
            REQUEST,
            records=records,
            objects=objects,
            designer_of=lambda name: mind,
            clock=clock,
        )


def test_a_candidate_tried_before_is_no_design(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    first = documents.load(objects, keys.proposal("default-0001", 1, 1), Proposal)
    records.create_experiment(experiment(2))
    with pytest.raises(DesignRejectedError, match="was tried before"):
        design(
            PhaseRequest(experiment_id="default-0002", run=1),
            records=records,
            objects=objects,
            designer_of=lambda name: ScriptedMind(design=lambda task: first),
            clock=clock,
        )


def test_a_package_the_worker_lacks_is_refused_before_it_costs_a_run(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    def with_torch(task: object) -> Proposal:
        candidate = OfflineDesigner().design(task)  # type: ignore[arg-type]
        files = candidate.candidate.model_copy(update={"packages": ("torch",)})
        return candidate.model_copy(update={"candidate": files})

    with pytest.raises(
        DesignRejectedError,
        match="Package torch is not on the lab's list of allowed packages, which has no package",
    ):
        design(
            REQUEST,
            records=records,
            objects=objects,
            designer_of=lambda name: ScriptedMind(design=with_torch),
            clock=clock,
        )


def test_five_failed_validations_have_five_bundles_and_every_fix_is_recorded(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    bundles = []
    for attempt in range(1, 6):
        job = deployed(records, objects, clock, attempt).validation
        assert job.attempt == attempt
        bundles.append(job.bundle_sha256)
        failed(job, records, objects, clock)
        if attempt < 5:
            fixed(records, objects, clock, attempt)
    assert len(set(bundles)) == 5
    attempts = records.attempts("default-0001", Phase.VALIDATION)
    assert [a.bundle_sha256 for a in attempts] == bundles
    assert [a.fix_tool for a in attempts] == [FixTool.EDIT_CANDIDATE] * 4 + [None]
    assert all(a.fault == CRASH for a in attempts)
    assert all("PARAMETERS" in (a.fix_diff or "") for a in attempts[:4])
    assert records.experiment("default-0001").validation_attempts == 5


def test_a_run_after_an_answer_repeats_no_bundle_that_failed_before_it(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    bundles = []
    for run in (1, 2):
        if run == 2:
            bundles.append(fixed(records, objects, clock, 1, run))
        for attempt in range(run, 6):
            job = deployed(records, objects, clock, attempt, run).validation
            failed(job, records, objects, clock)
            if attempt < 5:
                bundles.append(fixed(records, objects, clock, attempt, run))
    assert len(set(bundles)) == len(bundles) == 8


def test_a_fix_after_an_answer_knows_what_failed_since_the_last_design(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    def asked(run: int) -> FixTask:
        mind = ScriptedMind(fix=OfflineFixer().fix)
        fixed_by(mind, records, objects, clock, run=run)
        return mind.fix_tasks[0]

    designed(records, objects, clock)
    bundles = []
    for attempt in (1, 2):
        job = deployed(records, objects, clock, attempt).validation
        bundles.append(job.bundle_sha256)
        failed(job, records, objects, clock)
        if attempt == 1:
            fixed(records, objects, clock, attempt)
    task = asked(run=2)
    assert (task.run, task.tried) == (2, frozenset(bundles))
    assert [one.bundle_sha256 for one in task.history if one.bundle_sha256] == bundles

    again = records.attempts("default-0001", Phase.DESIGN)[0]
    records.put_attempt(again.model_copy(update={"run": 3}))
    task = asked(run=3)
    assert [(one.run, one.phase) for one in task.history] == [(3, Phase.DESIGN)]
    assert task.tried > frozenset(bundles)


def test_an_answer_that_leaves_nothing_to_try_asks_at_once(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    key = records.experiment("default-0001").proposal_key or ""
    narrow = Candidate(
        files={"codec.py": 'PARAMETERS = {"step": 4}\nSEARCH_SPACE = {"step": [4, 8, 16]}\n'}
    )
    for proposal_key in (key, keys.seed("default")):
        found = documents.load(objects, proposal_key, Proposal)
        documents.save(objects, proposal_key, found.model_copy(update={"candidate": narrow}))
    for attempt in (1, 2):
        fixed(records, objects, clock, attempt)
        failed(deployed(records, objects, clock, attempt + 1).validation, records, objects, clock)
    with pytest.raises(
        NothingLeftToTryError, match=r"nothing is left .* to try after attempt 1 of run 2\."
    ):
        fixed(records, objects, clock, 1, run=2)


def test_a_refused_fix_is_recorded_paid_and_told_to_the_next(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    answers = ["prose instead of a fix", "a package that is not there", None]

    def answered(task: FixTask) -> Fix:
        answer = answers.pop(0)
        if answer == "prose instead of a fix":
            raise DesignRejectedError(answer, Decimal("0.25"))
        found = OfflineFixer().fix(task)
        if answer is None:
            return found
        candidate = found.proposal.candidate.model_copy(update={"packages": ("torch",)})
        return found.model_copy(
            update={"proposal": found.proposal.model_copy(update={"candidate": candidate})}
        )

    mind = ScriptedMind(fix=answered)
    for refused in (True, True, False):
        with pytest.raises(DesignRejectedError) if refused else nullcontext():
            fixed_by(mind, records, objects, clock)

    [attempt] = records.attempts("default-0001", Phase.VALIDATION)
    first, second = attempt.rejected_fixes
    assert first == "prose instead of a fix"
    assert second.startswith("Package torch is not on the lab's list")
    assert attempt.fix_tool is FixTool.EDIT_CANDIDATE
    assert [task.rejected for task in mind.fix_tasks] == [(), (first,), (first, second)]
    assert records.experiment("default-0001").model_cost_usd == Decimal("0.25")


def test_a_retry_of_an_unchanged_bundle_is_refused(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    with pytest.raises(UnchangedCandidateError, match="failed validation attempt 1"):
        deployed(records, objects, clock, attempt=2)


def test_a_fix_that_changes_nothing_is_refused(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    stub = ScriptedMind(
        fix=lambda task: Fix(tool=FixTool.EDIT_CANDIDATE, reason="none", proposal=task.proposal)
    )
    with pytest.raises(UnchangedCandidateError, match="has failed already"):
        fixed_by(stub, records, objects, clock)


@pytest.mark.parametrize("of", ["parent", "other"])
def test_a_fix_that_measures_nothing_new_is_refused(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, of: str
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    known = documents.load(objects, keys.seed("default"), Proposal).candidate
    if of == "other":
        known = known.with_file("codec.py", f"{known.files['codec.py']}\nOTHER = 1\n")
        others = {"candidate_sha256": known.sha256, "source_sha256": source_sha256(known)}
        records.create_experiment(experiment(2, **others))
    noted = known.with_file("codec.py", f"# Said.\n{known.files['codec.py']}")
    mind = ScriptedMind(
        fix=lambda task: Fix(
            tool=FixTool.EDIT_CANDIDATE,
            reason="Back.",
            proposal=task.proposal.model_copy(
                update={"candidate": noted, "model_cost_usd": Decimal(1)}
            ),
        )
    )
    with pytest.raises(DesignRejectedError, match="the parent's or another experiment's") as raised:
        fixed_by(mind, records, objects, clock)
    [attempt] = records.attempts("default-0001", Phase.VALIDATION)
    assert (attempt.fix_tool, attempt.rejected_fixes) == (None, (str(raised.value),))
    assert records.experiment("default-0001").model_cost_usd == 1


def raised_by_ten(task: FixTask) -> Fix:
    limits = task.proposal.limits.model_copy(update={"cpu_s": task.proposal.limits.cpu_s + 10})
    proposal = task.proposal.model_copy(update={"limits": limits, "model_cost_usd": Decimal(1)})
    return Fix(tool=FixTool.ADJUST_LIMITS, reason=f"Now {limits.cpu_s}.", proposal=proposal)


@pytest.mark.parametrize("lost", ["answer", "record"])
def test_a_fix_that_is_retried_is_the_fix_that_was_made(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    lost: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    mind = ScriptedMind(fix=raised_by_ten)

    def call() -> FixResult:
        return fixed_by(mind, records, objects, clock)

    if lost == "answer":
        call()
    else:
        with monkeypatch.context() as patched:
            patched.setattr(records, "update_experiment", busy)
            with pytest.raises(StoreUnavailableError):
                call()
    result = call()

    assert len(mind.fix_tasks) == 1
    assert result.reason == "Now 130."
    record = records.experiment("default-0001")
    proposal = documents.load(objects, record.proposal_key or "", Proposal)
    assert record.proposal_key == keys.proposal("default-0001", 1, 3)
    assert proposal.limits.cpu_s == 130
    assert record.model_cost_usd == 1
    [attempt] = records.attempts("default-0001", Phase.VALIDATION)
    assert attempt.fix_reason == "Now 130."


def test_a_fix_is_recorded_with_the_hypothesis_of_its_own_proposal(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    def predicted(task: DesignTask) -> Proposal:
        said = {"hypothesis": "Chroma is starved.", "expected_bd_rate_percent": 3.0}
        return OfflineDesigner().design(task).model_copy(update=said)

    mind = ScriptedMind(design=predicted)
    design(REQUEST, records=records, objects=objects, designer_of=lambda _: mind, clock=clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    before = records.experiment("default-0001")

    fixed_by(ScriptedMind(fix=raised_by_ten), records, objects, clock)
    repaired = records.experiment("default-0001")
    assert repaired.change == before.change
    assert (repaired.hypothesis, repaired.expected_bd_rate_percent) == ("Chroma is starved.", 3.0)

    failed(deployed(records, objects, clock, attempt=2).validation, records, objects, clock)
    assert fixed_by(OfflineFixer(), records, objects, clock, 2).reason.startswith(
        "Gives up the design"
    )
    replaced = records.experiment("default-0001")
    assert replaced.change != before.change
    assert replaced.hypothesis == "Drawn by the search (step); it predicts nothing."
    assert replaced.expected_bd_rate_percent is None


def test_a_fix_after_a_persons_answer_sees_the_old_fault_and_the_hint(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    failed(deployed(records, objects, clock).validation, records, objects, clock)
    stored = records.by_id["default-0001"]
    records.by_id["default-0001"] = stored.model_copy(update={"run": 2, "hint": "pad the rows"})
    mind = ScriptedMind(fix=OfflineFixer().fix)
    fixed_by(mind, records, objects, clock, run=2)
    assert mind.fix_tasks[0].hint == "pad the rows"
    assert mind.fix_tasks[0].fault == CRASH
    assert records.experiment("default-0001").hint is None
    proposal = documents.load(objects, keys.proposal("default-0001", 2, 1), Proposal)
    assert proposal.hint is None  # the offline mind reads none


def test_a_measurement_of_another_candidate_is_rejected(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    job = deployed(records, objects, clock).execution
    forged = verdict(job, results=(clip_result("hall", {"x265-medium": -80.0}),))
    documents.save(
        objects, job.verdict_key, forged.model_copy(update={"candidate_sha256": "0" * 64})
    )
    with pytest.raises(AttestationError, match="has candidate_sha256 0000"):
        judge(
            JudgeRequest(job=job),
            records=records,
            objects=objects,
            clock=clock,
        )
    assert not records.evaluations("default-0001")


def test_an_unknown_fault_is_not_the_candidates(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    job = deployed(records, objects, clock).validation
    odd = Fault(error_type="AttestationError", message="?")
    documents.save(objects, job.verdict_key, verdict(job, fault=odd))
    with pytest.raises(BenchError, match="unknown fault 'AttestationError'"):
        judge(
            JudgeRequest(job=job),
            records=records,
            objects=objects,
            clock=clock,
        )


def test_a_fault_that_shows_a_long_line_is_recorded_in_short(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    job = deployed(records, objects, clock).validation
    line = f"x = (1{' + 1' * 97_000} ]"
    shown = f'  File "codec.py", line 1\n    {line}\n'
    fault = CRASH.model_copy(update={"traceback": shown, "log_tail": "the end"})
    documents.save(objects, job.verdict_key, verdict(job, fault=fault))
    with pytest.raises(CandidateCrashError):
        judge(JudgeRequest(job=job), records=records, objects=objects, clock=clock)
    [attempt] = records.attempts("default-0001", Phase.VALIDATION)
    assert attempt.fault == fault.model_copy(
        update={"traceback": f"{shown[:8_000]}\n…\n{shown[-8_000:]}"}
    )
    assert documents.load(objects, job.verdict_key, Verdict).fault == fault


def test_a_missing_verdict_says_which(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    job = deployed(records, objects, clock).validation
    with pytest.raises(ConfigurationError, match=job.verdict_key):
        judge(
            JudgeRequest(job=job),
            records=records,
            objects=objects,
            clock=clock,
        )


def executed(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    percents: dict[str, float | None],
) -> None:
    hidden = clip_result("park", {"x265-medium": -99.0}, role=ClipRole.HIDDEN)
    results = (clip_result("hall", percents), hidden)
    measured(records, objects, clock, results)


def measured(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    results: tuple[ClipResult, ...],
) -> None:
    designed(records, objects, clock)
    job = deployed(records, objects, clock).execution
    documents.save(objects, job.verdict_key, verdict(job, results=results))
    passed = judge(
        JudgeRequest(job=job),
        records=records,
        objects=objects,
        clock=clock,
    )
    assert (passed.clips, passed.rate_points) == (len(results), 4 * len(results))


def test_the_analysis_rests_on_the_development_clips_alone(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    percents = {"x264-medium": 40.0, "x265-medium": 52.5, "svtav1-p6": None}
    executed(records, objects, clock, percents)
    result = analyze(REQUEST, records=records, objects=objects, clock=clock)
    assert result.bd_rate_percent == 52.5
    assert result.tier is None
    assert "park" not in result.analysis
    assert "against x265-medium: +52.5 % in the mean (hall +52.5 %)" in result.analysis
    assert "against svtav1-p6: no mean (hall not available: the curves share" in result.analysis
    assert "100 ms of CPU a frame to encode" in result.analysis
    assert records.experiment("default-0001").bd_rate_percent == 52.5


def test_a_tier_on_luma_alone_is_withheld_and_says_why(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    grey = clip_result("hall", {"x265-medium": -52.0}, yuv_percents={"x265-medium": 65.0})
    measured(records, objects, clock, (grey, clip_result("park", {}, role=ClipRole.HIDDEN)))

    result = analyze(REQUEST, records=records, objects=objects, clock=clock)

    assert (result.bd_rate_percent, result.tier) == (-52.0, None)
    assert "The tier 50 % below HEVC is withheld" in result.analysis
    assert records.experiment("default-0001").tier is None


def test_a_tier_on_all_planes_is_recorded(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    honest = clip_result("hall", {"x265-medium": -52.0}, yuv_percents={"x265-medium": -51.0})
    measured(records, objects, clock, (honest, clip_result("park", {}, role=ClipRole.HIDDEN)))

    result = analyze(REQUEST, records=records, objects=objects, clock=clock)

    assert result.tier == records.experiment("default-0001").tier == "50 % below HEVC"
    assert "withheld" not in result.analysis


def test_a_hidden_result_stays_out_whatever_its_pictures_are(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    same = clip("hall").sha256
    hidden = clip_result("park", {"x265-medium": -99.0}, same, ClipRole.HIDDEN)
    measured(records, objects, clock, (clip_result("hall", {"x265-medium": 52.5}), hidden))

    result = analyze(REQUEST, records=records, objects=objects, clock=clock)

    assert result.bd_rate_percent == 52.5
    assert "park" not in result.analysis


def with_vmaf(result: ClipResult) -> ClipResult:
    on_vmaf = tuple(r.model_copy(update={"metric": Metric.VMAF}) for r in result.bd_rates)
    return result.model_copy(update={"bd_rates": result.bd_rates + on_vmaf})


def test_three_clips_give_the_mean_an_interval(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    rates = {"hall": -24.0, "park": -31.2, "city": -12.4}
    plan = EvaluationPlan(clips=tuple(clip(name) for name in rates))
    documents.save(objects, keys.plan("default"), plan)
    results = tuple(with_vmaf(clip_result(n, {"x265-medium": r})) for n, r in rates.items())
    measured(records, objects, clock, results)

    result = analyze(REQUEST, records=records, objects=objects, clock=clock)

    kept = records.experiment("default-0001")
    assert (kept.bd_rate_low_percent, kept.bd_rate_high_percent) == (-31.2, -12.4)
    assert "against x265-medium: -22.5 % [-31.2, -12.4] in the mean (hall" in result.analysis
    assert "On other metrics against x265-medium: VMAF -22.5 %. " in result.analysis


def test_an_unknown_bd_rate_stays_absent(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    executed(records, objects, clock, {"x265-medium": None})
    assert analyze(REQUEST, records=records, objects=objects, clock=clock).bd_rate_percent is None
    assert records.experiment("default-0001").bd_rate_percent is None


def test_nothing_measured_is_nothing_to_analyze(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    with pytest.raises(ConfigurationError, match="measured nothing"):
        analyze(REQUEST, records=records, objects=objects, clock=clock)


def test_the_next_design_starts_from_the_best_and_the_experiment_is_complete(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    executed(records, objects, clock, {"x265-medium": 30.0})
    analyze(REQUEST, records=records, objects=objects, clock=clock)
    chosen = design_next(REQUEST, records=records, clock=clock)
    stored = records.experiment("default-0001")
    assert stored.status is Status.COMPLETED
    assert chosen.parent_sha256 == stored.candidate_sha256
    assert "(BD-rate +30.0 %) is the best so far" in chosen.reason
    following = records.campaign("default").next_design
    assert following is not None
    assert following.parent_proposal_key == stored.proposal_key


def test_the_mind_of_the_campaign_is_asked(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    asked: list[Mind] = []

    def designer_of(mind: Mind) -> OfflineDesigner:
        asked.append(mind)
        return OfflineDesigner()

    design(
        REQUEST,
        records=records,
        objects=objects,
        designer_of=designer_of,
        clock=clock,
    )
    assert asked == [Mind.OFFLINE]
    assert records.experiment("default-0001").mind is Mind.OFFLINE


def test_the_record_follows_the_phases(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    shown = []

    def look() -> None:
        one = records.experiment("default-0001")
        shown.append((one.phase, one.status))

    design(
        REQUEST,
        records=records,
        objects=objects,
        designer_of=lambda mind: OfflineDesigner(),
        clock=clock,
    )
    look()
    request = DeployRequest(
        experiment_id="default-0001", run=1, validation_attempt=1, execution_attempt=1
    )
    jobs = deploy(request, records=records, objects=objects, clock=clock)
    look()
    passed = tuple(clip_result(name, {"x265-medium": 30.0}) for name in ("hall", "park"))
    for job, results in ((jobs.validation, ()), (jobs.execution, passed)):
        documents.save(objects, job.verdict_key, verdict(job, results=results))
        judge(
            JudgeRequest(job=job),
            records=records,
            objects=objects,
            clock=clock,
        )
        look()
    design_next(REQUEST, records=records, clock=clock)
    look()
    assert [phase for phase, _ in shown] == [
        Phase.DEPLOY,
        Phase.VALIDATION,
        Phase.EXECUTION,
        Phase.ANALYSIS,
        Phase.DESIGN_NEXT,
    ]
    assert shown[-1][1] is Status.COMPLETED


def screened(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, percent: float | None
) -> JudgeResult:
    """Judge a validation whose screen has that BD-rate, beside two complete experiments."""
    for number, (full, screen) in enumerate([(20.0, 31.0), (21.0, 30.0), (50.0, None)], start=2):
        records.create_experiment(
            experiment(
                number,
                bd_rate_percent=full,
                screen_bd_rate_percent=screen,
                candidate_sha256=f"{number:064x}",
                proposal_key=keys.seed("default"),
            )
        )
    # The best screen of all was of a candidate that failed in full: it sets no bar.
    records.create_experiment(experiment(5, screen_bd_rate_percent=-99.0))
    designed(records, objects, clock)
    job = deployed(records, objects, clock).validation
    found = verdict(job).model_copy(
        update={"screen": (clip_result("hall", {"x265-medium": percent}),)}
    )
    documents.save(objects, job.verdict_key, found)
    return judge(
        JudgeRequest(job=job),
        records=records,
        objects=objects,
        clock=clock,
    )


@pytest.mark.parametrize("percent", [-10.0, 30.0, 35.0, None])
def test_a_good_or_unknown_screen_goes_on(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, percent: float | None
) -> None:
    assert not screened(records, objects, clock, percent).stopped
    stored = records.experiment("default-0001")
    assert stored.screen_bd_rate_percent == percent
    assert stored.stop_reason is None
    assert stored.phase is Phase.EXECUTION


def test_a_screen_worse_than_the_margin_ends_the_experiment_without_a_score(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    assert screened(records, objects, clock, 35.1).stopped
    result = analyze(REQUEST, records=records, objects=objects, clock=clock)
    stored = records.experiment("default-0001")
    assert stored.stop_reason == (
        "Stopped after the screen: BD-rate +35.1 % against x265-medium on 1 clips, 5.1 points "
        "worse than default-0003 there (+30.0 %); the margin is 5."
    )
    assert stored.analysis == result.analysis == stored.stop_reason
    assert (stored.bd_rate_percent, stored.tier, stored.screen_bd_rate_percent) == (
        None,
        None,
        35.1,
    )
    chosen = design_next(REQUEST, records=records, clock=clock)
    assert chosen.parent_sha256 != stored.candidate_sha256
    assert records.experiment("default-0001").status is Status.COMPLETED


class Curious:
    """Remembers what it is asked, and designs nothing."""

    def design(self, task: DesignTask) -> Proposal:
        self.task = task
        raise DesignRejectedError("It only looks.", Decimal(0))


def test_what_the_screen_ended_teaches_the_next_design(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    screened(records, objects, clock, 35.1)
    records.update_experiment(
        "default-0001",
        ExperimentChanges(
            updated_at=clock.now(),
            parameters={"gop": 4},
            parent_sha256=f"{3:064x}",
            bd_rate_percent=16.0,  # of the run before
        ),
    )
    change = records.experiment("default-0001").change
    analyze(REQUEST, records=records, objects=objects, clock=clock)
    assert records.campaign("default").lessons == (
        f"+5.10 points: {change} (on the screen, which stopped it)"
    )
    design_next(REQUEST, records=records, clock=clock)
    records.create_experiment(experiment(6))
    curious = Curious()
    with pytest.raises(DesignRejectedError):
        design(
            PhaseRequest(experiment_id="default-0006", run=1),
            records=records,
            objects=objects,
            designer_of=lambda _: curious,
            clock=clock,
        )
    assert curious.task.trials == (Trial(parameters={"gop": 4}, bd_rate_percent=21.0 + 5.1),)


def test_the_listing_may_lag_behind_the_experiment_that_ends(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    executed(records, objects, clock, {"x265-medium": 30.0})
    before = records.experiments("default")
    analyze(REQUEST, records=records, objects=objects, clock=clock)
    stored = records.experiment("default-0001")
    records.experiments = lambda campaign_id: before  # type: ignore[method-assign]
    chosen = design_next(REQUEST, records=records, clock=clock)
    assert (chosen.parent_sha256, "best so far" in chosen.reason) == (stored.candidate_sha256, True)


def test_the_first_experiment_has_no_screen_to_beat(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    designed(records, objects, clock)
    job = deployed(records, objects, clock).validation
    screen = (clip_result("hall", {"x265-medium": 400.0}),)
    documents.save(objects, job.verdict_key, verdict(job).model_copy(update={"screen": screen}))
    judged = judge(
        JudgeRequest(job=job),
        records=records,
        objects=objects,
        clock=clock,
    )
    assert not judged.stopped


def test_the_cost_of_a_gained_point_is_recorded_at_the_end(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    executed(records, objects, clock, {"x265-medium": 30.0})
    analyze(REQUEST, records=records, objects=objects, clock=clock)
    design_next(REQUEST, records=records, clock=clock)
    first = records.experiment("default-0001")
    assert first.usd_per_point is None
    child = experiment(
        2, candidate_sha256="c" * 64, parent_sha256=first.candidate_sha256, bd_rate_percent=27.5,
        model_cost_usd=Decimal("0.05"), proposal_key="p",
    )  # fmt: skip
    records.create_experiment(child)
    request = PhaseRequest(experiment_id="default-0002", run=1)
    design_next(request, records=records, clock=clock)
    assert records.experiment("default-0002").usd_per_point == Decimal("0.02")
