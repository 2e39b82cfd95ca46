"""What a replay of earlier experiments compares, what it costs, and what it refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest

from codec_lab import documents, keys, package_store
from codec_lab.bench_costs import TIME_LIMIT
from codec_lab.change_sets import Outcome
from codec_lab.charge import Service
from codec_lab.errors import (
    AttestationError,
    BudgetExceededError,
    CodecLabError,
    StoreUnavailableError,
    WheelError,
)
from codec_lab.job import JobKind
from codec_lab.phase import Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.replaying import TOLERANCE_PERCENT
from codec_lab.verdict import BdRate, Metric, Verdict
from tests.unit.builders import clip_result, verdict
from tests.unit.framework_steps import CRASH, ID, MODULE, X265, Steps


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
    assert (ledger.committed["default"], ledger.refused) == (0, {})
    assert steps.records.campaign("default").framework_version == 0
    assert steps.change(1).outcome is Outcome.REJECTED
    assert "does not fit" in steps.change(1).outcome_reason


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
