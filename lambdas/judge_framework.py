"""The state ``JudgeFramework``."""

from typing import TYPE_CHECKING, Any

from codec_lab.events import FrameworkRequest
from codec_lab.judging_framework import judge_framework
from lambdas.connections import bench_costs, change_sets, clock, objects, records
from lambdas.metering import MeteredEnvironment, metered
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(MeteredEnvironment):
    """What this function is told."""

    bucket: str


environment = Environment.read()


@metered(environment, "fix")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Adopt or refuse a version of the framework."""
    request = FrameworkRequest.model_validate(event)
    log_about(request, context)
    result = judge_framework(
        request,
        records=records(environment.table),
        objects=objects(environment.bucket),
        change_sets=change_sets(environment.table),
        clock=clock,
        bench=bench_costs(environment.table, environment.bucket) if environment.on_aws else None,
    )
    logger.info(
        "Framework version %d is %s. %s",
        result.framework_version,
        "adopted" if result.adopted else "rejected",
        result.reason,
    )
    return result.model_dump(mode="json")
