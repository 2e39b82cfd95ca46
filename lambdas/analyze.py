"""The state ``Analyze``."""

from typing import TYPE_CHECKING, Any

from codec_lab.analyzing import analyze
from codec_lab.events import PhaseRequest
from codec_lab.phase import Phase
from lambdas.connections import clock, objects, records
from lambdas.metering import metered
from lambdas.minds import MindEnvironment, analyst_of
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


environment = MindEnvironment.read()


@metered(environment, "analysis")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Sum up what was measured."""
    request = PhaseRequest.model_validate(event)
    log_about(request, context)
    logger.info(Phase.ANALYSIS.headline)
    result = analyze(
        request,
        records=records(environment.table),
        objects=objects(environment.bucket),
        clock=clock,
        analyst_of=analyst_of(environment, request),
    )
    logger.info(result.analysis)
    return result.model_dump(mode="json")
