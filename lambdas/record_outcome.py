"""The state ``RecordOutcome``."""

from typing import TYPE_CHECKING, Any

from codec_lab.events import OutcomeRequest
from codec_lab.recording_outcome import record_outcome
from lambdas.connections import (
    change_sets,
    clock,
    executions,
    listing,
    objects,
    records,
)
from lambdas.notifying import NotifyingEnvironment, human_asked_by
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(NotifyingEnvironment):
    """What this function is told."""

    bucket: str
    experiment_state_machine_arn: str


environment = Environment.read()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Count the outcome and choose the pause."""
    request = OutcomeRequest.model_validate(event)
    log_about(request, context)
    result = record_outcome(
        request,
        records=records(environment.table),
        listing=listing(environment.table, environment.bucket),
        objects=objects(environment.bucket),
        change_sets=change_sets(environment.table),
        executions=executions(environment.experiment_state_machine_arn),
        ask_human=human_asked_by(environment),
        clock=clock,
    )
    logger.info(
        "The next experiment starts in %d s; failures in a row: %d",
        result.pause_s,
        result.failures_in_a_row,
    )
    if result.rolled_back is not None:
        logger.warning("The framework was rolled back: %s", result.rolled_back)
    return result.model_dump(mode="json")
