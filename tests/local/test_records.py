"""The table's adapter and the in-memory fake keep the same port in the same way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.dynamodb_change_sets import DynamoChangeSets
from adapters.dynamodb_ledger import DynamoLedger
from adapters.dynamodb_records import DynamoRecords
from adapters.dynamodb_table import DynamoTable
from codec_lab.campaign import (
    HARD_LIMITS,
    Campaign,
    CampaignChanges,
    Control,
    ControlChanges,
    NextDesign,
)
from codec_lab.change_sets import ChangeSet, Outcome, Replayed
from codec_lab.charge import Charge, Reserved, Service, Statement
from codec_lab.errors import ConfigurationError
from codec_lab.experiment import Attempt, Evaluation, ExperimentChanges, HumanReason
from codec_lab.limits import Limits
from codec_lab.phase import Phase, Status
from codec_lab.ports import ChangeSets, Ledger, Records
from codec_lab.proposal import Mind
from codec_lab.spending import Refused, Spending
from codec_lab.verdict import Fault
from tests.fakes import MemoryChangeSets, MemoryLedger, MemoryRecords
from tests.unit.builders import NOON, clip_result, experiment

INDEXES = {
    "by_updated": ("listing", "updated_at", "S"),
    "by_bd_rate": ("listing", "bd_rate_percent", "N"),
    "by_cost": ("listing", "model_cost_usd", "N"),
    "by_open_status": ("open_as", "updated_at", "S"),
}
CAMPAIGN = Campaign(
    campaign_id="default",
    goal="Beat x265.",
    mind=Mind.OFFLINE,
    limits=Limits(),
    hard_limits=HARD_LIMITS,
    created_at=NOON,
)
REASON = HumanReason(
    phase=Phase.EXECUTION,
    reason="All 5 execution attempts failed.",
    error_type="RoundTripError",
    message="decoding twice differs",
    attempts=5,
    asked_at=NOON,
    execution_arn="arn:1",
)


@pytest.fixture(params=["memory", "dynamodb"])
def keepers(request: pytest.FixtureRequest) -> Iterator[tuple[Records, Ledger, ChangeSets]]:
    if request.param == "memory":
        memory = MemoryRecords()
        yield memory, MemoryLedger(), MemoryChangeSets(memory)
        return
    client: Any = request.getfixturevalue("aws").dynamodb
    name = f"records-{uuid.uuid4().hex[:8]}"
    types = {"pk": "S", "sk": "S", "listing": "S", "open_as": "S"}
    types |= {sort: kind for _, sort, kind in INDEXES.values()}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in types.items()
        ],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _keys(partition, sort),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, (partition, sort, _) in INDEXES.items()
        ],
    )
    table = DynamoTable(name, client)
    yield DynamoRecords(table), DynamoLedger(table), DynamoChangeSets(table)
    client.delete_table(TableName=name)


@pytest.fixture
def records(keepers: tuple[Records, Ledger, ChangeSets]) -> Records:
    return keepers[0]


@pytest.fixture
def ledger(keepers: tuple[Records, Ledger, ChangeSets]) -> Ledger:
    return keepers[1]


@pytest.fixture
def change_sets(keepers: tuple[Records, Ledger, ChangeSets]) -> ChangeSets:
    return keepers[2]


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def test_a_campaign_is_created_once_and_changed_in_part(records: Records) -> None:
    assert records.create_campaign(CAMPAIGN, Control(experiment_limit=3))
    assert not records.create_campaign(CAMPAIGN, Control(experiment_limit=9))
    following = NextDesign(parent_sha256="0" * 64, parent_proposal_key="p", reason="best")
    records.update_campaign("default", CampaignChanges(failures_in_a_row=2))
    records.update_campaign("default", CampaignChanges(next_design=following))
    expected = CAMPAIGN.model_copy(update={"failures_in_a_row": 2, "next_design": following})
    assert records.campaign("default") == expected
    records.update_control("default", ControlChanges(paused=True))
    assert records.control("default") == Control(paused=True, experiment_limit=3, version=1)


def test_versions_of_the_framework_are_numbered_once_and_come_into_force_in_turn(
    records: Records, change_sets: ChangeSets
) -> None:
    records.create_campaign(CAMPAIGN, Control(experiment_limit=3))
    first = ChangeSet(
        campaign_id="default",
        version=1,
        base_version=0,
        author="claude",
        experiment_id="default-0001",
        reason="A scan for all.",
        diff="+ORDER = 1",
        overlay_key="campaigns/default/framework-1.json",
        proposed_at=NOON,
        replays=(Replayed(experiment_id="default-0001", before_percent=-0.1, after_percent=None),),
    )
    twelfth = first.model_copy(update={"version": 12, "base_version": 1, "restores": 0})
    twelfth = twelfth.model_copy(update={"overlay_key": None})
    assert change_sets.create(first)
    assert not change_sets.create(first.model_copy(update={"reason": "Another."}))
    assert change_sets.create(twelfth)
    assert change_sets.of("default") == [first, twelfth]
    assert change_sets.of("other") == []

    assert not change_sets.put_in_force(twelfth)
    assert change_sets.put_in_force(first)
    assert change_sets.put_in_force(first)  # a function that is retried
    campaign = records.campaign("default")
    assert (campaign.framework_version, campaign.framework_key) == (1, first.overlay_key)
    adopted = first.model_copy(update={"outcome": Outcome.ADOPTED, "decided_at": NOON})
    change_sets.put(adopted)
    assert change_sets.of("default") == [adopted, twelfth]
    assert change_sets.put_in_force(twelfth)
    assert not change_sets.put_in_force(first)
    update = {"framework_version": 12, "framework_key": None}
    assert records.campaign("default") == CAMPAIGN.model_copy(update=update)


def test_what_does_not_exist_is_named(records: Records) -> None:
    with pytest.raises(ConfigurationError, match="no campaign 'absent'"):
        records.campaign("absent")
    with pytest.raises(ConfigurationError, match="no experiment 'absent-0001'"):
        records.experiment("absent-0001")
    with pytest.raises(ConfigurationError, match="no experiment 'absent-0001'"):
        records.update_experiment("absent-0001", ExperimentChanges(updated_at=NOON))


def test_an_update_touches_what_it_names_and_none_removes(records: Records) -> None:
    first = experiment(
        hint="pad the rows",
        change="Changes gop_size.",
        bd_rate_percent=12.25,
        parameters={"gop_size": 8, "deadzone": 0.33, "deblocking": True, "structure": "low_delay"},
    )
    assert records.create_experiment(first)
    assert not records.create_experiment(experiment(change="again"))
    records.update_experiment(
        "default-0001",
        ExperimentChanges(updated_at=NOON, status=Status.RUNNING, hint=None),
    )
    expected = first.model_copy(update={"status": Status.RUNNING, "hint": None})
    assert records.experiment("default-0001") == expected


def test_open_experiments_are_listed_until_they_complete(records: Records) -> None:
    for number in (1, 2):
        records.create_experiment(experiment(number))
    assert len(records.open_experiments("default", Status.QUEUED)) == 2
    running = ExperimentChanges(updated_at=NOON, status=Status.RUNNING)
    records.update_experiment("default-0001", running)
    assert [e.number for e in records.open_experiments("default", Status.RUNNING)] == [1]
    records.flag_human(records.experiment("default-0001"), REASON)
    assert [e.number for e in records.open_experiments("default", Status.NEEDS_HUMAN)] == [1]
    completed = ExperimentChanges(updated_at=NOON, status=Status.COMPLETED)
    records.update_experiment("default-0001", completed)
    open_now = [records.open_experiments("default", status) for status in Status]
    assert [e.number for found in open_now for e in found if e.status is not Status.COMPLETED] == [
        2
    ]


def test_a_reason_is_appended_and_nothing_else_is_lost(records: Records) -> None:
    first = experiment(change="Changes gop_size.", model_cost_usd=Decimal("0.123456"))
    records.create_experiment(first)
    for _ in range(2):  # whose answer was lost writes again
        records.flag_human(first, REASON)
    again = REASON.model_copy(update={"message": "once more"})
    records.flag_human(records.experiment("default-0001"), again)
    stored = records.experiment("default-0001")
    assert stored.needs_human
    assert stored.status is Status.NEEDS_HUMAN
    assert stored.human_intervention_reasons == (REASON, again)
    assert (stored.change, stored.model_cost_usd) == (first.change, first.model_cost_usd)


def test_a_run_that_began_meanwhile_is_not_flagged(records: Records) -> None:
    seen = experiment(status=Status.RUNNING)
    records.create_experiment(seen)
    reopened = ExperimentChanges(updated_at=NOON, run=2, status=Status.RUNNING)
    assert records.update_seen_experiment(seen, reopened)
    before = records.experiment("default-0001")
    records.flag_human(seen, REASON)
    assert records.experiment("default-0001") == before


def test_one_of_two_reopens_a_run(records: Records) -> None:
    seen = experiment(status=Status.NEEDS_HUMAN)
    records.create_experiment(seen)
    changes = ExperimentChanges(updated_at=NOON, run=2, status=Status.QUEUED, hint="shorter GOP")
    assert records.update_seen_experiment(seen, changes)
    assert not records.update_seen_experiment(seen, changes)
    stored = records.experiment("default-0001")
    assert (stored.run, stored.hint) == (2, "shorter GOP")


def test_one_of_two_reminds(records: Records) -> None:
    seen = experiment(status=Status.NEEDS_HUMAN)
    records.create_experiment(seen)
    changes = ExperimentChanges(updated_at=seen.updated_at, reminded_run=1)
    assert records.update_seen_experiment(seen, changes)
    assert not records.update_seen_experiment(seen, changes)
    assert records.experiment("default-0001").reminded_run == 1


def test_an_experiment_that_was_given_up_is_not_reopened(records: Records) -> None:
    seen = experiment(status=Status.NEEDS_HUMAN)
    records.create_experiment(seen)
    given_up = ExperimentChanges(updated_at=NOON, status=Status.ABANDONED)
    assert records.update_seen_experiment(seen, given_up)
    reopened = ExperimentChanges(updated_at=NOON, run=2, status=Status.QUEUED)
    assert not records.update_seen_experiment(seen, reopened)
    assert records.experiment("default-0001").run == 1


def test_settings_are_changed_by_those_who_saw_them(records: Records) -> None:
    records.create_campaign(CAMPAIGN, Control(experiment_limit=1))
    assert records.update_control("default", ControlChanges(paused=True), version=0)
    assert not records.update_control("default", ControlChanges(experiment_limit=9), version=0)
    assert records.control("default") == Control(paused=True, experiment_limit=1, version=1)


def test_costs_add_up_exactly(records: Records) -> None:
    records.create_campaign(CAMPAIGN, Control(experiment_limit=1))
    records.create_experiment(experiment())
    for _ in range(10):
        records.add_model_cost(experiment(), Decimal("0.1"))
    assert records.experiment("default-0001").model_cost_usd == Decimal("1.0")
    assert records.campaign("default").model_cost_usd == Decimal("1.0")
    assert records.experiment("default-0001").aws_cost_usd is None
    for reservation_id in ("a", "b", "a", "c"):  # one is repeated
        records.add_aws_cost(experiment(), Decimal("0.1"), reservation_id)
    assert records.experiment("default-0001").aws_cost_usd == Decimal("0.3")


def test_the_best_come_first_and_the_unmeasured_not_at_all(records: Records) -> None:
    for number, percent in enumerate((30.5, -4.0, None, 12.0), start=1):
        records.create_experiment(
            experiment(number, bd_rate_percent=percent, candidate_sha256=f"{number:064x}")
        )
    assert [e.number for e in records.best_experiments("default", 2)] == [2, 4]
    assert [e.number for e in records.best_experiments("default", 9)] == [2, 4, 1]
    assert len(records.experiments("default")) == 4


def test_attempts_are_listed_in_order_and_replaced(records: Records) -> None:
    fault = Fault(error_type="CandidateCrashError", message="IndexError")
    rows = [
        Attempt(
            experiment_id="default-0001",
            run=run,
            phase=phase,
            attempt=attempt,
            at=NOON,
            passed=False,
            fault=fault,
        )
        for run, phase, attempt in (
            (2, Phase.VALIDATION, 1),
            (1, Phase.EXECUTION, 1),
            (1, Phase.VALIDATION, 2),
            (1, Phase.VALIDATION, 1),
        )
    ]
    for row in rows:
        records.put_attempt(row)
    records.put_attempt(rows[0].model_copy(update={"fix_reason": "raises cpu_s"}))
    listed = [(a.run, a.phase, a.attempt) for a in records.attempts("default-0001")]
    assert listed == [
        (1, Phase.VALIDATION, 1),
        (1, Phase.VALIDATION, 2),
        (1, Phase.EXECUTION, 1),
        (2, Phase.VALIDATION, 1),
    ]
    validations = records.attempts("default-0001", Phase.VALIDATION)
    assert [a.fix_reason for a in validations] == [None, None, "raises cpu_s"]


def test_a_measurement_survives_to_the_last_bit(records: Records) -> None:
    result = clip_result("hall", {"x265-medium": 0.1 + 0.2, "svtav1-p6": None})
    evaluation = Evaluation(
        experiment_id="default-0001",
        run=1,
        candidate_sha256="0" * 64,
        bundle_sha256="1" * 64,
        at=NOON,
        result=result,
    )
    records.put_evaluation(evaluation)
    assert list(records.evaluations("default-0001")) == [evaluation]
    # The champion's measurement stays when its experiment runs again and measures another one.
    of_another = evaluation.model_copy(update={"run": 2, "candidate_sha256": "2" * 64})
    records.put_evaluation(of_another)
    assert list(records.evaluations("default-0001")) == [evaluation, of_another]


MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


def call(name: str, amount_usd: str, day: date = MONDAY) -> Reserved:
    return Reserved(name, Decimal(amount_usd), day)


def test_a_reservation_fits_under_the_caps_or_changes_nothing(ledger: Ledger) -> None:
    capped = Control(
        experiment_limit=1, budget_usd=Decimal("1.00"), daily_budget_usd=Decimal("0.60")
    )
    assert ledger.spending("default", MONDAY) == Spending()
    assert ledger.reserve("default", call("a", "0.40"), capped)
    assert not ledger.reserve("default", call("b", "0.21"), capped)
    assert ledger.reserve("default", call("c", "0.20"), capped)
    assert ledger.reserve("default", call("d", "0.40", TUESDAY), capped)
    assert not ledger.reserve("default", call("e", "0.01", TUESDAY), capped)
    assert not ledger.reserve("default", call("f", "1.01"), capped)
    assert ledger.spending("default", MONDAY) == Spending(
        committed_usd=Decimal("1.00"), today_usd=Decimal("0.60")
    )
    assert ledger.spending("other", MONDAY) == Spending()


def test_the_last_refusal_is_known_until_as_much_is_reserved(ledger: Ledger) -> None:
    capped = Control(experiment_limit=1, budget_usd=Decimal("1.00"))
    for amount_usd in ("1.02", "1.01"):
        refused = Refused.under(capped, Decimal(amount_usd))
        ledger.refuse("default", refused)
        assert ledger.spending("default", MONDAY).refused == refused
    raised = capped.model_copy(update={"budget_usd": Decimal("9.00")})
    assert ledger.reserve("default", call("a", "1.00"), raised)
    assert not ledger.reserve("default", call("b", "9.00"), raised)
    assert ledger.spending("default", MONDAY).refused == refused
    assert ledger.reserve("default", call("c", "1.01"), raised)
    assert ledger.spending("default", MONDAY) == Spending(
        committed_usd=Decimal("2.01"), today_usd=Decimal("2.01")
    )


def test_a_reservation_is_settled_once(ledger: Ledger) -> None:
    uncapped = Control(experiment_limit=1)
    reserved = call("a", "0.40")
    assert ledger.reserve("default", reserved, uncapped)
    charge = Charge(
        service=Service.CLAUDE,
        purpose="design",
        model="claude-opus-5-5",
        usd=Decimal("0.0172"),
        amounts={"input_tokens": 1000, "output_tokens": 500},
    )
    assert ledger.reserve("default", reserved, uncapped)  # a retry
    assert ledger.spending("default", MONDAY).committed_usd == Decimal("0.40")
    assert ledger.settle("default", reserved, [charge])
    assert not ledger.settle("default", reserved, [charge])
    assert not ledger.settle("default", call("never", "1"), [])
    assert ledger.statement("default") == Statement(
        charges=(charge,), days={MONDAY: Decimal("0.0172")}
    )
    assert ledger.spending("default", MONDAY).committed_usd == Decimal("0.0172")
    assert ledger.spending("default", MONDAY).today_usd == Decimal("0.0172")


def test_a_reservation_that_is_made_again_after_midnight_stays_the_first_days(
    ledger: Ledger,
) -> None:
    capped = Control(experiment_limit=1, daily_budget_usd=Decimal("1.00"))
    monday, tuesday = call("a", "0.70"), call("a", "0.80", TUESDAY)
    assert ledger.reserve("default", monday, capped) == monday
    lower = capped.model_copy(update={"daily_budget_usd": Decimal("0.10")})
    assert ledger.reserve("default", tuesday, lower) == monday
    assert ledger.settle("default", monday, [])
    assert ledger.statement("default").days[MONDAY] == 0
    assert ledger.reserve("default", tuesday, capped) == tuesday  # a settled one is made anew


def test_an_account_adds_up_by_kind_and_keeps_what_is_open(ledger: Ledger) -> None:
    uncapped = Control(experiment_limit=1)

    def pay(name: str, usd: str, day: date, **kind: object) -> None:
        reserved = call(name, "1", day)
        assert ledger.reserve("default", reserved, uncapped)
        charge = Charge.model_validate({"usd": usd, "amounts": {"machine_s": 60}, **kind})
        assert ledger.settle("default", reserved, [charge])

    pay("a", "0.1", MONDAY, service="batch", purpose="validation")
    pay("b", "0.2", TUESDAY, service="batch", purpose="validation")
    pay("c", "0.4", TUESDAY, service="batch", purpose="execution")
    assert ledger.reserve("default", call("lost", "0.5", TUESDAY), uncapped)
    statement = ledger.statement("default")
    assert [(one.purpose, one.usd, one.count, one.amounts) for one in statement.charges] == [
        ("execution", Decimal("0.4"), 1, {"machine_s": 60}),
        ("validation", Decimal("0.3"), 2, {"machine_s": 120}),
    ]
    assert (statement.settled_usd, statement.reserved_usd) == (Decimal("0.7"), Decimal("0.5"))
    assert statement.days == {MONDAY: Decimal("0.1"), TUESDAY: Decimal("1.1")}
    assert ledger.statement("other") == Statement()
