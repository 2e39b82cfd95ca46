"""The function behind ``/api``."""

from typing import TYPE_CHECKING, Any

from lambdas.dashboard.transport import answer
from lambdas.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a request, and log who asked for what; neither headers nor bodies are logged."""
    request = event["requestContext"]["http"]
    response = answer(event, context)
    logger.clear_state()
    logger.info(
        "%s %s: %s",
        request["method"],
        request["path"],
        response["statusCode"],
        extra={"request_id": context.aws_request_id},
    )
    return response
