"""What runs next, what a person sets, and what happens to experiments that were interrupted."""

from decimal import Decimal

import pytest

from codec_lab import documents, keys
from codec_lab.campaign import CampaignChanges, Control, ControlChanges
from codec_lab.campaigns import Answer, abandon, answer, open_campaign, set_paused
from codec_lab.charge import Reserved
from codec_lab.choosing import MAX_RUNS, choose_experiment
from codec_lab.clip import ClipRole
from codec_lab.errors import ConfigurationError, StoreUnavailableError
from codec_lab.events import Choice, ChooseRequest, OutcomeRequest, PhaseRequest
from codec_lab.experiment import FixTried, HumanReason
from codec_lab.limits import Limits
from codec_lab.notice import HumanNotice
from codec_lab.notifying import ask_human, notify_human
from codec_lab.phase import Phase, Status
from codec_lab.plan import EvaluationPlan
from codec_lab.proposal import FixTool
from codec_lab.recording_outcome import record_outcome
from codec_lab.spending import Refused
from tests.fakes import (
    FakeExecutions,
    KeptListings,
    KeptNotices,
    ManualClock,
    MemoryChangeSets,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
)
from tests.unit.builders import (
    FAILED_VALIDATION,
    NOON,
    SEED_SOURCE,
    clip,
    experiment,
    opened,
    order,
)

REASON = HumanReason(
    phase=Phase.VALIDATION,
    reason="All 5 validation attempts failed.",
    error_type="ContractError",
    message="decode returned 3 frames of 4",
    attempts=5,
    fixes=(
        FixTried(
            attempt=1,
            tool=FixTool.EDIT_CANDIDATE,
            reason="Changes gop_size from 8 to 4.",
            bundle_sha256="0" * 64,
        ),
    ),
    asked_at=NOON,
    execution_arn="arn:1",
)


@pytest.fixture(autouse=True)
def _campaign(records: MemoryRecords, objects: MemoryObjects, clock: ManualClock) -> None:
    opened(records, objects, clock)


def chosen(
    records: MemoryRecords,
    clock: ManualClock,
    executions: FakeExecutions | None = None,
    ledger: MemoryLedger | None = None,
) -> Choice:
    return choose_experiment(
        ChooseRequest(campaign_id="default"),
        records=records,
        ledger=ledger or MemoryLedger(),
        executions=executions or FakeExecutions(),
        ask_human=records.flag_human,
        clock=clock,
    )


def test_asking_twice_begins_one_experiment(records: MemoryRecords, clock: ManualClock) -> None:
    first, again = chosen(records, clock), chosen(records, clock)
    assert (first.action, first.experiment_id, first.run) == ("run", "default-0001", 1)
    assert (again.experiment_id, again.run) == ("default-0001", 1)
    assert records.campaign("default").experiment_count == 1


def test_a_creation_that_was_interrupted_is_counted(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1))
    assert chosen(records, clock).experiment_id == "default-0001"
    assert records.campaign("default").experiment_count == 1


def test_the_number_of_experiments_is_kept(records: MemoryRecords, clock: ManualClock) -> None:
    records.update_campaign("default", CampaignChanges(experiment_count=3))
    choice = chosen(records, clock)
    assert (choice.action, choice.reason) == ("stop", "All 3 experiments have been run.")


def test_a_paused_campaign_begins_nothing(records: MemoryRecords, clock: ManualClock) -> None:
    set_paused(records, "default", paused=True)
    assert chosen(records, clock).action == "stop"
    assert not records.by_id
    set_paused(records, "default", paused=False)
    assert chosen(records, clock).action == "run"


def test_a_spent_budget_begins_nothing(records: MemoryRecords, clock: ManualClock) -> None:
    records.update_control("default", ControlChanges(budget_usd=Decimal("1.00")))
    ledger = MemoryLedger()
    reserved = Reserved("call", Decimal("0.60"), clock.now().date())
    assert ledger.reserve("default", reserved, records.control("default"))
    assert chosen(records, clock, ledger=ledger).action == "run"
    records.by_id.clear()
    records.update_control("default", ControlChanges(budget_usd=Decimal("0.60")))
    assert chosen(records, clock, ledger=ledger).reason == "The budget of 0.60 USD is spent."


