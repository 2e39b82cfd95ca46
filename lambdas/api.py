"""The function behind ``/api``."""

from typing import TYPE_CHECKING, Any

from lambdas.dashboard.resolver import app

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a request."""
    return app.resolve(event, context)
