"""What a person may order on the dashboard, and what was ordered."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from codec_lab.campaign import Bounds
from codec_lab.model import Model
from codec_lab.phase import Phase

MAX_HINT = 4000
"""Characters of a hint."""

IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Version = Annotated[int, Field(ge=0)]


class Role(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class Session(Model):
    """Who asks."""

    user: str
    role: Role


class CommandName(StrEnum):
    """Every command."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RUN_ONE = "run_one"
    BUDGETS = "budgets"
    RERUN = "rerun"
    ANSWER = "answer"
    ASK = "ask"


class Versioned(Model):
    """A command with the version of the campaign or experiment that its author saw."""

    version: Version


class Budgets(Bounds, Versioned):
    """New bounds of a campaign, as in ``Control``; one that is not given stays, null is none."""

    experiment_limit: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class AnswerAction(StrEnum):
    """What a person decides about an experiment that asks."""

    RESUME = "resume"
    """Go on with a hint."""

    RETRY = "retry"
    """Try the phase again as it is."""

    ABANDON = "abandon"
    """Give it up; its record stays."""


class AnswerCommand(Versioned):
    """An answer to an experiment's question.

    Attributes
    ----------
    hint : str or None
        Advice for the mind; ``resume`` needs it, the others take none.
    phase : Phase or None
        Where to go on; None is where it stopped.
    """

    action: AnswerAction
    hint: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_HINT)] | None = (
        None
    )
    phase: Phase | None = None

    @model_validator(mode="after")
    def _a_hint_goes_with_resume(self) -> Self:
        if (self.action is AnswerAction.RESUME) != bool(self.hint):
            raise ValueError("a hint is needed to resume, and for nothing else")
        return self


class AuditEntry(Model):
    """Who ordered what, and what became of it.

    Attributes
    ----------
    subject_id : str
        The campaign or experiment.
    request : str
        The command's body as JSON.
    done : bool
        Whether it was carried out; neither done nor refused, it is under way.
    refusal : str or None
        Why nothing was done.
    """

    key: IdempotencyKey
    command: CommandName
    campaign_id: str
    subject_id: str
    user: str
    at: datetime
    request: str
    done: bool
    refusal: str | None


class AuditTrail(Model):
    """The last commands of a campaign, the latest first."""

    entries: tuple[AuditEntry, ...]
