"""The service's failures as errors that the state machine matches."""

from __future__ import annotations

import time
import traceback
from decimal import Decimal

import anthropic
import pytest

from adapters.claude.answers import MendableAnswerError
from adapters.claude.conversation import Account, Conversation, ToolCall
from adapters.claude.designer import ClaudeDesigner
from codec_lab.errors import (
    CodecLabError,
    ConfigurationError,
    DesignRejectedError,
    ModelRefusedError,
    ModelUnavailableError,
)
from codec_lab.minds import DesignTask
from codec_lab.prompts import NoPrompts
from codec_lab.spending import OpenPurse
from tests.unit.claude.fake_service import Failure, FakeService, Raw, Reply, Tool, wire
from tests.unit.claude.tasks import KEY

MODEL = "claude-opus-5-5"
DESIGN = Reply(
    [
        Tool(
            "edit_parent",
            {
                "files": [],
                "edits": [{"file": "codec.py", "old": "STEP = 9", "new": "STEP = 7"}],
                "change": "Less.",
                "hypothesis": "Finer.",
                "expected_bd_rate_percent": None,
            },
        )
    ]
)
INPUT_USD = Decimal("0.00722")  # message_start: all of the input and one token of output
OVERLOADED = {"type": "overloaded_error", "message": "Overloaded"}

Step = Reply | Failure | Raw


def failing(
    service: FakeService, client: anthropic.Anthropic, task: DesignTask, *steps: Step
) -> CodecLabError:
    """Design until the error, and look for the key in all that a log would print of it."""
    service.script = list(steps)
    with pytest.raises(CodecLabError) as raised:
        ClaudeDesigner(client, MODEL).design(task)
    assert KEY not in "".join(traceback.format_exception(raised.value))
    assert service.script == []
    return raised.value


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (Failure(400, "invalid_request_error", "bad"), ModelRefusedError, "refuses the request"),
        (
            Failure(400, "invalid_request_error", "Your credit balance is too low"),
            ModelRefusedError,
            "no credit left",
        ),
        (Failure(401, "authentication_error", "invalid {key}"), ModelRefusedError, "the API key"),
        (Failure(402, "billing_error", "pay"), ModelRefusedError, "no credit left"),
        (Failure(403, "permission_error", "no"), ModelRefusedError, f"may not use {MODEL}"),
        (Failure(404, "not_found_error", "model"), ConfigurationError, f"no model {MODEL}"),
        (Failure(408, "timeout_error"), ModelUnavailableError, "busy"),
        (Failure(409, "conflict_error"), ModelUnavailableError, "busy"),
        (Failure(413, "request_too_large"), ModelRefusedError, "refuses the request"),
        (Failure(429, "rate_limit_error", "slow down"), ModelUnavailableError, "slow down"),
        (
            Failure(429, "rate_limit_error", "limit", "contract_spend_limit_reached"),
            ModelRefusedError,
            "no credit left",
        ),
        (Failure(500, "api_error"), ModelUnavailableError, "busy"),
        (Failure(502, "api_error", "{key}"), ModelUnavailableError, "busy"),
        (Failure(503, "api_error"), ModelUnavailableError, "busy"),
        (Failure(504, "timeout_error"), ModelUnavailableError, "busy"),
        (Failure(529, "overloaded_error"), ModelUnavailableError, "busy"),
    ],
    ids=lambda value: f"{value.status}-{value.kind}" if isinstance(value, Failure) else None,
)
def test_a_status_is_an_error_of_its_kind(
    service: FakeService,
    client: anthropic.Anthropic,
    design_task: DesignTask,
    failure: Failure,
    error: type[CodecLabError],
    words: str,
) -> None:
    raised = failing(service, client, design_task, failure)

    assert type(raised) is error
    assert words in str(raised)
    assert "\n" not in str(raised)
    assert raised.model_cost_usd == 0


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(Reply(cut_after=0), id="cut before anything"),
        pytest.param(Reply(cut_after=1), id="cut after the start"),
        pytest.param(Reply(DESIGN.blocks, cut_after=6), id="cut within the tool's input"),
        pytest.param(Reply(DESIGN.blocks, stop_reason=None), id="ended without a reason"),
        pytest.param(Reply(error=OVERLOADED), id="overloaded within the stream"),
        pytest.param(Raw(b""), id="empty"),
        pytest.param(Raw(b"<html>bad gateway</html>"), id="a page"),
        pytest.param(Raw(b"event: message_start\ndata: {nonsense\n\n"), id="broken event"),
        pytest.param(Raw(b"event: message_start\ndata: \xff\xfe\n\n"), id="no text"),
        pytest.param(Raw(wire("message_start", {})), id="a start without a message"),
        pytest.param(Raw(wire("message_start", {"message": {"id": "m"}})), id="no usage"),
        pytest.param(Raw(wire("message_stop", {})), id="an end without a start"),
        pytest.param(
            Raw(wire("content_block_delta", {"index": 3, "delta": {}})), id="a block never begun"
        ),
    ],
)
def test_a_broken_stream_is_a_service_that_is_away(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask, step: Step
) -> None:
    assert type(failing(service, client, design_task, step)) is ModelUnavailableError


