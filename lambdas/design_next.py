"""The state ``DesignNext``."""

from typing import TYPE_CHECKING, Any

from codec_lab.designing_next import design_next
from codec_lab.events import PhaseRequest
from codec_lab.phase import Phase
from lambdas.connections import clock, records
from lambdas.metering import MeteredEnvironment, metered
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


environment = MeteredEnvironment.read()


@metered(environment, "design_next")
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Choose the next design's parent and complete the experiment."""
    request = PhaseRequest.model_validate(event)
    log_about(request, context)
    logger.info(Phase.DESIGN_NEXT.headline)
    result = design_next(
        request,
        records=records(environment.table),
        clock=clock,
    )
    logger.info("The next design starts from %s. %s", result.parent_sha256[:12], result.reason)
    logger.info("EXPERIMENT COMPLETED SUCCESSFULLY")
    return result.model_dump(mode="json")
