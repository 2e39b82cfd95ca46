"""The state ``JudgeFramework``."""

from typing import TYPE_CHECKING, Any

from codec_lab.events import FrameworkRequest
from codec_lab.judging_framework import judge_framework
from lambdas.connections import change_sets, clock, objects, records
from lambdas.environment import FunctionEnvironment
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(FunctionEnvironment):
    """What this function is told."""

    table: str
    bucket: str


environment = Environment.read()


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
    )
    logger.info(
        "Framework version %d is %s. %s",
        result.framework_version,
        "adopted" if result.adopted else "rejected",
        result.reason,
    )
    return result.model_dump(mode="json")
