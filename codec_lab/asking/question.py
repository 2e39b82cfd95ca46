"""A question about a campaign, and its answer."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple, Protocol

from pydantic import StringConstraints

from codec_lab.dashboard.command_models import IdempotencyKey
from codec_lab.model import Model, Moment, Name

MAX_QUESTION = 2000
"""Characters of a question."""


class Asked(Model):
    """What a person wants to know."""

    question: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)
    ]


class QuestionStatus(StrEnum):
    """Where a question stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    FAILED = "failed"


class Question(Model):
    """A question with what became of it.

    Attributes
    ----------
    question_id : str
        The random key it was sent with: sent again it is asked once.
    user : str
        Who asked.
    answer : str or None
        Text, never markup.
    experiment_ids : tuple of str
        The experiments of the campaign that the answer rests on.
    failure : str or None
        Why there is no answer, in a sentence.
    model : str or None
        Which model answered.
    cost_usd : float
        What the answer cost, or the failed try.
    """

    question_id: IdempotencyKey
    campaign_id: Name
    user: str
    asked_at: Moment
    question: str
    status: QuestionStatus = QuestionStatus.ASKED
    answer: str | None = None
    experiment_ids: tuple[Name, ...] = ()
    failure: str | None = None
    model: str | None = None
    cost_usd: float = 0.0


class QuestionList(Model):
    """The last questions about a campaign, the latest first.

    Attributes
    ----------
    available : bool
        Whether the lab can be asked: it has a key for the model.
    """

    available: bool
    questions: tuple[Question, ...]


class Answer(NamedTuple):
    """What a respondent found."""

    text: str
    experiment_ids: tuple[str, ...]
    model: str
    cost_usd: Decimal


class Questions(Protocol):
    """Where questions are kept."""

    def begin(self, question: Question) -> Question | None:
        """Write a question down; give the earlier one of its key instead if there is one."""

    def get(self, campaign_id: str, question_id: str) -> Question:
        """Read a question.

        Raises
        ------
        UnknownRecordError
            If there is no such question.
        """

    def finish(self, question: Question) -> None:
        """Write down what became of a question."""

    def of_campaign(self, campaign_id: str) -> Sequence[Question]:
        """Give a campaign's questions, in no order."""


class Answering(Protocol):
    """What answers a question after it was asked."""

    def start(self, campaign_id: str, question_id: str) -> None:
        """Begin to answer, and do not wait for it."""

    def is_available(self) -> bool:
        """Tell whether there is a key for the model."""
