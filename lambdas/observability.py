"""Structured logs whose messages are the lines that operators search for."""

from functools import cache
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers

from codec_lab.model import Model

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MODEL_CALLS = "adapters.claude.conversation"
"""The logger that says what each call to a model used."""

logger = Logger(service="codec-lab")


@cache
def log_model_calls() -> None:
    """Write what the calls to a model used into the same structured log."""
    copy_config_to_registered_loggers(source_logger=logger, include={MODEL_CALLS})


def log_about(subject: Model, context: "LambdaContext") -> None:
    """Put the request and its experiment into every line of this invocation."""
    named = subject.model_dump(mode="json", include={"experiment_id", "campaign_id", "run"})
    logger.clear_state()
    logger.append_keys(request_id=context.aws_request_id, **named)
