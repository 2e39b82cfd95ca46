"""One attempt of the model: a question, and its answer by a tool."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import NamedTuple, TypeVar

import anthropic
import httpx2
from anthropic.types import Message, MessageParam, TextBlockParam, ToolParam, ToolUseBlock

from adapters.claude.answers import AnswerError, MendableAnswerError
from adapters.claude.connection import Client
from adapters.claude.deadline import Deadline
from adapters.claude.errors import service_errors
from adapters.claude.pricing import price_of
from adapters.claude.prompt_text import written
from adapters.claude.prompting import system_prompt, tool
from adapters.claude.secrecy import MAX_REFUSAL_CHARACTERS, excerpt, redactor
from codec_lab.charge import Charge, Reserved, Service
from codec_lab.errors import CodecLabError, DesignRejectedError, ModelUnavailableError
from codec_lab.prompts import Prompts
from codec_lab.spending import Purse

BUDGET_S = 780.0
"""Seconds for all turns of an attempt: a Lambda function has 900."""
MIN_TURN = 0.1
"""Part of those that must be left for another turn to begin."""
MAX_OUTPUT_TOKENS = 32_000
"""Thinking included; more would not fit into the time."""
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
"""Failures before a byte of a request was sent."""
MAX_REPLY_CHARACTERS = 2_000_000
MAX_TURNS = 3

logger = logging.getLogger(__name__)
_Accepted = TypeVar("_Accepted")


class ToolCall(NamedTuple):
    """The tool that the model chose, and its input as it wrote it."""

    name: str
    input_json: str


class Looked(NamedTuple):
    """What a tool found that the model goes on with."""

    text: str


class Account(NamedTuple):
    """What pays for answers, where prompts are kept before they are sent, and what both are for."""

    purse: Purse
    prompts: Prompts
    purpose: str


class Conversation:
    """Asks until an answer is accepted, a few times at most.

    What is not about a codec overrides the number of turns, their length and what is said before
    the question.

    Parameters
    ----------
    client : Client
        The service.
    model : str
        Which model answers; its price must be known.
    tools : sequence of str
        The tools it may answer by.
    question : str
        The first message.
    account : Account
        Each turn's worst cost is reserved there before it is asked.
    budget_s : float
        Seconds for all turns.

    Attributes
    ----------
    cost_usd : Decimal
        What all turns so far cost.
    answered_by : str
        The model as the service names it.
    prompt_key : str or None
        Where what was sent last is kept.
    """

    max_turns = MAX_TURNS
    max_output_tokens = MAX_OUTPUT_TOKENS

    def __init__(
        self,
        client: Client,
        model: str,
        *,
        tools: Sequence[str],
        question: str,
        account: Account,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._client, self._model, self._price = client, model, price_of(model)
        self._purse, self._prompts, self._purpose = account
        self._redact = redactor(client.api_key)
        self._tools: list[ToolParam] = [tool(name) for name in tools]
        self._messages: list[MessageParam] = [{"role": "user", "content": self._redact(question)}]
        self._budget_s, self._deadline = budget_s, Deadline(budget_s)
        self.cost_usd = Decimal(0)
        self.answered_by = model
        self.prompt_key: str | None = None

    @staticmethod
    def system() -> str:
        """Give what is said before the question."""
        return system_prompt()

    def settle(self, accept: Callable[[ToolCall], _Accepted | Looked]) -> _Accepted:
        """Ask, and tell the model what is wrong with an answer that can be mended.

        Parameters
        ----------
        accept : callable
            Takes a tool call, says what it looked up for it, or raises an ``AnswerError``.

        Raises
        ------
        DesignRejectedError
            If there is no usable answer.
        ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``service_errors`` says. Every error carries the cost of all turns.
        """
        try:
            return self._settle(accept)
        except CodecLabError as error:
            error.model_cost_usd = self.cost_usd
            raise

    def _settle(self, accept: Callable[[ToolCall], _Accepted | Looked]) -> _Accepted:
        problem = "it went on looking things up"
        for turn in range(self.max_turns):
            if turn and self._deadline.remaining_s < self._budget_s * MIN_TURN:
                raise self._rejected(
                    f"There was no time for another answer; of the last: {problem}"
                )
            try:
                message, input_json = self._ask()
                chosen = self._chosen(message)
                try:
                    accepted = accept(ToolCall(chosen.name, self._redact(input_json)))
                except MendableAnswerError as error:
                    problem = self._reason(str(error))
                    said = f"{problem} Use the tool again, with the whole answer."
                    self._say(message, chosen, said, is_error=True)
                    continue
                if not isinstance(accepted, Looked):
                    return accepted
                self._say(message, chosen, self._redact(accepted.text), is_error=False)
            except AnswerError as error:
                raise self._rejected(str(error)) from None
        raise self._rejected(f"{self.max_turns} answers failed, the last: {problem}")

    def _rejected(self, why: str) -> DesignRejectedError:
        return DesignRejectedError(self._reason(why))

    def _reason(self, why: str) -> str:
        """Give a reason without the key and no longer than records and prompts take it."""
        return excerpt(self._redact(why), MAX_REFUSAL_CHARACTERS)

    def _ask(self) -> tuple[Message, str]:
        began = time.monotonic()
        system: TextBlockParam = {
            "type": "text",
            "text": self.system(),
            "cache_control": {"type": "ephemeral"},
        }
        self.prompt_key = self._prompts.keep(self._redact(written(system, self._messages)))
        sent = json.dumps([system, self._messages, self._tools])
        reserved = self._purse.reserve(self._price.worst_usd(len(sent), self.max_output_tokens))
        # The tool choice is free: models that always think refuse a forced one.
        request = self._client.messages.stream(
            model=self._model,
            max_tokens=self.max_output_tokens,
            system=[system],
            messages=self._messages,
            tools=self._tools,
            tool_choice={"type": "auto", "disable_parallel_tool_use": True},
            timeout=self._deadline.timeout(self._client.timeout),
        )
        with (
            service_errors(self._model, self._redact),
            self._paid(reserved),
            request as stream,
            self._deadline.holds(stream.response, self._model),
        ):
            try:
                input_json = self._read(stream)
            finally:
                self._account(stream, began, reserved)
            message = stream.current_message_snapshot
            if message.stop_reason is None:
                raise ModelUnavailableError("Anthropic's API ended its stream amid the answer.")
            return message, input_json

    @contextmanager
    def _paid(self, reserved: Reserved) -> Iterator[None]:
        """Give a reservation back if the service refuses the request or never heard of it."""
        spent_usd = self.cost_usd
        try:
            yield
        except anthropic.APIStatusError as error:
            if error.status_code >= 400 and self.cost_usd == spent_usd:
                self._purse.settle(reserved)
            raise
        except anthropic.APIConnectionError as error:
            if isinstance(error.__cause__, NOT_SENT):
                self._purse.settle(reserved)
            raise

    def _read(self, stream: anthropic.MessageStream[None]) -> str:
        parts: list[str] = []
        length = 0
        try:
            for event in stream:
                if event.type == "input_json":
                    parts.append(event.partial_json)
                    length += len(event.partial_json)
                elif event.type == "text":
                    length += len(event.text)
                if length > MAX_REPLY_CHARACTERS:
                    raise AnswerError(
                        f"The answer is longer than {MAX_REPLY_CHARACTERS} characters."
                    )
        except (json.JSONDecodeError, UnicodeDecodeError):  # of the stream, not of the model
            raise
        except ValueError:  # what the SDK raises; its message holds the whole input
            raise AnswerError("The tool's input is not valid JSON.") from None
        return "".join(parts)

    def _account(
        self, stream: anthropic.MessageStream[None], began: float, reserved: Reserved
    ) -> None:
        """Add up the cost; of a broken stream it is not final, and the reservation stays."""
        try:
            message = stream.current_message_snapshot
        except AssertionError:  # broken before it began
            return
        usage, cost_usd = message.usage, self._price.cost_usd(message.usage)
        tokens = {
            "input_tokens": usage.input_tokens,
            "cache_write_tokens": usage.cache_creation_input_tokens or 0,
            "cache_read_tokens": usage.cache_read_input_tokens or 0,
            "output_tokens": usage.output_tokens,
        }
        self.cost_usd += cost_usd
        self.answered_by = message.model
        logger.info(
            "Model %s answered.",
            message.model,
            extra={
                "request_id": stream.request_id,
                "stop_reason": message.stop_reason,
                "latency_s": round(time.monotonic() - began, 3),
                **tokens,
                "cost_usd": str(cost_usd),
            },
        )
        if message.stop_reason is not None:
            charge = Charge(
                service=Service.CLAUDE,
                purpose=self._purpose,
                model=self._model,
                usd=cost_usd,
                amounts=tokens,
            )
            self._purse.settle(reserved, charge)

    def _chosen(self, message: Message) -> ToolUseBlock:
        if message.stop_reason == "refusal":
            details = message.stop_details
            why = (details.explanation or details.category) if details else None
            why = self._redact(why or "no reason given")
            raise AnswerError(f"The model refused to answer: {excerpt(why)}")
        if message.stop_reason in {"max_tokens", "model_context_window_exceeded"}:
            raise AnswerError(f"The answer was cut off at the token limit ({message.stop_reason}).")
        calls = [block for block in message.content if block.type == "tool_use"]
        if len(calls) > 1:
            raise AnswerError(f"The model used {len(calls)} tools at once, not one.")
        if not calls:
            texts = (block.text for block in message.content if block.type == "text")
            prose = self._redact(" ".join(texts))
            raise AnswerError(f"The model answered without a tool: {excerpt(prose or 'nothing')}")
        if calls[0].name not in {offered["name"] for offered in self._tools}:
            name = excerpt(self._redact(calls[0].name), 80)
            raise AnswerError(f"The model used an unknown tool: {name!r}.")
        return calls[0]

    def _say(self, message: Message, chosen: ToolUseBlock, text: str, *, is_error: bool) -> None:
        """Go on with what became of a tool call."""
        answered = json.dumps([block.to_dict() for block in message.content])
        self._messages += [
            {"role": "assistant", "content": json.loads(self._redact(answered))},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": chosen.id,
                        "is_error": is_error,
                        "content": text,
                    }
                ],
            },
        ]
