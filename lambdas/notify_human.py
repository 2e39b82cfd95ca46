"""The state ``NotifyHuman``."""

from typing import TYPE_CHECKING, Any

from codec_lab.events import NotifyResult, PhaseRequest
from codec_lab.notifying import notify_human
from lambdas.connections import records
from lambdas.notifying import NotifyingEnvironment, dashboard_url, notifier
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = NotifyingEnvironment.read()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Tell a person that an experiment waits for an answer."""
    request = PhaseRequest.model_validate(event)
    log_about(request, context)
    notified = notify_human(
        request,
        records=records(environment.table),
        notifier=notifier(environment.topic_arn),
        dashboard_url=dashboard_url(),
    )
    for line in notified.lines:
        logger.error(line)
    return NotifyResult(subject=notified.notice.subject).model_dump(mode="json")
