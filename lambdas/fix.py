"""The states ``FixValidation`` and ``FixExecution``."""

from typing import TYPE_CHECKING, Any

from codec_lab.events import FixRequest
from codec_lab.fixing import fix
from lambdas.connections import bench_costs, change_sets, clock, objects, records
from lambdas.metering import metered
from lambdas.minds import MindEnvironment, fixer_of
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = MindEnvironment.read()


@metered(environment, "fix")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Have a mind change what failed."""
    request = FixRequest.model_validate(event)
    log_about(request, context)
    result = fix(
        request,
        records=records(environment.table),
        objects=objects(environment.bucket),
        change_sets=change_sets(environment.table),
        fixer_of=fixer_of(environment, request),
        clock=clock,
        bench=bench_costs(environment.table, environment.bucket) if environment.on_aws else None,
    )
    logger.info("Fixed %s attempt %d: %s", request.phase, request.attempt, result.reason)
    return result.model_dump(mode="json")
