"""The API with every route, and its description in OpenAPI."""

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from lambdas.dashboard import (
    campaign_routes,
    command_routes,
    experiment_routes,
    framework_routes,
    question_routes,
    report_routes,
)
from lambdas.dashboard.application import app

__all__ = [
    "app",
    "campaign_routes",
    "command_routes",
    "experiment_routes",
    "framework_routes",
    "openapi_document",
    "question_routes",
    "report_routes",
]

DESCRIPTION = """The API of the dashboard, under the same origin as its pages.

Every request carries `Authorization: Bearer TOKEN`; there are no cookies. `/admin/config.json`,
which needs no token, says where tokens come from: `{"sign_in": "token"}` on one machine, where the
printed address ends with `#token=TOKEN`, or `{"sign_in": "oidc", "authority": …, "client_id": …,
"sign_in_domain": …}` for the authorization code flow with PKCE. Both take the access token.

Answers to GET carry a weak `ETag`; `If-None-Match` is answered by 304. The header `Date` tells how
old an answer is. A refusal is a `Problem`: one sentence, and after a conflict how things stand now.

Every order needs the role operator and a random `Idempotency-Key`; all but a question also the
`version` that its author saw: of the campaign's settings, or the run of the experiment.
"""

app.configure_openapi(
    title="Codec Lab",
    version="1",
    description=DESCRIPTION,
    security_schemes={"token": HTTPBearer(bearerFormat="JWT")},
    security=[{"token": []}],
)


def openapi_document() -> str:
    """Write the API's description as JSON."""
    return app.get_openapi_json_schema()
