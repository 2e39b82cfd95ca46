"""Who asks, as the authorizer in front of the function proved it."""

from collections.abc import Mapping
from typing import Any

from codec_lab.dashboard.command_models import Role, Session
from codec_lab.errors import CodecLabError


class UnauthorizedError(CodecLabError):
    """Nobody is known to ask."""


class ForbiddenError(CodecLabError):
    """Who asks may not do that."""


def session_of(event: Mapping[str, Any]) -> Session:
    """Read who asks from the claims that the authorizer has verified.

    Raises
    ------
    UnauthorizedError
        If no authorizer let the request through.
    ForbiddenError
        If the person belongs to none of the groups.
    """
    authorizer = event.get("requestContext", {}).get("authorizer", {})
    claims = authorizer.get("jwt", {}).get("claims")
    if not claims:
        raise UnauthorizedError("Sign in first.")
    # A token that tells a page who signed in, or renews a sign-in, is of the same pool and client.
    if claims.get("token_use", "access") != "access":
        raise UnauthorizedError("This token lets nobody ask; send the access token.")
    user = str(claims.get("username") or claims.get("sub", ""))
    # API Gateway hands an array over as text: "[operator viewer]".
    groups = str(claims.get("cognito:groups", "")).strip("[]").replace(",", " ").split()
    for role in (Role.OPERATOR, Role.VIEWER):
        if role in groups:
            return Session(user=user, role=role)
    raise ForbiddenError(f"{user} is in neither of the groups viewer and operator.")


def check_may_order(session: Session, headers: Mapping[str, str], origin: str) -> None:
    """Let an operator order from the dashboard's own pages, or from no browser at all.

    Raises
    ------
    ForbiddenError
        If a viewer orders, or a page of another origin does.
    """
    if session.role is not Role.OPERATOR:
        raise ForbiddenError("A viewer may look and not order; ask for the role operator.")
    asked_from = headers.get("origin")
    if asked_from not in {None, origin}:
        raise ForbiddenError("Commands are taken from the dashboard's own pages alone.")
