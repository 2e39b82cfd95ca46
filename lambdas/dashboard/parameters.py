"""What routes share: their parameters and the answers they declare."""

from collections.abc import Mapping
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query

from codec_lab.campaign import CampaignName
from codec_lab.dashboard.command_models import IdempotencyKey
from codec_lab.dashboard.problems import Problem
from codec_lab.model import Model, Name

CampaignId = Annotated[CampaignName, Path(description="A campaign's name.")]
ExperimentId = Annotated[Name, Path(description="An experiment's name.")]
Key = Annotated[
    IdempotencyKey,
    Header(
        alias="Idempotency-Key",
        description="Random; the same command sent again with it is carried out once.",
    ),
]
Cursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,16}$",
        description="From the answer before; for experiments the number of rows to skip.",
    ),
]


def _json(model: type[Model], description: str) -> Mapping[str, Any]:
    return {"description": description, "content": {"application/json": {"model": model}}}


REFUSALS: dict[int, Any] = {
    401: _json(Problem, "Who asks is not known."),
    403: _json(Problem, "Who asks may not do that."),
    404: _json(Problem, "There is no such thing."),
    422: _json(Problem, "The request cannot be understood."),
}


PAGE: dict[int, Any] = {
    200: {"description": "The page.", "content": {"text/html": {"schema": {}}}},
    **REFUSALS,
}
PICTURE: dict[int, Any] = {
    200: {"description": "The picture.", "content": {"image/png": {"schema": {}}}},
    **REFUSALS,
}


def answers(model: type[Model]) -> dict[int, Any]:
    """Declare the answers to a query."""
    return {200: _json(model, "As it is."), **REFUSALS}


def outcomes(model: type[Model]) -> dict[int, Any]:
    """Declare the answers to a command."""
    conflict = _json(Problem, "Somebody else was first; `current` is how things stand now.")
    return {**answers(model), 200: _json(model, "As it is now."), 409: conflict}
