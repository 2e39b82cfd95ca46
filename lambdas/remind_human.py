"""The function that reminds of questions nobody has answered; a schedule calls it."""

from typing import TYPE_CHECKING, Any

from adapters.experiment_listing import campaign_ids
from codec_lab.reminding import remind
from lambdas.connections import clock, lab_table, records
from lambdas.notifying import NotifyingEnvironment, dashboard_url, notifier
from lambdas.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = NotifyingEnvironment.read()


def handler(_event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Remind a person of every question that has waited for a day."""
    logger.clear_state()
    logger.append_keys(request_id=context.aws_request_id)
    subjects = []
    for notice in remind(
        campaign_ids(lab_table(environment.table)),
        records=records(environment.table),
        notifier=notifier(environment.topic_arn),
        dashboard_url=dashboard_url(),
        clock=clock,
    ):
        logger.warning(notice.subject)
        subjects.append(notice.subject)
    return {"subjects": subjects}
