"""Structured logs whose messages are the lines that operators search for."""

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from codec_lab.model import Model

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="codec-lab")


def log_about(subject: Model, context: "LambdaContext") -> None:
    """Put the request and its experiment into every line of this invocation."""
    named = subject.model_dump(mode="json", include={"experiment_id", "campaign_id", "run"})
    logger.clear_state()
    logger.append_keys(request_id=context.aws_request_id, **named)
