"""A cap on money holds, whatever fails and however often it is retried."""

import random
from decimal import Decimal

import pytest

from codec_lab import parameters
from codec_lab.campaign import ControlChanges
from codec_lab.candidate import ENTRY_FILE
from codec_lab.charge import Charge, Service
from codec_lab.choosing import choose_experiment
from codec_lab.designing import design
from codec_lab.errors import BudgetExceededError, DesignRejectedError, ModelUnavailableError
from codec_lab.events import ChooseRequest, PhaseRequest
from codec_lab.experiment import ExperimentChanges
from codec_lab.minds import DesignTask
from codec_lab.phase import Status
from codec_lab.proposal import Mind, Proposal
from codec_lab.spending import CampaignPurse
from tests.fakes import (
    FakeExecutions,
    ManualClock,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
)
from tests.unit.builders import experiment, opened

CAP_USD = Decimal("1.00")
WORST_USD = Decimal("0.07")


def _charge(usd: Decimal) -> Charge:
    return Charge(service=Service.CLAUDE, purpose="design", model="claude", usd=usd)


class LostFunctionError(Exception):
    """The function ended amid its work, as after a time-out."""


class CostlyService:
    """A model whose every answer costs, also those that nobody gets."""

    def __init__(self, random_seed: int) -> None:
        self.chance = random.Random(random_seed)
        self.taken_usd = Decimal(0)

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


@pytest.mark.parametrize("random_seed", range(5))
def test_a_cap_of_a_dollar_is_never_exceeded_over_100_experiments_with_retries(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, random_seed: int
) -> None:
    opened(records, objects, clock, experiments=100, mind=Mind.CLAUDE)
    records.update_control("default", ControlChanges(budget_usd=CAP_USD))
    ledger, service = MemoryLedger(), CostlyService(random_seed)
    reasons = []
    for _ in range(100):
        choice = choose_experiment(
            ChooseRequest(campaign_id="default"),
            records=records,
            ledger=ledger,
            executions=FakeExecutions(),
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
                    records=records,
                    objects=objects,
                    designer_of=lambda mind, purse=purse: PayingMind(service, purse),
                    clock=clock,
                )
            except BudgetExceededError as error:
                reasons.append(str(error))
                break
            except (LostFunctionError, ModelUnavailableError, DesignRejectedError):
                assert service.taken_usd <= CAP_USD
                continue
            status = Status.COMPLETED
            break
        records.update_experiment(
            choice.experiment_id, ExperimentChanges(updated_at=clock.now(), status=status)
        )
        assert service.taken_usd <= ledger.committed["default"] <= CAP_USD
    assert Decimal("0.60") < service.taken_usd <= CAP_USD
    assert reasons[-1].startswith("The budget of 1.00 USD is spent:")
    assert any("does not fit" in reason for reason in reasons)


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
        BudgetExceededError, match=r"may cost 0\.06 USD does not fit\. The budget of a day of 0\.10"
    ):
        purse.reserve(Decimal("0.06"))
    records.update_control("default", ControlChanges(daily_budget_usd=Decimal("0.11")))
    purse.reserve(Decimal("0.06"))
    assert ledger.committed["default"] == Decimal("0.11")