def test_a_refused_step_begins_nothing_until_a_cap_is_raised(
    records: MemoryRecords, clock: ManualClock
) -> None:
    daily = ControlChanges(daily_budget_usd=Decimal("1.00"))
    records.update_control("default", daily)
    ledger = MemoryLedger()
    reserved = Reserved("call", Decimal("0.60"), clock.now().date())
    assert ledger.reserve("default", reserved, records.control("default"))
    ledger.refuse("default", Refused.under(records.control("default"), Decimal("0.60")))
    assert chosen(records, clock, ledger=ledger).reason == (
        "The budget of a day of 1.00 USD leaves no room: 0.60 USD are gone or reserved, "
        "and the next step may cost 0.60 USD."
    )
    records.update_control("default", ControlChanges(budget_usd=Decimal("1.10")))
    assert chosen(records, clock, ledger=ledger).reason.startswith("The budget of 1.10 USD leaves")
    for raised in (
        ControlChanges(daily_budget_usd=Decimal("1.05")),
        ControlChanges(daily_budget_usd=None),
    ):
        records.update_control("default", raised)
        assert chosen(records, clock, ledger=ledger).action == "run"
        records.by_id.clear()


def test_a_campaign_ends_at_its_target_and_at_its_time(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1, status="completed", bd_rate_percent=-12.0))
    records.update_control("default", ControlChanges(target_bd_rate_percent=-12.5))
    assert chosen(records, clock).action == "run"
    records.by_id.clear()
    records.create_experiment(experiment(1, status="completed", bd_rate_percent=-12.6))
    assert chosen(records, clock).reason == (
        "default-0001 has reached the target: BD-rate -12.6 %, -12.5 % was asked for."
    )
    records.update_control("default", ControlChanges(wall_time_limit_s=0))
    assert chosen(records, clock).reason == "The campaign's 0 s are over."


def test_a_schedule_before_any_campaign_stops_in_order(clock: ManualClock) -> None:
    choice = chosen(MemoryRecords(), clock)
    assert (choice.action, choice.reason) == ("stop", "There is no campaign 'default' yet.")


def test_an_interrupted_experiment_goes_on_in_its_phase(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(
        experiment(1, status="running", phase="execution", execution_arn="arn:dead")
    )
    choice = chosen(records, clock)
    assert choice.experiment_id == "default-0001"
    assert choice.run == 2
    assert choice.input is not None
    assert choice.input.resume_from is Phase.EXECUTION
    assert choice.input.hinted is False
    assert records.experiment("default-0001").status is Status.QUEUED


@pytest.mark.parametrize("resume_from", [None, Phase.DEPLOY])
def test_a_run_that_was_ended_before_it_began_is_made_again(
    resume_from: Phase | None, records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1, phase="analysis", resume_from=resume_from))
    executions = FakeExecutions("default-0001-1")
    executions.stop(records.experiment("default-0001"))
    choice, again = chosen(records, clock, executions), chosen(records, clock, executions)
    assert choice == again
    assert (choice.experiment_id, choice.run) == ("default-0001", 2)
    assert records.experiment("default-0001").resume_from is resume_from


def test_an_experiment_that_runs_is_left_alone(records: MemoryRecords, clock: ManualClock) -> None:
    records.create_experiment(experiment(1, status="running", execution_arn="arn:alive"))
    records.update_campaign("default", CampaignChanges(experiment_count=1))
    choice = chosen(records, clock, FakeExecutions("default-0001-1"))
    assert choice.experiment_id == "default-0002"
    assert records.experiment("default-0001").run == 1


def test_endless_interruptions_are_put_to_a_person(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(
        experiment(1, status="running", execution_arn="arn:dead", run=MAX_RUNS)
    )
    records.update_campaign("default", CampaignChanges(experiment_count=1))
    assert chosen(records, clock).experiment_id == "default-0002"
    flagged = records.experiment("default-0001")
    assert flagged.needs_human
    assert "interrupted 20 times" in flagged.human_intervention_reasons[0].reason


def outcome(
    records: MemoryRecords,
    clock: ManualClock,
    *,
    succeeded: bool,
    number: int = 1,
    kept: KeptListings | None = None,
    executions: FakeExecutions | None = None,
) -> tuple[int, int]:
    result = record_outcome(
        OutcomeRequest(
            campaign_id="default",
            experiment_id=f"default-{number:04}",
            run=1,
            succeeded=succeeded,
            error_type="" if succeeded else "States.Timeout",
        ),
        records=records,
        listing=KeptListings() if kept is None else kept,
        objects=MemoryObjects(),
        change_sets=MemoryChangeSets(records),
        executions=executions or FakeExecutions(),
        ask_human=records.flag_human,
        clock=clock,
    )
    return result.pause_s, result.failures_in_a_row


def test_the_outcomes_choose_the_pauses(records: MemoryRecords, clock: ManualClock) -> None:
    for number in range(1, 7):
        records.create_experiment(experiment(number, status="completed"))
    for number, pause_s in enumerate([30, 30, 30, 30, 300], 1):
        told = outcome(records, clock, succeeded=False, number=number)
        assert told == (pause_s, number % 5)
        assert outcome(records, clock, succeeded=False, number=number) == told  # a retry
    assert outcome(records, clock, succeeded=True, number=6) == (10, 0)


def test_every_hundredth_experiment_the_listing_is_kept(
    records: MemoryRecords, clock: ManualClock
) -> None:
    kept = KeptListings()
    for number in (1, 99, 100, 101, 200):
        records.create_experiment(experiment(number, status="completed"))
        outcome(records, clock, succeeded=True, number=number, kept=kept)
    assert kept == ["default", "default"]


def test_an_execution_without_an_outcome_is_put_to_a_person(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1, status="running", phase="execution"))
    outcome(records, clock, succeeded=False)
    flagged = records.experiment("default-0001")
    assert flagged.status is Status.NEEDS_HUMAN
    assert flagged.human_intervention_reasons[0].error_type == "States.Timeout"


