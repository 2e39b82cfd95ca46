"""Answers to people's questions by Claude, from what it looks up in the records."""

from typing import Annotated, Literal

from pydantic import Field

from adapters.claude.answers import AnswerError, MendableAnswerError, parse
from adapters.claude.connection import Client
from adapters.claude.conversation import Account, Conversation, Looked, ToolCall
from adapters.claude.pricing import price_of
from adapters.claude.prompting import asking_prompt
from adapters.claude.secrecy import as_data
from codec_lab.asking.look_ups import MAX_ROWS, LookUps
from codec_lab.asking.question import Answer
from codec_lab.dashboard.experiment_views import SortOrder
from codec_lab.dashboard.table import Wanted
from codec_lab.errors import UnknownRecordError
from codec_lab.model import Model
from codec_lab.phase import Status
from codec_lab.prompts import NoPrompts
from codec_lab.spending import Purse

PURPOSE = "ask"
BUDGET_S = 240.0
"""Seconds for all turns of an answer."""

_MAX_TURNS = 8
_MAX_OUTPUT_TOKENS = 8_000


class ShowCampaign(Model):
    """Looks the campaign up."""


class ListExperiments(Model):
    """Looks the table up."""

    status: Literal["queued", "running", "completed", "needs_human", "abandoned"] | None
    text: str | None
    sort: Literal[
        "-updated_at", "number", "-number", "bd_rate_percent", "-bd_rate_percent", "-cost_usd"
    ]
    skip: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS)]


class OneExperiment(Model):
    """Looks one experiment up."""

    experiment_id: str


class WriteAnswer(Model):
    """Ends the conversation."""

    answer: Annotated[str, Field(min_length=1, max_length=8000)]
    experiment_ids: tuple[str, ...]


TOOLS: dict[str, type[Model]] = {
    "show_campaign": ShowCampaign,
    "list_experiments": ListExperiments,
    "show_experiment": OneExperiment,
    "show_attempts": OneExperiment,
    "show_diff": OneExperiment,
    "answer": WriteAnswer,
}
"""What may be used; none of it writes."""


class Interview(Conversation):
    """A conversation of short turns with look-ups."""

    max_turns = _MAX_TURNS
    max_output_tokens = _MAX_OUTPUT_TOKENS

    @staticmethod
    def system() -> str:
        """Give what is said before the question."""
        return asking_prompt()


class ClaudeRespondent:
    """Keeps the port ``Respondent``.

    Parameters
    ----------
    client : Client
        The service.
    model : str
        Which model answers.
    purse : Purse
        What pays.
    budget_s : float
        Seconds for one answer.

    Raises
    ------
    ConfigurationError
        If the model's price is unknown.
    """

    def __init__(
        self, client: Client, model: str, *, purse: Purse, budget_s: float = BUDGET_S
    ) -> None:
        price_of(model)
        self._client, self._model, self._budget_s = client, model, budget_s
        self._account = Account(purse, NoPrompts(), PURPOSE)

    def answer(self, question: str, look_ups: LookUps) -> Answer:
        """Answer from what the model looks up.

        Raises
        ------
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, BudgetExceededError
            As ``Conversation.settle`` says.
        """
        interview = Interview(
            self._client,
            self._model,
            tools=tuple(TOOLS),
            question=question,
            account=self._account,
            budget_s=self._budget_s,
        )
        written = interview.settle(lambda call: _respond(call, look_ups))
        return Answer(
            written.answer, written.experiment_ids, interview.answered_by, interview.cost_usd
        )


def _respond(call: ToolCall, look_ups: LookUps) -> WriteAnswer | Looked:
    """Look up what a tool call names, or take the answer."""
    try:
        wanted = parse(TOOLS[call.name], call.input_json or "{}")
    except AnswerError as error:
        raise MendableAnswerError(str(error)) from error
    if isinstance(wanted, WriteAnswer):
        return wanted
    try:
        return Looked(as_data(call.name, _look_up(call.name, wanted, look_ups)))
    except UnknownRecordError as error:
        raise MendableAnswerError(str(error)) from error


def _look_up(name: str, wanted: Model, look_ups: LookUps) -> str:
    match wanted:
        case ListExperiments():
            return look_ups.experiments(
                Wanted(
                    status=None if wanted.status is None else Status(wanted.status),
                    text=wanted.text,
                    sort=SortOrder(wanted.sort),
                    skip=wanted.skip,
                    limit=wanted.limit,
                )
            )
        case OneExperiment(experiment_id=experiment_id):
            of_experiment = {
                "show_experiment": look_ups.experiment,
                "show_attempts": look_ups.attempts,
                "show_diff": look_ups.diff,
            }
            return of_experiment[name](experiment_id)
        case _:
            return look_ups.campaign()
