"""Seam: the dashboard at the address of the one-machine cloud itself, for MiniStack 1.5.33.

MiniStack serves a CloudFront distribution and an HTTP API under host names of their own, which
not every machine resolves. Here ``/admin`` is asked of the distribution and ``/api`` of the HTTP
API that were deployed, as CloudFront's behaviours do on AWS; the AWS endpoint answers everything
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import apigateway, cloudfront

Scope = dict[str, Any]

_OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})


def with_dashboard(application: Any) -> Any:
    """Put the dashboard in front of MiniStack.

    Parameters
    ----------
    application
        MiniStack's ASGI application.
    """

    async def front(scope: Scope, receive: Any, send: Any) -> None:
        await application(_addressed(scope), receive, send)

    return front


def _addressed(scope: Scope) -> Scope:
    """Return the scope with the host name by which MiniStack knows what is asked."""
    if scope["type"] != "http" or _host(scope).partition(":")[0] not in _OWN_HOSTS:
        return scope
    path = scope["path"]
    if path == "/api" or path.startswith("/api/"):
        host = _last(apigateway._apis, "apiId", "execute-api")
    elif path == "/admin" or path.startswith("/admin/"):
        host = _last(cloudfront._distributions, "DomainName", "cloudfront")
    else:
        return scope
    if host is None:
        return scope
    kept = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [*kept, (b"host", host.encode())]}


def _host(scope: Scope) -> str:
    return next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), ""
    )


def _last(deployed: Mapping[str, Mapping[str, Any]], name: str, service: str) -> str | None:
    """Return the host name of what was deployed last."""
    found = list(deployed.values())
    if not found:
        return None
    label = str(found[-1][name]).partition(".")[0]
    return f"{label}.{service}.localhost"