@pytest.mark.parametrize("status", ["queued", "running"])
def test_one_that_an_answer_has_started_is_neither_started_nor_lost(
    status: str, records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1, status=status))
    records.update_campaign("default", CampaignChanges(experiment_count=1))
    executions = FakeExecutions("default-0001-1")

    outcome(records, clock, succeeded=False, executions=executions)

    assert records.experiment("default-0001").status == status
    assert chosen(records, clock, executions).experiment_id == "default-0002"


def test_a_flagged_experiment_is_not_flagged_twice(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1))
    records.flag_human(records.experiment("default-0001"), REASON)
    outcome(records, clock, succeeded=False)
    assert records.experiment("default-0001").human_intervention_reasons == (REASON,)


def test_an_answer_starts_the_next_run_with_the_hint(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1))
    records.put_attempt(FAILED_VALIDATION)
    records.flag_human(records.experiment("default-0001"), REASON)
    executions = FakeExecutions()
    reply = Answer(experiment_id="default-0001", hint="pad the rows")
    answer(reply, records=records, executions=executions, clock=clock)
    [started] = executions.started
    assert (started.run, started.hint, started.resume_from) == (2, "pad the rows", Phase.VALIDATION)
    assert started.needs_human is False
    assert started.human_intervention_reasons == (REASON,)
    with pytest.raises(ConfigurationError, match="waits for no answer: it is queued"):
        answer(reply, records=records, executions=executions, clock=clock)


def test_a_hint_after_a_failure_of_the_bench_begins_with_the_deployment(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1))
    records.put_attempt(FAILED_VALIDATION.model_copy(update={"passed": True, "fault": None}))
    records.flag_human(records.experiment("default-0001"), REASON)
    executions = FakeExecutions()
    reply = Answer(experiment_id="default-0001", hint="the disk was full")
    answer(reply, records=records, executions=executions, clock=clock)
    [started] = executions.started
    assert (started.resume_from, started.hint) == (Phase.DEPLOY, "the disk was full")


def test_of_two_answers_at_once_one_is_refused(records: MemoryRecords, clock: ManualClock) -> None:
    records.create_experiment(experiment(1))
    records.flag_human(records.experiment("default-0001"), REASON)
    records.update_seen_experiment = lambda *args, **kwargs: False  # type: ignore[method-assign]
    executions = FakeExecutions()
    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        answer(
            Answer(experiment_id="default-0001"),
            records=records,
            executions=executions,
            clock=clock,
        )
    assert not executions.started


def test_only_an_experiment_that_waits_can_be_abandoned(
    records: MemoryRecords, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1))
    with pytest.raises(ConfigurationError, match="it is queued"):
        abandon(records, "default-0001", clock=clock)
    records.flag_human(records.experiment("default-0001"), REASON)
    abandon(records, "default-0001", clock=clock)
    assert records.experiment("default-0001").status is Status.ABANDONED


def test_the_notice_names_phase_reason_error_and_fixes(records: MemoryRecords) -> None:
    records.create_experiment(experiment(1))
    records.flag_human(records.experiment("default-0001"), REASON)
    notices = KeptNotices()
    request = PhaseRequest(experiment_id="default-0001", run=1)
    address = "https://lab.example/admin/"
    notified = notify_human(request, records=records, notifier=notices, dashboard_url=address)
    notice = notified.notice
    assert notices.sent == [notice]
    link = f"Answer: {address}experiments/default-0001?campaign=default&question=open"
    assert notified.lines == (
        "HUMAN INTERVENTION REQUIRED:",
        "- validation: All 5 validation attempts failed.",
        link,
    )
    assert f"\n\n{link}\n\n" in notice.text
    assert notice.text.startswith(
        "HUMAN INTERVENTION REQUIRED:\n- validation: All 5 validation attempts failed.\n"
    )
    assert "ContractError: decode returned 3 frames of 4" in notice.text
    assert "1. Changes gop_size from 8 to 4." in notice.text


