"""The state ``NotifyHuman``."""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from adapters.sns import SnsNotifier
from codec_lab.events import NotifyResult, PhaseRequest
from codec_lab.notice import HEADLINE, reason_line
from codec_lab.notifying import notify_human
from lambdas.connections import records
from lambdas.environment import FunctionEnvironment
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(FunctionEnvironment):
    """What this function is told."""

    table: str
    topic_arn: str


environment = Environment.read()


@cache
def _notifier() -> SnsNotifier:
    return SnsNotifier(environment.topic_arn, boto3.client("sns"))


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Tell a person that an experiment waits for an answer."""
    request = PhaseRequest.model_validate(event)
    log_about(request, context)
    notice, reason = notify_human(
        request,
        records=records(environment.table),
        notifier=_notifier(),
    )
    logger.error(HEADLINE)
    logger.error(reason_line(reason))
    return NotifyResult(subject=notice.subject).model_dump(mode="json")
