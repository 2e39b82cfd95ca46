"""The one-machine cloud answers programs of its machine and its own pages, no other page.

MiniStack lets every origin read its answers, and an AWS endpoint that takes any credentials runs
what it is sent. A browser sends a foreign page's requests to 127.0.0.1 as readily as its own; what
tells them apart are the headers that no page can set or leave out (Fetch standard, sections 3.2 and
4; W3C Fetch Metadata, section 2). Programs send none of them.
"""

from __future__ import annotations

from typing import Any

Scope = dict[str, Any]

_OWN = ("same-origin", "none")
"""``Sec-Fetch-Site`` of the dashboard's own requests, and of an address that a person opens."""

_REFUSAL = b"The one-machine cloud answers no page of another origin.\n"


def own_pages_only(application: Any) -> Any:
    """Refuse what a foreign page asks.

    Parameters
    ----------
    application
        An ASGI application.
    """

    async def guard(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"} or _is_own(scope):
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})

    return guard


def _is_own(scope: Scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    if not _is_loopback(host):  # a foreign name that was made to lead here
        return False
    if headers.get(b"origin", f"http://{host}") != f"http://{host}":
        return False
    # Links of other pages and of mails may lead to the dashboard.
    is_page = scope["path"] == "/admin" or scope["path"].startswith("/admin/")
    return is_page or headers.get(b"sec-fetch-site", "none") in _OWN


def _is_loopback(host: str) -> bool:
    name = host.partition(":")[0]
    return name in {"", "127.0.0.1", "localhost"} or name.endswith(".localhost")