def test_whoever_asks_a_person_sends_the_notice_first(records: MemoryRecords) -> None:
    records.create_experiment(experiment(1, status="running"))
    one, notices = records.experiment("default-0001"), KeptNotices()

    class Busy(KeptNotices):
        def notify(self, notice: HumanNotice) -> None:
            raise StoreUnavailableError(notice.subject)

    with pytest.raises(StoreUnavailableError):
        ask_human(one, REASON, records=records, notifier=Busy(), dashboard_url=None)
    assert not records.experiment("default-0001").needs_human
    notified = ask_human(one, REASON, records=records, notifier=notices, dashboard_url=None)
    assert notices.sent == [notified.notice]
    assert notified.lines[-1] == "Answer: lab answer default-0001 --hint TEXT"
    assert records.experiment("default-0001").human_intervention_reasons == (REASON,)


def test_a_campaign_continues_with_as_many_experiments_more(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    records.create_experiment(experiment(1, status="completed"))
    records.create_experiment(experiment(2, status="running"))
    records.update_campaign("default", CampaignChanges(experiment_count=2))
    opened(records, objects, clock, experiments=2)
    assert records.control("default").experiment_limit == 3


@pytest.mark.parametrize("name", ["with.dot", "with space", "-first", "x" * 41])
def test_a_name_that_no_execution_or_job_could_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="campaign_id"):
        order(campaign_id=name)


def test_a_campaign_keeps_the_secret_that_it_began_with(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    def secret() -> str:
        return documents.load(objects, keys.plan("default"), EvaluationPlan).secret

    opened(records, objects, clock)
    first = secret()
    opened(records, objects, clock, experiments=2)

    assert len(first) == 32
    assert secret() == first
    other = MemoryObjects()
    opened(MemoryRecords(), other, clock)
    assert documents.load(other, keys.plan("default"), EvaluationPlan).secret != first
    assert first not in repr(documents.load(objects, keys.plan("default"), EvaluationPlan))


def test_a_campaign_that_is_continued_keeps_its_plan_and_its_seed(clock: ManualClock) -> None:
    records, store = MemoryRecords(), MemoryObjects()
    opened(records, store, clock, screen=None, limits=Limits(memory_bytes=2**30))
    begun = dict(store.data)
    opened(records, store, clock)

    assert documents.load(store, keys.plan("default"), EvaluationPlan).screen is None
    assert store.data == begun


def test_an_opening_that_was_lost_amid_its_writes_is_made_again(clock: ManualClock) -> None:
    class LostStore(MemoryObjects):
        """Is away after some writes."""

        writes_left = 3

        def put(self, key: str, data: bytes) -> None:
            if self.writes_left == 0:
                raise StoreUnavailableError(key)
            self.writes_left -= 1
            super().put(key, data)

    records, store = MemoryRecords(), LostStore()
    with pytest.raises(StoreUnavailableError):
        opened(records, store, clock)
    store.writes_left = 9
    opened(records, store, clock)
    assert records.campaign("default").campaign_id == "default"


def test_a_campaign_whose_hidden_clip_is_shown_is_refused(
    objects: MemoryObjects, clock: ManualClock
) -> None:
    shown = clip("hall")
    hidden = shown.model_copy(update={"name": "park", "role": ClipRole.HIDDEN})

    with pytest.raises(ConfigurationError, match="hall and park hold the same pictures"):
        open_campaign(
            order(),
            [(shown, b"hall"), (hidden, b"hall")],
            records=MemoryRecords(),
            objects=objects,
            clock=clock,
        )


def test_bounds_hold_from_the_first_experiment_and_those_given_later_are_set(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    bounds = {"budget_usd": "5.00", "wall_time_limit_s": 3600}
    opened(records, objects, clock, campaign_id="bounded", bounds=bounds)
    capped = Control(experiment_limit=3, budget_usd=Decimal("5.00"), wall_time_limit_s=3600)
    assert records.control("bounded") == capped
    later = {"daily_budget_usd": "0.50", "target_bd_rate_percent": -12.5}
    opened(records, objects, clock, campaign_id="bounded", bounds=later, experiments=2)
    assert records.control("bounded") == Control(
        experiment_limit=2,
        budget_usd=Decimal("5.00"),
        daily_budget_usd=Decimal("0.50"),
        wall_time_limit_s=3600,
        target_bd_rate_percent=-12.5,
        version=1,
    )


def test_a_campaign_with_another_seed_is_another_campaign(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    with pytest.raises(ConfigurationError, match="exists with other seed; continue it"):
        opened(records, objects, clock, seed_source=SEED_SOURCE + "\n# other\n")
