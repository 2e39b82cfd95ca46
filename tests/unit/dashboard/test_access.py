"""Who may ask and order what, and how everybody else is refused."""

import io
import json
import logging
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, TextIO, cast

import pytest

from lambdas.api import handler
from lambdas.dashboard.transport import MAX_BODY_BYTES, answer
from lambdas.observability import logger
from tests.routes import ORDERS, PATHS, ROUTES, filled
from tests.unit.builders import experiment, opened

NAMED = [
    (method, path, name)
    for method, path in ROUTES
    for name in re.findall(r"\{\w+\}", path)
    if name not in {"{index}", "{side}"}
]
"""Every route with each of the names that its address carries."""

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding, Authorization",
    "X-Content-Type-Options": "nosniff",
}
CONTENT_TYPES = {"application/json", "text/html; charset=utf-8", "image/png"}
NO_NAMES = (
    "..",
    "../../etc/passwd",
    "..%2F..%2Fetc",
    "..\\..\\etc",
    "%2e%2e%2f",
    "%00",
    "a/b",
    "a b",
    "'",
    "é",
    "<script>",
    "x" * 64,
)
FILLED = {
    "{campaign_id}": "default",
    "{experiment_id}": "default-0001",
    "{name}": "decoder.zip",
    "{clip}": "hall",
    "{index}": "0",
    "{side}": "source",
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the function logs."""
    written = io.StringIO()
    stream = cast("logging.StreamHandler[TextIO]", logger.registered_handler)
    before = stream.setStream(written)
    assert before is not None
    yield written
    stream.setStream(before)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_refuses_who_is_not_known(api: Any, method: str, path: str) -> None:
    body = {"version": 0} if method == "POST" else None
    answered = api.ask(filled(path), body, groups=None)
    assert (answered.status, answered.data["error"]) == (401, "unauthorized")
    assert api.log.by_key == {}


@pytest.mark.parametrize("groups", ["", "[]", "[visitors]", "[operators]"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_refuses_who_has_no_role(api: Any, method: str, path: str, groups: str) -> None:
    body = {"version": 0} if method == "POST" else None
    answered = api.ask(filled(path), body, groups=groups)
    assert (answered.status, answered.data["error"]) == (403, "forbidden")


@pytest.mark.parametrize("path", ORDERS)
def test_a_viewer_orders_nothing(api: Any, path: str) -> None:
    answered = api.order(filled(path), {"version": 0}, groups="[viewer]")
    assert (answered.status, answered.data["error"]) == (403, "forbidden")
    assert api.log.by_key == {}


@pytest.mark.parametrize("use", ["id", "refresh", ""])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_only_an_access_token_lets_in(api: Any, method: str, path: str, use: str) -> None:
    event = api.event(filled(path), {"version": 0} if method == "POST" else None, method=method)
    event["requestContext"]["authorizer"]["jwt"]["claims"]["token_use"] = use
    assert answer(event, SimpleNamespace(aws_request_id="r-1"))["statusCode"] == 401  # type: ignore[arg-type]
    assert api.log.by_key == {}


def test_a_viewer_looks(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    assert api.ask("/api/campaigns", groups="[viewer]").status == 200
    assert api.ask("/api/session", groups="[viewer]").data == {"user": "ada", "role": "viewer"}
    assert api.ask("/api/session", groups="[viewer operator]").data["role"] == "operator"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://lab.example", ""])
@pytest.mark.parametrize("path", ORDERS)
def test_a_page_of_another_origin_orders_nothing(api: Any, path: str, origin: str) -> None:
    opened(api.records, api.objects, api.clock)
    answered = api.order(filled(path), {"version": 0}, headers={"origin": origin})
    assert (answered.status, answered.data["error"]) == (403, "forbidden")
    assert api.log.by_key == {}


def test_the_dashboards_own_pages_order(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    own = {"origin": "https://lab.example"}
    answered = api.order("/api/campaigns/default/pause", {"version": 0}, headers=own)
    assert answered.status == 200
    assert api.records.control("default").paused is True


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_no_other_method_does_anything(api: Any, path: str, method: str) -> None:
    opened(api.records, api.objects, api.clock)
    answered = api.ask(filled(path), {"version": 0}, method=method)
    assert (answered.status, answered.data["error"]) == (404, "not_found")
    assert api.log.by_key == {}


def test_a_cookie_is_nobodys_token(api: Any) -> None:
    answered = api.ask("/api/campaigns", groups=None, headers={"cookie": "token=operator"})
    assert answered.status == 401
    assert not [name for name in answered.headers if name.lower() == "set-cookie"]


@pytest.mark.parametrize(("method", "path", "name"), NAMED)
def test_a_name_that_is_a_path_is_refused(api: Any, method: str, path: str, name: str) -> None:
    opened(api.records, api.objects, api.clock)
    api.records.create_experiment(experiment())
    stored = dict(api.objects.data)
    for wrong in NO_NAMES:
        address = filled(path.replace(name, wrong))
        body = {"version": 0} if method == "POST" else None
        answered = api.order(address, body, method=method)
        assert answered.status in {404, 422}, address
        assert set(answered.data) == {"error", "message", "current"}
        if not re.fullmatch(r"[\w'.]+", wrong):
            assert wrong not in answered.data["message"]
    assert api.objects.data == stored
    assert api.log.by_key == {}


@pytest.mark.parametrize("wrong", NO_NAMES)
def test_a_name_in_a_question_is_refused_as_well(api: Any, wrong: str) -> None:
    opened(api.records, api.objects, api.clock)
    answered = api.ask(f"/api/campaigns/default/lineage?root={wrong}")
    assert (answered.status, answered.data["error"]) == (422, "invalid")


@pytest.mark.parametrize("path", ORDERS)
def test_a_body_of_five_megabytes_is_refused(api: Any, path: str) -> None:
    opened(api.records, api.objects, api.clock)
    answered = api.order(filled(path), "x" * 5_000_000)
    assert (answered.status, answered.data["error"]) == (413, "too_large")
    assert str(MAX_BODY_BYTES) in answered.data["message"]
    assert api.log.by_key == {}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("{", "json"),
        ({}, "version"),
        ({"version": -1}, "version"),
        ({"version": 0, "more": 1}, "more"),
        ({"version": 1e400}, "version"),
        ([1], "body"),
    ],
)
def test_a_body_that_is_no_order_is_refused_in_a_sentence(api: Any, body: Any, word: str) -> None:
    opened(api.records, api.objects, api.clock)
    answered = api.order("/api/campaigns/default/pause", body)
    assert (answered.status, answered.data["error"]) == (422, "invalid")
    assert word in answered.data["message"].lower()
    assert "\n" not in answered.data["message"]


def test_an_order_needs_a_key(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    assert api.ask("/api/campaigns/default/pause", {"version": 0}).status == 422
    assert api.order("/api/campaigns/default/pause", {"version": 0}, key="short").status == 422


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_bears_the_headers(api: Any, method: str, path: str) -> None:
    opened(api.records, api.objects, api.clock)
    api.records.create_experiment(experiment())
    body = {"version": 0} if method == "POST" else None
    for answered in (
        api.order(filled(path), body, method=method),
        api.order(f"{filled(path)}/nothing", body, method=method),
        api.ask(filled(path), body, method=method, groups=None),
        api.ask(filled(path), body, method=method, groups="[]"),
        api.ask(filled(path), "x" * 100_000, method=method),
    ):
        assert answered.headers.items() >= HEADERS.items(), answered.status
        assert answered.headers["ETag"].startswith('W/"')
        assert answered.headers["Content-Type"] in CONTENT_TYPES
        assert not [name for name in answered.headers if name.lower() == "set-cookie"]


def test_only_path_and_status_of_a_request_are_logged(api: Any, log: io.StringIO) -> None:
    opened(api.records, api.objects, api.clock)
    event = api.event(
        "/api/campaigns/default/pause?q=secret-of-a-query",
        {"version": 0, "hint": "secret-of-a-body"},
        headers={
            "authorization": "Bearer secret-of-a-token",
            "cookie": "secret-of-a-cookie",
            "idempotency-key": "secret-of-a-key",
        },
    )
    handler(event, SimpleNamespace(aws_request_id="r-1"))  # type: ignore[arg-type]
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["message"] == "POST /api/campaigns/default/pause: 422"
    assert "secret" not in line


def test_a_line_break_in_an_address_forges_no_log_line(api: Any, log: io.StringIO) -> None:
    event = api.event('/api/campaigns\n{"level":"ERROR","message":"forged"}')
    handler(event, SimpleNamespace(aws_request_id="r-1"))  # type: ignore[arg-type]
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["level"] == "INFO"


def test_what_nobody_foresaw_stays_in_the_log(
    api: Any, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def fail() -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(api.lab.campaigns, "list", fail)
    answered = api.ask("/api/campaigns", headers={"authorization": "Bearer token-of-ada"})
    assert (answered.status, answered.data["error"]) == (500, "internal")
    assert "hunter2" not in answered.data["message"]
    assert "hunter2" in log.getvalue()
    assert "token-of-ada" not in log.getvalue()
