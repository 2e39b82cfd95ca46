"""Each turn is reserved at its worst cost and settled at what it used."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import anthropic
import pytest

from adapters.claude.conversation import MAX_OUTPUT_TOKENS
from adapters.claude.designer import ClaudeDesigner
from codec_lab.charge import Charge, Reserved, Service
from codec_lab.errors import BudgetExceededError, ModelUnavailableError
from codec_lab.minds import DesignTask
from tests.unit.claude.fake_service import Failure, FakeService, Reply, Tool
from tests.unit.claude.test_designs import ANSWER_USD, MODEL, edit


class KeptPurse:
    """A purse that remembers, with room for some reservations."""

    def __init__(self, room: int = 9) -> None:
        self.room = room
        self.reserved: list[Decimal] = []
        self.settled: list[Decimal] = []
        self.charges: list[Charge] = []

    def reserve(self, amount_usd: Decimal) -> Reserved:
        if len(self.reserved) == self.room:
            raise BudgetExceededError("A call does not fit.")
        self.reserved.append(amount_usd)
        return Reserved(str(len(self.reserved)), amount_usd, date(2026, 1, 1))

    def settle(self, reserved: Reserved, *charges: Charge) -> None:
        cost_usd = sum((charge.usd for charge in charges), Decimal(0))
        assert reserved.amount_usd >= cost_usd
        self.settled.append(cost_usd)
        self.charges += charges


def test_every_turn_is_reserved_before_it_is_asked_and_settled_after(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([edit("STEP = 9", "STEP = 7")]), Reply([edit("STEP = 8", "STEP = 7")])]
    purse = KeptPurse()
    ClaudeDesigner(client, MODEL, purse=purse).design(design_task)
    assert purse.settled == [ANSWER_USD, ANSWER_USD]
    assert purse.charges[0] == Charge(
        service=Service.CLAUDE,
        purpose="design",
        model=MODEL,
        usd=ANSWER_USD,
        amounts={
            "input_tokens": 1000,
            "cache_write_tokens": 400,
            "cache_read_tokens": 6000,
            "output_tokens": 500,
        },
    )
    first, second = purse.reserved
    # At the least the whole answer at 20 dollars per million tokens; the prompt with the toolbox's
    # reference adds less than as much again.
    answer_usd = MAX_OUTPUT_TOKENS * Decimal("0.00002")
    assert answer_usd < first < second < 2 * answer_usd


def test_a_call_that_does_not_fit_is_not_made(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([edit("STEP = 9", "STEP = 7")])]
    with pytest.raises(BudgetExceededError, match="does not fit") as raised:
        ClaudeDesigner(client, MODEL, purse=KeptPurse(room=1)).design(design_task)
    assert len(service.requests) == 1
    assert raised.value.model_cost_usd == ANSWER_USD


def test_what_the_service_refuses_is_given_back(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Failure(429, "rate_limit_error")]
    purse = KeptPurse()
    with pytest.raises(ModelUnavailableError):
        ClaudeDesigner(client, MODEL, purse=purse).design(design_task)
    assert purse.settled == [0]


def test_what_never_reached_the_service_is_given_back(
    client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    nowhere = client.with_options(base_url="http://127.0.0.1:9")
    purse = KeptPurse()
    with pytest.raises(ModelUnavailableError, match="connection to Anthropic's API failed"):
        ClaudeDesigner(nowhere, MODEL, purse=purse).design(design_task)
    assert purse.settled == [0]


def test_the_reservation_of_a_request_without_an_answer_stays(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply(pause_s=1.0)]
    purse = KeptPurse()
    with pytest.raises(ModelUnavailableError, match="silent for too long"):
        ClaudeDesigner(client.with_options(timeout=0.2), MODEL, purse=purse).design(design_task)
    assert len(purse.reserved) == 1
    assert purse.settled == []


def test_the_reservation_of_a_cut_answer_stays(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([Tool("write_candidate", {"files": []})], cut_after=4)]
    purse = KeptPurse()
    with pytest.raises(ModelUnavailableError):
        ClaudeDesigner(client, MODEL, purse=purse).design(design_task)
    assert len(purse.reserved) == 1
    assert purse.settled == []
