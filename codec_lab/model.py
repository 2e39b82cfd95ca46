"""The base of every record that crosses a boundary."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
)


class Model(BaseModel):
    """A frozen record that refuses unknown fields, NaN and infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


MAX_PLACE_CHARACTERS = 120
"""What a message says of a place: it may be a key that a model or a person wrote."""


def refusal(error: ValidationError) -> str:
    """Say in words what a model refuses first: pydantic names the class before a rule of ours."""
    return error.errors()[0]["msg"].removeprefix("Value error, ")


def located_refusal(error: ValidationError, whole: str = "the whole text") -> str:
    """Say what a model refuses first after where it stands: ``field.field: reason``."""
    return f"{place_of(error) or whole}: {refusal(error)}"


def place_of(error: ValidationError) -> str:
    """Say where what a model refuses first stands, ``field.field``; empty for the whole text."""
    return ".".join(map(str, error.errors()[0]["loc"]))[:MAX_PLACE_CHARACTERS]


def _in_utc(moment: AwareDatetime) -> AwareDatetime:
    if moment.utcoffset():
        raise ValueError("times are kept in UTC, so that their text sorts by time")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time in UTC."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
"""A name that is safe in an object key, an execution name and an address."""
