"""The states ``JudgeValidation`` and ``JudgeExecution``."""

from typing import TYPE_CHECKING, Any

from codec_lab.errors import CandidateFaultError
from codec_lab.events import JudgeRequest
from codec_lab.judging import judge
from codec_lab.phase import MAX_ATTEMPTS
from lambdas.connections import bench_costs, clock, objects, records
from lambdas.metering import MeteredEnvironment, metered
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(MeteredEnvironment):
    """What this function is told."""

    bucket: str


environment = Environment.read()


@metered(environment, "judge")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Believe the verdict of a job, or raise its fault."""
    request = JudgeRequest.model_validate(event)
    log_about(request.job, context)
    attempt = f"{request.job.kind} attempt {request.job.attempt}/{MAX_ATTEMPTS}"
    try:
        result = judge(
            request,
            records=records(environment.table),
            objects=objects(environment.bucket),
            clock=clock,
            bench=bench_costs(environment.table, environment.bucket)
            if environment.on_aws
            else None,
        )
    except CandidateFaultError as fault:
        logger.warning("The %s failed: %s: %s", attempt, type(fault).__name__, fault)
        raise
    logger.info("The %s passed%s", attempt, "; the screen stops it" if result.stopped else "")
    return result.model_dump(mode="json")
