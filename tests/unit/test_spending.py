"""A cap on money holds, whatever fails and however often it is retried."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.aws_pricing import tariff
from codec_lab import documents, parameters
from codec_lab.bench_costs import TIME_LIMIT, BenchCosts
from codec_lab.bounds import reached_bounds
from codec_lab.campaign import ControlChanges
from codec_lab.candidate import ENTRY_FILE
from codec_lab.charge import Charge, Service
from codec_lab.choosing import choose_experiment
from codec_lab.deploying import deploy
from codec_lab.designing import design
from codec_lab.errors import (
    BudgetExceededError,
    CandidateCrashError,
    DesignRejectedError,
    ModelUnavailableError,
)
from codec_lab.events import ChooseRequest, DeployRequest, JudgeRequest, PhaseRequest
from codec_lab.experiment import ExperimentChanges
from codec_lab.job import JobSpec
from codec_lab.judging import judge
from codec_lab.minds import DesignTask
from codec_lab.phase import Status
from codec_lab.proposal import Mind, Proposal
from codec_lab.spending import CampaignPurse, Spending
from codec_lab.verdict import Fault
from tests.fakes import (
    FakeExecutions,
    ManualClock,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
)
from tests.unit.builders import clip_result, experiment, opened, verdict

CAP_USD = Decimal("1.00")
WORST_USD = Decimal("0.07")
MACHINE_USD_PER_H = Decimal("0.1264")
STORED_USD = Decimal("0.0029")  # 10 MB in 20 objects, for a year
CRASH = Fault(error_type="CandidateCrashError", message="IndexError")


def _charge(usd: Decimal) -> Charge:
    return Charge(service=Service.CLAUDE, purpose="design", model="claude", usd=usd)


class LostFunctionError(Exception):
    """The function ended amid its work, as after a time-out."""


class CostlyService:
    """A model whose every answer costs, also those that nobody gets."""

    def __init__(self, random_seed: int) -> None:
        self.chance = random.Random(random_seed)
        self.taken_usd = Decimal(0)

    def stored(self, prefix: str) -> dict[str, int]:
        return {f"{prefix}{number}": 500_000 for number in range(10)}

    def answer(self) -> Decimal:
        cost_usd = Decimal(self.chance.randint(1, 70)) / 1000
        self.taken_usd += cost_usd
        return cost_usd


class PayingMind:
    """Designs by chance, pays from a purse, and fails in every way that a function can."""

    def __init__(self, service: CostlyService, purse: CampaignPurse) -> None:
        self.service, self.purse = service, purse

    def design(self, task: DesignTask) -> Proposal:
        chance = self.service.chance
        reserved = self.purse.reserve(WORST_USD)
        if chance.random() < 0.1:
            raise LostFunctionError  # before the call: nothing was spent, and nobody knows
        cost_usd = self.service.answer()
        if chance.random() < 0.1:
            raise LostFunctionError  # after the call
        self.purse.settle(reserved, _charge(cost_usd))
        if chance.random() < 0.1:
            self.purse.settle(reserved, _charge(cost_usd))  # a retried write
        if chance.random() < 0.1:
            raise ModelUnavailableError("busy")
        if chance.random() < 0.1:
            raise DesignRejectedError("prose", cost_usd)
        source = task.parent.candidate.files[ENTRY_FILE]
        values = {**parameters.read(source).parameters, "deadzone": chance.random()}
        return Proposal(
            candidate=task.parent.candidate.with_file(ENTRY_FILE, parameters.write(source, values)),
            limits=task.limits,
            mind=Mind.CLAUDE,
            parent_sha256=task.parent.candidate.sha256,
            change="",
            hypothesis="",
            model_cost_usd=cost_usd,
        )


class CostlyBench:
    """Jobs of some length on machines, which AWS bills, judged by functions that are retried."""

    def __init__(self, service: CostlyService, ports: dict[str, Any], bench: BenchCosts) -> None:
        self.service, self.chance, self.ports, self.bench = service, service.chance, ports, bench

    def measure(self, experiment_id: str) -> None:
        request = DeployRequest(
            experiment_id=experiment_id, run=1, validation_attempt=1, execution_attempt=1
        )
        max_shards = self.chance.choice((1, 1, 2))
        for _ in range(self.chance.choice((1, 1, 2))):  # a retried function
            jobs = deploy(request, **self.ports, max_shards=max_shards, bench=self.bench)
        began_at = self._run(jobs.validation)
        if self.chance.random() < 0.02:
            raise LostFunctionError  # nobody ever judges it
        self._judge(JudgeRequest(job=jobs.validation))
        ends = [self._run(shard, began_at) for shard in jobs.shards]
        assert max(ends) <= (jobs.execution.deadline or began_at)
        self._judge(JudgeRequest(job=jobs.execution, shards=jobs.shards, began_at=began_at))

    def _run(self, job: JobSpec, began_at: datetime | None = None) -> datetime:
        """Run a job, at times until its deadline, and take what its machine costs."""
        assert job.deadline is not None
        began_at = began_at or job.deadline - TIME_LIMIT
        left_s = (job.deadline - began_at).total_seconds()
        lasts_s = self.chance.choice((60, 600, 3000)) if self.chance.random() < 0.9 else left_s
        ended_at = began_at + timedelta(seconds=min(lasts_s, left_s))
        paid_s = (ended_at - began_at).total_seconds() + self.chance.randint(0, 300)
        self.service.taken_usd += MACHINE_USD_PER_H * Decimal(paid_s) / 3600
        fault = CRASH if self.chance.random() < 0.2 else None
        results = tuple(clip_result(clip, {"x265-medium": 1.0}) for clip in job.clips)
        told = verdict(job, fault=fault, results=() if fault else results)
        told = told.model_copy(update={"started_at": began_at, "ended_at": ended_at})
        documents.save(self.ports["objects"], job.verdict_key, told)
        return ended_at

    def _judge(self, request: JudgeRequest) -> None:
        fault = None
        self.service.taken_usd += STORED_USD
        for _ in range(self.chance.choice((1, 1, 3))):  # a retried function
            try:
                judge(request, **self.ports, bench=self.bench)
            except CandidateCrashError as error:
                fault = error
        if fault is not None:
            raise fault


@pytest.mark.parametrize("on_aws", [False, True], ids=["model alone", "model and machines"])
@pytest.mark.parametrize("random_seed", range(5))
def test_a_cap_of_a_dollar_is_never_exceeded_over_100_experiments_with_retries(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    random_seed: int,
    on_aws: bool,
) -> None:
    opened(records, objects, clock, experiments=100, mind=Mind.CLAUDE)
    records.update_control("default", ControlChanges(budget_usd=CAP_USD))
    ledger, service = MemoryLedger(), CostlyService(random_seed)
    ports: dict[str, Any] = {"records": records, "objects": objects, "clock": clock}
    paying = BenchCosts(
        records=records, ledger=ledger, clock=clock, tariff=tariff(), sizes=service.stored
    )
    bench = CostlyBench(service, ports, paying)
    reasons = []
    for _ in range(100):
        choice = choose_experiment(
            ChooseRequest(campaign_id="default"),
            records=records,
            ledger=ledger,
            executions=FakeExecutions(),
            ask_human=records.flag_human,
            clock=clock,
        )
        reasons.append(choice.reason)
        if choice.experiment_id is None:
            continue
        request = PhaseRequest(experiment_id=choice.experiment_id, run=1)
        purse = CampaignPurse("default", records=records, ledger=ledger, clock=clock)
        status = Status.NEEDS_HUMAN
        for _ in range(5):  # what the state machine retries
            try:
                design(
                    request,
                    designer_of=lambda mind, purse=purse: PayingMind(service, purse),
                    **ports,
                )
                if on_aws:
                    bench.measure(choice.experiment_id)
            except BudgetExceededError as error:
                reasons.append(str(error))
                break
            except (LostFunctionError, ModelUnavailableError, DesignRejectedError):
                assert service.taken_usd <= CAP_USD
                continue
            except CandidateCrashError:
                break
            status = Status.COMPLETED
            break
        records.update_experiment(
            choice.experiment_id, ExperimentChanges(updated_at=clock.now(), status=status)
        )
        assert service.taken_usd <= ledger.committed["default"] <= CAP_USD
    assert Decimal("0.30" if on_aws else "0.60") < service.taken_usd <= CAP_USD
    assert reasons[-1].startswith("The budget of 1.00 USD leaves no room:")
    assert any("does not fit" in reason for reason in reasons)
    aws_usd = sum(one.aws_cost_usd or 0 for one in records.experiments("default"))
    statement = ledger.statement("default")
    of_aws = [one for one in statement.charges if one.service is not Service.CLAUDE]
    assert aws_usd == sum(charge.usd for charge in of_aws)
    assert bool(aws_usd) is on_aws
    assert statement.settled_usd + statement.reserved_usd == ledger.committed["default"]


def test_what_does_not_fit_is_said_and_a_raised_cap_goes_on(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    opened(records, objects, clock)
    records.create_experiment(experiment())
    records.update_control("default", ControlChanges(daily_budget_usd=Decimal("0.10")))
    ledger = MemoryLedger()
    purse = CampaignPurse("default", records=records, ledger=ledger, clock=clock)
    purse.settle(purse.reserve(Decimal("0.09")), _charge(Decimal("0.05")))
    with pytest.raises(
        BudgetExceededError,
        match=r"may cost 0\.06 USD, which does not fit\. The budget of a day of 0\.10",
    ):
        purse.reserve(Decimal("0.06"))
    records.update_control("default", ControlChanges(daily_budget_usd=Decimal("0.11")))
    purse.reserve(Decimal("0.06"))
    assert ledger.committed["default"] == Decimal("0.11")


def test_a_refusal_that_a_raised_cap_answered_stops_nothing_later(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    opened(records, objects, clock)
    records.update_control("default", ControlChanges(budget_usd=Decimal("3.00")))
    ledger = MemoryLedger()
    purse = CampaignPurse("default", records=records, ledger=ledger, clock=clock)

    def reached() -> list[str]:
        campaign, control = records.campaign("default"), records.control("default")
        bounds = reached_bounds(campaign, control, records, ledger, clock)
        return [one.reason for one in bounds]

    with pytest.raises(BudgetExceededError):
        purse.reserve(Decimal("4.02"))
    (reason,) = reached()
    assert reason == (
        "The budget of 3.00 USD leaves no room: 0.00 USD are gone or reserved, "
        "and the next step may cost 4.02 USD."
    )
    records.update_control("default", ControlChanges(budget_usd=Decimal("10.00")))
    for _ in range(22):
        assert reached() == []
        purse.settle(purse.reserve(Decimal("0.92")), _charge(Decimal("0.42")))
    with pytest.raises(BudgetExceededError, match=r"9\.24 USD are gone .* may cost 0\.92 USD"):
        purse.reserve(Decimal("0.92"))
    assert len(reached()) == 1


def test_what_the_campaign_can_go_on_without_does_not_stop_it(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    opened(records, objects, clock)
    records.update_control("default", ControlChanges(budget_usd=Decimal("1.00")))
    ledger = MemoryLedger()
    purse = CampaignPurse(
        "default", records=records, ledger=ledger, clock=clock, stops_campaign=False
    )
    with pytest.raises(BudgetExceededError, match=r"1\.00 USD leaves no room: .* cost 1\.01 USD"):
        purse.reserve(Decimal("1.01"))
    assert ledger.spending("default", clock.now().date()) == Spending()


def test_a_call_that_is_retried_after_midnight_leaves_no_room_above_the_cap_of_a_day(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    opened(records, objects, clock)
    records.update_control("default", ControlChanges(daily_budget_usd=CAP_USD))
    purse = CampaignPurse("default", records=records, ledger=MemoryLedger(), clock=clock)
    purse.reserve(Decimal("0.69"), name="deployment")
    clock.time += timedelta(days=1)
    purse.settle(purse.reserve(Decimal("0.69"), name="deployment"), _charge(Decimal("0.02")))
    purse.reserve(Decimal("0.90"))
    with pytest.raises(BudgetExceededError):
        purse.reserve(Decimal("0.75"))
