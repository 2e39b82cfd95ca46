"""Who may ask and order what, and how everybody else is refused."""

import json
from typing import Any

import pytest

from lambdas.dashboard.resolver import openapi_document
from lambdas.dashboard.transport import MAX_BODY_BYTES
from tests.unit.builders import experiment, opened

PATHS = json.loads(openapi_document())["paths"]
ROUTES = [(method.upper(), path) for path, methods in PATHS.items() for method in methods]
FILLED = {
    "{campaign_id}": "default",
    "{experiment_id}": "default-0001",
    "{name}": "decoder.zip",
    "{clip}": "hall",
    "{index}": "0",
    "{side}": "source",
}


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


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


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
def test_a_viewer_orders_nothing(api: Any, path: str) -> None:
    answered = api.order(filled(path), {"version": 0}, groups="[viewer]")
    assert (answered.status, answered.data["error"]) == (403, "forbidden")
    assert api.log.by_key == {}


def test_a_viewer_looks(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    assert api.ask("/api/campaigns", groups="[viewer]").status == 200
    assert api.ask("/api/session", groups="[viewer]").data == {"user": "ada", "role": "viewer"}
    assert api.ask("/api/session", groups="[viewer operator]").data["role"] == "operator"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://lab.example"])
def test_a_page_of_another_origin_orders_nothing(api: Any, origin: str) -> None:
    opened(api.records, api.objects, api.clock)
    path = "/api/campaigns/default/pause"
    answered = api.order(path, {"version": 0}, headers={"origin": origin})
    assert (answered.status, answered.data["error"]) == (403, "forbidden")
    assert api.records.control("default").paused is False
    own = {"origin": "https://lab.example"}
    assert api.order(path, {"version": 0}, headers=own).status == 200


def test_a_cookie_is_nobodys_token(api: Any) -> None:
    answered = api.ask("/api/campaigns", groups=None, headers={"cookie": "token=operator"})
    assert answered.status == 401
    assert not [name for name in answered.headers if name.lower() == "set-cookie"]


@pytest.mark.parametrize(
    "identifier",
    ["..", "../../etc/passwd", "..%2F..%2Fetc", "a/b", "%2e%2e%2f", "a b", "'", "é", "x" * 64],
)
def test_a_name_that_is_a_path_is_refused(api: Any, identifier: str) -> None:
    for path in (
        f"/api/campaigns/{identifier}",
        f"/api/experiments/{identifier}",
        f"/api/experiments/default-0001/files/{identifier}/url",
        f"/api/experiments/default-0001/frames/{identifier}/0/source",
    ):
        answered = api.ask(path)
        assert answered.status in {404, 422}, path
        assert set(answered.data) == {"error", "message", "current"}


def test_a_body_of_five_megabytes_is_refused(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    answered = api.order("/api/campaigns/default/pause", "x" * 5_000_000)
    assert (answered.status, answered.data["error"]) == (413, "too_large")
    assert str(MAX_BODY_BYTES) in answered.data["message"]


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


def test_every_answer_bears_the_headers(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    api.records.create_experiment(experiment())
    for answered in (
        api.ask("/api/campaigns/default"),
        api.ask("/api/campaigns/absent"),
        api.ask("/api/nothing"),
        api.ask("/api/campaigns", groups=None),
    ):
        assert answered.headers["Content-Type"] == "application/json"
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        assert answered.headers["Cache-Control"] == "private, no-cache"
        assert answered.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answered.headers["Content-Security-Policy"]


def test_what_nobody_foresaw_stays_in_the_log(
    api: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(api.lab.campaigns, "list", fail)
    answered = api.ask("/api/campaigns", headers={"authorization": "Bearer token-of-ada"})
    assert (answered.status, answered.data["error"]) == (500, "internal")
    assert "hunter2" not in answered.data["message"]
    assert "token-of-ada" not in capsys.readouterr().out
