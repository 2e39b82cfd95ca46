"""A change of the framework: proposed, replayed, adopted or refused, watched, rolled back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.aws_pricing import tariff
from codec_lab import documents, keys, package_store
from codec_lab.bench_costs import TIME_LIMIT, BenchCosts
from codec_lab.bundle import Bundle
from codec_lab.campaign import ControlChanges
from codec_lab.change_sets import ChangeSet, Outcome
from codec_lab.charge import Service
from codec_lab.deploying import deploy
from codec_lab.errors import (
    AttestationError,
    BudgetExceededError,
    CandidateCrashError,
    CodecLabError,
    DesignRejectedError,
    StoreUnavailableError,
    WheelError,
)
from codec_lab.events import (
    DeployRequest,
    FixRequest,
    FixResult,
    FrameworkRequest,
    FrameworkResult,
    JudgeRequest,
    OutcomeRequest,
    OutcomeResult,
)
from codec_lab.experiment import Attempt, Evaluation, Experiment, HumanReason
from codec_lab.fixing import fix
from codec_lab.framework import SHIPPED, Framework
from codec_lab.job import JobKind, JobSpec
from codec_lab.judging import judge
from codec_lab.judging_framework import judge_framework
from codec_lab.phase import Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.proposal import Fix, FixTool
from codec_lab.recording_outcome import record_outcome
from codec_lab.replaying import REPLAYED, TOLERANCE_PERCENT
from codec_lab.verdict import BdRate, Fault, Metric, Verdict
from codec_lab.watching_framework import WATCHED, regression
from tests.fakes import (
    KeptListings,
    ManualClock,
    MemoryChangeSets,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
    ScriptedMind,
)
from tests.unit.builders import NOON, clip_result, experiment, opened, verdict

ID = "default-0009"
CRASH = Fault(error_type="CandidateCrashError", message="IndexError: line 3", traceback="line 3")
MODULE = {"toolbox/scan.py": "ORDER = 1\n"}
X265 = "x265-medium"


class Steps:
    """Experiments 1 to 3 were measured, 9 has failed its validation."""

    def __init__(self) -> None:
        self.records, self.objects, self.clock = MemoryRecords(), MemoryObjects(), ManualClock()
        self.change_sets = MemoryChangeSets(self.records)
        opened(self.records, self.objects, self.clock)
        for number in (1, 2, 3):
            self.measured(number, -number)
        proposal_key = keys.seed("default")
        self.records.create_experiment(experiment(9, status="running", proposal_key=proposal_key))
        self.fail(1)

        self.bench: BenchCosts | None = None

    def pay(self, budget_usd: Decimal) -> MemoryLedger:
        """Let machines cost what they do on AWS."""
        ledger = MemoryLedger()
        self.records.update_control("default", ControlChanges(budget_usd=budget_usd))
        self.bench = BenchCosts(
            records=self.records,
            ledger=ledger,
            clock=self.clock,
            tariff=tariff(),
            sizes=lambda prefix: {f"{prefix}verdict.json": 4000, f"{prefix}log.txt": 100},
        )
        return ledger

    @property
    def ports(self) -> dict[str, Any]:
        return {"records": self.records, "objects": self.objects, "clock": self.clock}

    def measured(self, number: int, percent: float | None, **changes: object) -> None:
        facts = {
            "status": "completed",
            "proposal_key": keys.seed("default"),
            "bd_rate_percent": percent,
            "screen_bd_rate_percent": percent,
            "candidate_sha256": "0" * 64,
            **changes,
        }
        one = experiment(number, **facts)
        self.records.create_experiment(one)
        result = clip_result("hall", {X265: percent})
        prefix = keys.job(one.experiment_id, 1, JobKind.VALIDATE, 1)
        told = Verdict(
            kind=JobKind.VALIDATE,
            experiment_id=one.experiment_id,
            run=1,
            attempt=1,
            candidate_sha256="0" * 64,
            bundle_sha256="1" * 64,
            screen=(result,),
            started_at=NOON,
            ended_at=NOON,
        )
        documents.save(self.objects, keys.verdict(prefix), told)
        self.records.put_attempt(
            Attempt(
                experiment_id=one.experiment_id,
                run=1,
                phase=Phase.VALIDATION,
                attempt=1,
                at=NOON,
                passed=True,
            )
        )
        self.records.put_evaluation(
            Evaluation(
                experiment_id=one.experiment_id,
                run=1,
                candidate_sha256="0" * 64,
                bundle_sha256="1" * 64,
                at=NOON,
                result=result,
            )
        )

    def deploy(self, attempt: int) -> JobSpec:
        request = DeployRequest(
            experiment_id=ID, run=1, validation_attempt=attempt, execution_attempt=1
        )
        return deploy(request, **self.ports).validation

    def fail(self, attempt: int) -> None:
        job = self.deploy(attempt)
        documents.save(self.objects, job.verdict_key, verdict(job, fault=CRASH))
        with pytest.raises(CandidateCrashError):
            judge(JudgeRequest(job=job), **self.ports)

    def fix(self, attempt: int = 1, files: dict[str, str] | None = None) -> FixResult:
        def chosen(task: Any) -> Fix:
            self.task = task
            if files is None:
                tool = FixTool.ROLLBACK_FRAMEWORK
                return Fix(tool=tool, reason="It was the module.", proposal=task.proposal)
            return Fix(
                tool=FixTool.MODIFY_FRAMEWORK,
                reason="A scan for all.",
                proposal=task.proposal,
                framework=task.framework.changed(files),
            )

        return fix(
            FixRequest(experiment_id=ID, run=1, phase=Phase.VALIDATION, attempt=attempt),
            change_sets=self.change_sets,
            fixer_of=lambda _: ScriptedMind(fix=chosen),
            bench=self.bench,
            **self.ports,
        )

    def forget(self, number: int) -> None:
        """Let the evidence of a measurement expire."""
        prefix = keys.job(f"default-{number:04}", 1, JobKind.VALIDATE, 1)
        del self.objects.data[keys.verdict(prefix)]

    def replay_as(self, job: JobSpec, **changes: Any) -> None:
        """Let a replay come out as before, but for some facts of its rate points."""
        percent = self.records.experiment(job.experiment_id).screen_bd_rate_percent
        result = clip_result("hall", {X265: percent})
        points = tuple(point.model_copy(update=changes) for point in result.points)
        screen = (result.model_copy(update={"points": points}),)
        told = verdict(job).model_copy(update={"screen": screen})
        documents.save(self.objects, job.verdict_key, told)

    def replay(self, jobs: tuple[JobSpec, ...], **percents: float) -> None:
        """Let the replays come out as the records say, or by other figures."""
        for job in jobs:
            one = self.records.experiment(job.experiment_id)
            percent = percents.get(f"n{one.number}", one.screen_bd_rate_percent)
            found = verdict(job).model_copy(
                update={"screen": (clip_result("hall", {X265: percent}),)}
            )
            documents.save(self.objects, job.verdict_key, found)

    def judge(self, fixed: FixResult) -> FrameworkResult:
        request = FrameworkRequest(
            experiment_id=ID,
            run=1,
            phase=Phase.VALIDATION,
            attempt=fixed.attempt + 1,
            framework_version=fixed.framework_version or 0,
            replays=fixed.replays,
        )
        return judge_framework(
            request, change_sets=self.change_sets, bench=self.bench, **self.ports
        )

    def end(self, number: int, *, succeeded: bool = True) -> OutcomeResult:
        request = OutcomeRequest(
            campaign_id="default",
            experiment_id=f"default-{number:04}",
            run=1,
            succeeded=succeeded,
        )
        return record_outcome(
            request,
            change_sets=self.change_sets,
            listing=KeptListings(),
            ask_human=self.records.flag_human,
            **self.ports,
        )

    def adopt(self, files: dict[str, str] | None, attempt: int = 1) -> FrameworkResult:
        fixed = self.fix(attempt, files)
        self.replay(fixed.replays)
        return self.judge(fixed)

    def change(self, version: int) -> ChangeSet:
        return self.change_sets.rows["default", version]


@pytest.fixture
def steps() -> Steps:
    return Steps()


def test_a_proposed_version_is_replayed_on_the_last_experiments(steps: Steps) -> None:
    fixed = steps.fix(files=MODULE)

    assert fixed.framework_version == 1
    assert [job.experiment_id for job in fixed.replays] == ["default-0002", "default-0003"]
    assert len(fixed.replays) == REPLAYED
    for job in fixed.replays:
        assert job.kind is JobKind.VALIDATE
        assert job.output_prefix == f"experiments/{job.experiment_id}/replay-1/"
        bundle = Bundle.from_zip(steps.objects.get(job.bundle_key), job.bundle_sha256)
        assert bundle.toolbox == MODULE
        assert bundle.manifest.framework_version == 1
    change = steps.change(1)
    assert change.outcome is Outcome.PROPOSED
    assert (change.author, change.experiment_id) == ("offline", ID)
    assert (change.base_version, change.reason) == (0, "A scan for all.")
    assert "+++ after/toolbox/scan.py\n@@ -0,0 +1 @@\n+ORDER = 1\n" in change.diff
    assert steps.records.campaign("default").framework_version == 0


def test_an_adopted_module_reaches_the_next_bundle(steps: Steps) -> None:
    result = steps.adopt(MODULE)

    assert (result.adopted, result.redeploy) == (True, True)
    change = steps.change(1)
    assert change.outcome is Outcome.ADOPTED
    assert [(one.before_percent, one.after_percent) for one in change.replays] == [
        (-2, -2),
        (-3, -3),
    ]
    job = steps.deploy(2)
    bundle = Bundle.from_zip(steps.objects.get(job.bundle_key), job.bundle_sha256)
    assert bundle.toolbox == MODULE
    assert steps.records.experiment(ID).framework_version == 1
    [attempt] = steps.records.attempts(ID, Phase.VALIDATION)
    assert attempt.fix_tool is FixTool.MODIFY_FRAMEWORK
    assert attempt.fix_diff == change.diff
    assert attempt.fix_outcome == (
        "Adopted. Nothing changed for the worse in the replay of 2 experiments."
    )


def test_what_touches_no_module_leaves_the_fault_to_the_next_fix(steps: Steps) -> None:
    result = steps.adopt({"prompts/fix.md": "Read the log."})

    assert (result.adopted, result.redeploy) == (True, False)
    assert (result.error_type, result.message) == (CRASH.error_type, CRASH.message)
    first, second = steps.records.attempts(ID, Phase.VALIDATION)
    assert (first.fix_outcome or "").startswith("Adopted.")
    assert (second.attempt, second.passed, second.fault) == (2, False, CRASH)
    steps.fix(2, {"prompts/fix.md": "Read it twice."})
    assert steps.task.framework.guidance("fix") == "Read the log."
    assert [change.version for change in steps.task.change_sets] == [1]


@pytest.mark.parametrize(
    ("after", "adopted"),
    [(-3 + 0.9 * TOLERANCE_PERCENT, True), (-3 + 2 * TOLERANCE_PERCENT, False), (-9, True)],
)
def test_a_replay_that_loses_more_than_the_tolerance_refuses_the_change(
    steps: Steps, after: float, adopted: bool
) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays, n3=after)

    result = steps.judge(fixed)

    assert (result.adopted, result.redeploy) == (adopted, adopted)
    assert steps.records.campaign("default").framework_version == int(adopted)
    if not adopted:
        why = "In the replay default-0003 went from BD-rate -3.00 % to -2.80 %."
        assert steps.change(1).outcome_reason == why
        assert steps.change(1).outcome is Outcome.REJECTED
        first, second = steps.records.attempts(ID, Phase.VALIDATION)
        assert first.fix_outcome == f"Rejected. {why}"
        assert second.fault == CRASH


@pytest.mark.parametrize(
    ("changes", "why"),
    [  # before: 0.4 s to encode, 0.1 s to decode
        ({"decode_cpu_s": 0.29}, None),
        ({"decode_cpu_s": 2.0}, "takes 2.00 s of CPU to decode a clip instead of 0.10 s"),
        ({"encode_cpu_s": 0.88}, None),
        ({"encode_cpu_s": 8.0}, "takes 8.00 s of CPU to encode a clip instead of 0.40 s"),
        ({"encode_cpu_s": None, "decode_cpu_s": None}, None),
    ],
)
def test_a_replay_that_takes_far_longer_refuses_the_change(
    steps: Steps, changes: dict[str, float], why: str | None
) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    steps.replay_as(fixed.replays[1], **changes)

    assert steps.judge(fixed).adopted is (why is None)
    if why is not None:
        assert steps.change(1).outcome_reason == f"In the replay default-0003 {why}."


@pytest.mark.parametrize(
    ("metric", "after", "why"),
    [
        (Metric.VMAF, 4.05, None),
        (Metric.VMAF, 5.0, "went from BD-rate +4.00 % to +5.00 % by vmaf"),
        (Metric.XPSNR_Y, None, "has no BD-rate by xpsnr_y_db any more"),
    ],
)
def test_a_replay_that_loses_on_another_metric_refuses_the_change(
    steps: Steps, metric: Metric, after: float | None, why: str | None
) -> None:
    def with_metric(key: str, percent: float | None) -> None:
        told = documents.load(steps.objects, key, Verdict)
        [result] = told.screen
        rate = BdRate(anchor=X265, metric=metric, percent=percent, overlap_percent=80)
        screen = (result.model_copy(update={"bd_rates": (*result.bd_rates, rate)}),)
        documents.save(steps.objects, key, told.model_copy(update={"screen": screen}))

    with_metric(keys.verdict(keys.job("default-0003", 1, JobKind.VALIDATE, 1)), 4.0)
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    with_metric(fixed.replays[1].verdict_key, after)

    assert steps.judge(fixed).adopted is (why is None)
    if why is not None:
        assert steps.change(1).outcome_reason == f"In the replay default-0003 {why}."


def test_an_experiment_without_its_measurement_is_not_replayed(steps: Steps) -> None:
    steps.forget(3)
    fixed = steps.fix(files=MODULE)
    assert [job.experiment_id for job in fixed.replays] == ["default-0001", "default-0002"]
    steps.forget(2)  # meanwhile
    steps.replay(fixed.replays)
    assert not steps.judge(fixed).adopted
    assert "default-0002 has nothing left to compare with" in steps.change(1).outcome_reason


def test_a_change_that_can_be_compared_with_nothing_is_refused(steps: Steps) -> None:
    for number in (1, 2, 3):
        steps.forget(number)
    fixed = steps.fix(files=MODULE)
    assert fixed.replays == ()
    assert not steps.judge(fixed).adopted
    assert "nothing to compare a replay with" in steps.change(1).outcome_reason


def test_before_anything_was_measured_a_change_needs_no_replay(steps: Steps) -> None:
    for number in (1, 2, 3):
        del steps.records.by_id[f"default-000{number}"]
    assert steps.adopt(MODULE).adopted
    why = "No experiment was measured yet that could be replayed."
    assert steps.change(1).outcome_reason == why


def test_an_experiment_that_no_longer_completes_refuses_the_change(steps: Steps) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    job = fixed.replays[0]
    documents.save(steps.objects, job.verdict_key, verdict(job, fault=CRASH))

    assert not steps.judge(fixed).adopted
    assert "default-0002 no longer completes: CandidateCrashError" in steps.change(1).outcome_reason


def test_a_margin_that_would_end_a_measured_experiment_is_refused(steps: Steps) -> None:
    steps.records.by_id["default-0001"] = steps.records.by_id["default-0001"].model_copy(
        update={"screen_bd_rate_percent": -6.0}
    )
    fixed = steps.fix(files={"screening.json": '{"margin_percent": 2}'})
    steps.replay(fixed.replays)

    assert not steps.judge(fixed).adopted
    assert "would end early: Stopped after the screen" in steps.change(1).outcome_reason


def test_an_adopted_margin_decides_the_next_screen(steps: Steps) -> None:
    assert steps.adopt({"screening.json": '{"margin_percent": 2}'}).adopted
    steps.records.attempt_rows.clear()
    job = steps.deploy(1)
    found = verdict(job).model_copy(update={"screen": (clip_result("hall", {X265: 0.0}),)})
    documents.save(steps.objects, job.verdict_key, found)

    assert judge(JudgeRequest(job=job), **steps.ports).stopped
    assert "the margin is 2." in (steps.records.experiment(ID).stop_reason or "")


def test_the_replay_of_another_bundle_is_no_proof(steps: Steps) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    job = fixed.replays[1]
    forged = verdict(job.model_copy(update={"bundle_sha256": "0" * 64}))
    documents.save(steps.objects, job.verdict_key, forged)

    with pytest.raises(AttestationError, match="has bundle_sha256 0000"):
        steps.judge(fixed)
    assert steps.change(1).outcome is Outcome.PROPOSED


def test_a_campaign_without_a_screen_replays_the_full_measurement(steps: Steps) -> None:
    plan = documents.load(steps.objects, keys.plan("default"), EvaluationPlan)
    without = plan.model_copy(update={"screen": None})
    documents.save(steps.objects, keys.plan("default"), without)
    fixed = steps.fix(files=MODULE)
    for job in fixed.replays:
        assert (job.kind, job.clips) == (JobKind.EXECUTE, ("hall",))  # no hidden clip
        results = (clip_result("hall", {X265: -2.0}),)
        documents.save(steps.objects, job.verdict_key, verdict(job, results=results))

    assert not steps.judge(fixed).adopted
    why = "In the replay default-0003 went from BD-rate -3.00 % to -2.00 %."
    assert steps.change(1).outcome_reason == why


def test_judging_again_decides_nothing_anew(steps: Steps) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    first = steps.judge(fixed)
    decided = steps.change(1)
    steps.replay(fixed.replays, n3=50.0)

    assert steps.judge(fixed) == first
    assert steps.change(1) == decided


def test_of_two_changes_of_one_version_the_second_is_refused(steps: Steps) -> None:
    first = steps.fix(files=MODULE)
    second = steps.fix(2, {"lessons.md": "Small steps."})
    for fixed in (first, second):
        steps.replay(fixed.replays)

    assert steps.judge(first).adopted
    assert not steps.judge(second).adopted
    assert steps.change(2).outcome_reason == ("Version 0, which it changes, is no longer in force.")
    assert steps.records.campaign("default").framework_version == 1


def test_a_rollback_brings_the_version_before_back_as_a_new_one(steps: Steps) -> None:
    steps.adopt({"lessons.md": "Small steps."})
    steps.adopt(MODULE, 2)
    steps.fail(3)

    result = steps.adopt(None, 3)

    assert (result.adopted, result.redeploy) == (True, False)  # that bundle has failed already
    rollback = steps.change(3)
    assert (rollback.base_version, rollback.restores, rollback.replays) == (2, 1, ())
    assert "-ORDER = 1\n" in rollback.diff
    assert steps.change(2).outcome is Outcome.ROLLED_BACK
    assert steps.change(2).outcome_reason == "By version 3: It was the module."
    assert steps.change(1).outcome is Outcome.ADOPTED
    campaign = steps.records.campaign("default")
    assert (campaign.framework_version, campaign.framework_key) == (3, steps.change(1).overlay_key)
    steps.adopt(None, 4)
    assert steps.records.campaign("default").framework_key is None
    with pytest.raises(DesignRejectedError, match="no change to roll back"):
        steps.fix(5)


def test_after_a_rollback_the_fault_is_that_of_the_bundle_that_is_back(steps: Steps) -> None:
    steps.adopt(MODULE)
    job = steps.deploy(2)
    other = Fault(error_type="CandidateCrashError", message="In scan.py.")
    documents.save(steps.objects, job.verdict_key, verdict(job, fault=other))
    with pytest.raises(CandidateCrashError):
        judge(JudgeRequest(job=job), **steps.ports)

    result = steps.adopt(None, 2)

    assert (result.redeploy, result.message) == (False, CRASH.message)
    faults = [attempt.fault for attempt in steps.records.attempts(ID, Phase.VALIDATION)]
    assert faults == [CRASH, other, CRASH]


def test_the_machines_of_a_replay_are_reserved_and_settled_once(steps: Steps) -> None:
    ledger = steps.pay(Decimal(1))
    fixed = steps.fix(files=MODULE)
    first, second = fixed.replays
    assert first.reserved is not None
    assert first.deadline is not None
    assert (second.reserved, second.deadline) == (first.reserved, first.deadline)
    assert ledger.committed["default"] == first.reserved.amount_usd
    for job in fixed.replays:
        ended_at = first.deadline - TIME_LIMIT + timedelta(seconds=600)
        screen = (clip_result("hall", {X265: -9.0}),)
        told = verdict(job).model_copy(update={"screen": screen, "ended_at": ended_at})
        documents.save(steps.objects, job.verdict_key, told)

    assert steps.judge(fixed) == steps.judge(fixed)

    charges = {charge.service: charge for charge in ledger.statement("default").charges}
    assert {charge.purpose for charge in charges.values()} == {"replay"}
    # Two machines for ten minutes, and the five that each idles.
    assert charges[Service.BATCH].count == 2
    assert charges[Service.BATCH].amounts == {"machine_s": 2 * (600 + 300)}
    assert charges[Service.S3].amounts["stored_bytes"] == 2 * 4100
    assert ledger.open == {}
    paid_usd = sum(charge.usd for charge in charges.values())
    assert ledger.committed["default"] == paid_usd
    assert steps.records.experiment(ID).aws_cost_usd == paid_usd
    assert steps.records.experiment("default-0002").aws_cost_usd is None


def test_a_change_whose_answer_was_lost_is_proposed_and_booked_once(steps: Steps) -> None:
    ledger = steps.pay(Decimal(5))
    first = steps.fix(files=MODULE)

    again = steps.fix(files={"lessons.md": "Another answer."})

    assert (again.framework_version, again.replays[0].reserved) == (1, first.replays[0].reserved)
    assert [change.version for change in steps.change_sets.of("default")] == [1]
    assert len(ledger.open) == 1
    steps.replay(again.replays)
    assert steps.judge(again).adopted
    assert ledger.open == {}
    assert steps.fix(files=MODULE).replays == ()  # it is decided


def test_a_replay_that_does_not_fit_under_the_caps_does_not_run(steps: Steps) -> None:
    ledger = steps.pay(Decimal("0.10"))
    with pytest.raises(BudgetExceededError, match="Measuring may cost"):
        steps.fix(files=MODULE)
    assert ledger.committed["default"] == 0
    assert steps.records.campaign("default").framework_version == 0
    assert steps.change(1).outcome is Outcome.REJECTED
    assert "does not fit" in steps.change(1).outcome_reason


def test_a_change_that_changes_nothing_is_refused(steps: Steps) -> None:
    with pytest.raises(DesignRejectedError, match="leaves the framework as it is"):
        steps.fix(files={"lessons.md": ""})
    assert steps.change_sets.of("default") == []


CHANGE = ChangeSet(
    campaign_id="default",
    version=1,
    base_version=0,
    author="claude",
    experiment_id=ID,
    reason="",
    diff="",
    overlay_key=None,
    proposed_at=NOON,
    outcome=Outcome.ADOPTED,
)


def ended(number: int, version: int, how: float | str) -> Experiment:
    """An experiment with its BD-rate, its status, or the error about which a person is asked."""
    reasons = [] if isinstance(how, float) or how.islower() else [reason(how)]
    status = "completed" if isinstance(how, float) or how == "screened" else how
    return experiment(
        number,
        framework_version=version,
        status="needs_human" if reasons else status,
        needs_human=bool(reasons) or how == "needs_human",
        human_intervention_reasons=reasons,
        bd_rate_percent=how if isinstance(how, float) else None,
    )


def reason(error_type: str) -> HumanReason:
    return HumanReason(
        phase=Phase.VALIDATION,
        reason="",
        error_type=error_type,
        message="",
        attempts=1,
        asked_at=NOON,
        execution_arn="",
    )


def judged(*runs: tuple[int, list[float | str]], restores: dict[int, int] | None = None) -> Any:
    """Judge the last of some versions by how experiments on each ended."""
    versions = {}
    for version in range(1, 1 + max(version for version, _ in runs)):
        key = f"framework-{(restores or {}).get(version, version)}"
        versions[version] = CHANGE.model_copy(
            update={"version": version, "overlay_key": None if key == "framework-0" else key}
        )
    all_ended = [(version, how) for version, hows in runs for how in hows]
    experiments = [ended(number, *one) for number, one in enumerate(all_ended, 1)]
    return regression(versions, max(versions), experiments[::-1])


def watched(before: list[float | str], on: list[float | str]) -> str | None:
    """Judge version 1 by BD-rates and statuses."""
    found = judged((0, before), (1, on))
    assert found is None or found.proven_version == 0
    return found.reason if found else None


@pytest.mark.parametrize(
    ("before", "on", "why"),
    [
        ([-1.0, -2.0, -3.0], [3.5, 2.9, 9.0], "is +3.5 %, 5.5 points worse than of 3 before"),
        ([-1.0, -2.0, -3.0], [3.0, 2.9, 9.0], None),
        ([-1.0, -2.0, -3.0], [-1.0, "needs_human", 2.0], "2 of 3 experiments on version 1 compl"),
        ([-1.0, "abandoned", -3.0], [-1.0, "needs_human", 2.0], None),
        ([-1.0], [-1.0, "needs_human", 2.0], "1 of 1 before"),
        ([-1.0, -2.0], ["screened"] * 3, "None of 3 experiments on version 1 was measured"),
        (["screened"] * 3, ["screened"] * 3, None),
        ([-1.0, -2.0, -3.0], [40.0, 40.0], None),  # too early
        ([-1.0, -2.0, -3.0], [40.0, 40.0, "running", 40.0], "42.0 points worse"),
        ([], [40.0, 40.0, 40.0], None),
        ([], ["needs_human"] * 3, "None of 3 experiments on version 1 completed."),
        ([], ["needs_human"] * 20, "None of 3 experiments on version 1 completed."),
        ([], ["needs_human", "needs_human", 40.0], None),
        ([-1.0], ["CandidateCrashError"] * 3, "0 of 3 experiments on version 1 completed"),
        ([-1.0], ["NothingLeftToTryError"] * 3, "0 of 3 experiments on version 1 completed"),
        ([-1.0], ["DesignRejectedError"] * 3, "0 of 3 experiments on version 1 completed"),
        ([50.0, -1.0, -2.0, -3.0], [40.0] * 3, "42.0 points worse than of 3 before"),
        ([-1.0, -2.0, -3.0], [-2.0, -2.0, -2.0, 90.0, 90.0], None),  # it has passed
    ],
)
def test_the_rule_of_regression(
    before: list[float | str], on: list[float | str], why: str | None
) -> None:
    found = watched(before, on)
    assert found is None if why is None else why in (found or "")


@pytest.mark.parametrize(
    "error",
    [
        "AttestationError",
        "BenchError",
        "BudgetExceededError",
        "ConfigurationError",
        "ModelRefusedError",
        "ModelUnavailableError",
        "StoreUnavailableError",
        "States.TaskFailed",
        "WheelError",
    ],
)
def test_a_version_is_not_blamed_for_credit_services_and_machines(error: str) -> None:
    assert watched([-1.0, -2.0, -3.0], [error] * 9) is None
    assert watched([error, error, error, -2.0], [error, 40.0, error, 40.0]) is None
    found = watched([error, error, error, -2.0], [error, 40.0, error, 40.0, 40.0])
    assert "42.0 points worse than of 1 before" in (found or "")


def test_versions_that_succeed_each_other_quickly_are_judged_together() -> None:
    good, bad = [-10.0] * 3, [40.0] * 2
    assert judged((0, good), (1, bad)) is None
    found = judged((0, good), (1, bad), (2, bad))
    assert found.proven_version == 0
    assert "3 experiments on versions 1, 2 is +40.0 %" in found.reason
    found = judged((0, good), (1, [-9.0] * 3), (2, bad), (3, bad))
    assert found.proven_version == 1
    assert "49.0 points worse than of 3 before" in found.reason


def test_what_is_replaced_before_it_is_judged_is_no_baseline() -> None:
    found = judged((0, [-10.0] * 3), (1, [60.0] * 2), (2, [60.0] * 10))
    assert (found.proven_version, "70.0 points worse" in found.reason) == (0, True)
    # A good version after a bad one that went back is judged by itself.
    back = {2: 0}
    assert (
        judged((0, [-10.0] * 3), (1, [60.0]), (2, [-9.0]), (3, [-9.0] * 3), restores=back) is None
    )


def test_a_minds_rollback_is_watched_too() -> None:
    good, bad = [-10.0] * 3, [80.0] * 3
    found = judged((0, [-5.0] * 3), (1, good), (2, bad), restores={2: 0})
    assert found.proven_version == 1
    assert "90.0 points worse" in found.reason
    # One that brings the proven overlay back has nothing to go back to.
    assert judged((0, good), (1, [80.0]), (2, bad), restores={2: 0}) is None


def test_a_rollback_of_a_rollback_brings_the_proven_version_back(steps: Steps) -> None:
    steps.adopt(MODULE)
    for number in range(10, 10 + WATCHED):
        steps.measured(number, -9.0, framework_version=1)
    steps.adopt(None, 2)
    assert steps.change(1).outcome is Outcome.ROLLED_BACK
    for number in range(20, 20 + WATCHED):
        steps.measured(number, 80.0, framework_version=2)

    assert "89.0 points worse" in (steps.end(22).rolled_back or "")

    change = steps.change(3)
    assert (change.author, change.base_version, change.restores) == ("lab", 2, 1)
    assert steps.records.campaign("default").framework_key == steps.change(1).overlay_key
    assert steps.change(2).outcome is Outcome.ROLLED_BACK
    assert steps.change(1).outcome is Outcome.ADOPTED
    assert steps.change(1).outcome_reason == "Version 3 has brought it back."


def test_all_versions_since_the_proven_one_go_back_together(steps: Steps) -> None:
    steps.adopt(MODULE)
    steps.measured(10, 60.0, framework_version=1)
    steps.adopt({"lessons.md": "Small steps."}, 2)
    for number in (11, 12):
        steps.measured(number, 60.0, framework_version=2)

    assert "3 experiments on versions 1, 2" in (steps.end(12).rolled_back or "")

    outcomes = [change.outcome for change in steps.change_sets.of("default")]
    assert outcomes == [Outcome.ROLLED_BACK, Outcome.ROLLED_BACK, Outcome.ADOPTED]
    assert steps.records.campaign("default").framework_key is None


def test_a_version_on_which_experiments_regress_goes_back(steps: Steps) -> None:
    steps.adopt(MODULE)
    for number in range(10, 10 + WATCHED):
        assert steps.records.campaign("default").framework_version == 1
        steps.measured(number, 20.0, framework_version=1)
        said = steps.end(number).rolled_back

    assert said == (
        "The median BD-rate of 3 experiments on version 1 is +20.0 %, "
        "22.0 points worse than of 3 before."
    )
    assert steps.change(1).outcome is Outcome.ROLLED_BACK
    assert (steps.change(2).author, steps.change(2).restores) == ("lab", 0)
    assert steps.records.campaign("default").framework_key is None
    assert steps.end(10).rolled_back is None


def test_a_rollback_that_was_interrupted_is_finished_by_the_retry(steps: Steps) -> None:
    steps.adopt(MODULE)
    for number in range(10, 10 + WATCHED):
        steps.measured(number, 20.0, framework_version=1)
    steps.change_sets.fails_after_putting_in_force = True
    with pytest.raises(StoreUnavailableError):
        steps.end(12, succeeded=False)
    assert steps.records.campaign("default").framework_version == 2
    assert steps.change(2).outcome is Outcome.PROPOSED

    result = steps.end(12, succeeded=False)

    assert "22.0 points worse" in (result.rolled_back or "")
    assert result.failures_in_a_row == 1
    assert steps.change(1).outcome is Outcome.ROLLED_BACK
    assert steps.change(2).outcome is Outcome.ADOPTED
    assert steps.end(12, succeeded=False).failures_in_a_row == 1
    assert sorted(steps.change_sets.rows) == [("default", 1), ("default", 2)]


def test_an_adoption_that_was_interrupted_is_finished_when_the_experiment_ends(
    steps: Steps,
) -> None:
    fixed = steps.fix(files=MODULE)
    steps.replay(fixed.replays)
    steps.change_sets.fails_after_putting_in_force = True
    with pytest.raises(StoreUnavailableError):
        steps.judge(fixed)

    assert steps.end(9).rolled_back is None

    change = steps.change(1)
    assert change.outcome is Outcome.ADOPTED
    assert change.outcome_reason.endswith("in the replay of 2 experiments.")
    assert [one.after_percent for one in change.replays] == [-2, -3]
    assert steps.judge(fixed).adopted


def test_a_version_that_nobody_judged_is_refused_when_its_experiment_has_ended(
    steps: Steps,
) -> None:
    steps.fix(files=MODULE)
    steps.end(3)
    assert steps.change(1).outcome is Outcome.PROPOSED  # it still runs
    steps.end(9, succeeded=False)
    assert steps.change(1).outcome is Outcome.REJECTED
    assert steps.change(1).outcome_reason == "Its experiment ended before the replay was judged."
    assert steps.records.campaign("default").framework_version == 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(WheelError, Outcome.REJECTED), (StoreUnavailableError, Outcome.PROPOSED)],
)
def test_a_replay_that_cannot_be_prepared_books_nothing(
    steps: Steps, error: type[CodecLabError], outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = steps.pay(Decimal(5))

    def fails(*_: object) -> dict[str, bytes]:
        raise error("It is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(package_store, "fetch", fails)
        with pytest.raises(error):
            steps.fix(files=MODULE)

    assert steps.change(1).outcome is outcome
    assert ledger.open == {}
    assert len(steps.fix(files=MODULE).replays) == (2 if outcome is Outcome.PROPOSED else 0)


def test_versions_are_kept_whole(steps: Steps) -> None:
    steps.fix(files=MODULE)
    kept = documents.load(steps.objects, keys.framework("default", 1), Framework)
    assert kept == Framework(version=1, files=MODULE)
    assert SHIPPED.files == {}
