"""Who may ask the one-machine cloud."""

from __future__ import annotations

from typing import Any

import pytest

from local.own_pages import own_pages_only

HOST = "127.0.0.1:4566"


def status(path: str = "/bucket/key", kind: str = "http", **headers: str) -> int:
    """Ask an application that answers 200; 1008 is a websocket that was closed."""
    sent: list[dict[str, Any]] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"status": 200})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode()) for name, value in given.items()]
    scope = {"type": kind, "path": path, "headers": pairs}
    with pytest.raises(StopIteration):  # nothing in it waits: one step is all of it
        own_pages_only(application)(scope, None, send).send(None)
    return int(sent[0].get("status") or sent[0]["code"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost:4566"},
        {"host": "abc.execute-api.localhost:4566"},
        {"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_programs_and_own_pages_are_answered(headers: dict[str, str]) -> None:
    assert status(**headers) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "http://localhost:4566"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:4566"},
        {"host": "evil-localhost:4566"},
    ],
)
def test_foreign_pages_are_refused(headers: dict[str, str]) -> None:
    assert status(**headers) == 403
    assert status(kind="websocket", **headers) == 1008


def test_a_link_of_another_page_opens_the_dashboard_alone() -> None:
    assert status("/admin/experiments/default-0001", sec_fetch_site="cross-site") == 200
    assert status("/admin", sec_fetch_site="cross-site") == 200
    assert status("/administrator", sec_fetch_site="cross-site") == 403
    assert status("/api/campaigns", sec_fetch_site="cross-site") == 403
    assert status("/admin/", sec_fetch_site="cross-site", origin="https://evil.example") == 403
