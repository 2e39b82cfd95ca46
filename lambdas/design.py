"""The state ``Design``."""

from typing import TYPE_CHECKING, Any

from codec_lab.designing import design
from codec_lab.events import PhaseRequest
from codec_lab.phase import Phase
from lambdas.connections import clock, objects, records
from lambdas.metering import metered
from lambdas.minds import MindEnvironment, designer_of
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


environment = MindEnvironment.read()


@metered(environment, "design")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Have a mind write the experiment's candidate."""
    request = PhaseRequest.model_validate(event)
    log_about(request, context)
    logger.info(Phase.DESIGN.headline)
    result = design(
        request,
        records=records(environment.table),
        objects=objects(environment.bucket),
        designer_of=designer_of(environment, request),
        clock=clock,
    )
    logger.info("Designed candidate %s. %s", result.candidate_sha256[:12], result.change)
    return result.model_dump(mode="json")