def test_what_a_broken_stream_had_cost_is_known(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    raised = failing(service, client, design_task, Reply(error=OVERLOADED))
    assert raised.model_cost_usd == INPUT_USD


def test_a_paid_turn_before_a_failure_is_known(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    raised = failing(service, client, design_task, DESIGN, Failure(529, "overloaded_error"))
    assert type(raised) is ModelUnavailableError
    assert raised.model_cost_usd == Decimal("0.0172")


def test_silence_ends_after_the_timeout(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply(DESIGN.blocks, pause_s=30)]

    with pytest.raises(ModelUnavailableError, match="silent for too long"):
        ClaudeDesigner(client.with_options(timeout=0.5), MODEL).design(design_task)


def test_a_slow_answer_ends_with_the_budget(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply(DESIGN.blocks, pause_s=0.2)]  # and a dozen events

    with pytest.raises(ModelUnavailableError, match="too slow"):
        ClaudeDesigner(client, MODEL, budget_s=1).design(design_task)


def test_a_stream_of_pings_ends_with_the_budget(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply(DESIGN.blocks, pings=300, pause_s=0.1)]

    with pytest.raises(ModelUnavailableError, match="too slow") as raised:
        ClaudeDesigner(client, MODEL, budget_s=1).design(design_task)

    assert raised.value.model_cost_usd == INPUT_USD


def test_silence_ends_with_the_budget(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply(DESIGN.blocks, pause_s=3600)]  # past the time limit of any test

    with pytest.raises(ModelUnavailableError, match=r"too slow|silent for too long"):
        ClaudeDesigner(client, MODEL, budget_s=0.3).design(design_task)


def test_no_turn_begins_that_cannot_end_in_time(
    service: FakeService, client: anthropic.Anthropic
) -> None:
    account = Account(OpenPurse(), NoPrompts(), "design")
    conversation = Conversation(
        client, MODEL, tools=("edit_parent",), question="?", account=account, budget_s=2.0
    )

    def refuse(_: ToolCall) -> None:
        time.sleep(1.9)
        raise MendableAnswerError("It misses.")

    service.script = [DESIGN]
    with pytest.raises(DesignRejectedError, match=r"no time for another answer.*It misses\."):
        conversation.settle(refuse)
    assert len(service.requests) == 1


def test_no_service_at_all(client: anthropic.Anthropic, design_task: DesignTask) -> None:
    nowhere = client.with_options(base_url="http://127.0.0.1:9")
    with pytest.raises(ModelUnavailableError, match="connection to Anthropic's API failed"):
        ClaudeDesigner(nowhere, MODEL).design(design_task)


def test_the_sdk_itself_does_not_retry(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    failing(service, client, design_task, Failure(529, "overloaded_error"))
    assert len(service.requests) == 1
