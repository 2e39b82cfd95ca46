"""Claude on Amazon Bedrock: the same SDK against a service that speaks Bedrock's event stream."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.claude.connection import connect_to_bedrock
from adapters.claude.designer import ClaudeDesigner
from adapters.claude.pricing import price_of
from codec_lab.errors import ConfigurationError, ModelRefusedError, ModelUnavailableError
from codec_lab.minds import DesignTask
from tests.unit.claude.fake_service import Reply, Tool, events

MODEL = "eu.anthropic.claude-opus-5-5-v1:0"
ACCESS_KEY, SECRET_KEY = "AKIATESTTESTTESTTEST", "a-secret-of-forty-characters-for-tests-0"
EDIT = {
    "files": [],
    "edits": [{"file": "codec.py", "old": "STEP = 8", "new": "STEP = 7"}],
    "change": "Finer.",
    "hypothesis": "h",
    "expected_bd_rate_percent": None,
}


def frame(payload: bytes, **headers: str) -> bytes:
    """Write a message of ``application/vnd.amazon.eventstream``."""
    head = b"".join(
        bytes([len(name)])
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack(">I", binascii.crc32(prelude))
    message = prelude + head + payload
    return message + struct.pack(">I", binascii.crc32(message))


def chunk(name: str, data: dict[str, Any]) -> bytes:
    event = base64.b64encode(json.dumps({"type": name, **data}).encode()).decode()
    names = {":event-type": "chunk", ":message-type": "event", ":content-type": "application/json"}
    return frame(json.dumps({"bytes": event}).encode(), **names)


class Bedrock:
    """The answer to come, and what was asked."""

    def __init__(self) -> None:
        self.answer: bytes = b""
        self.status = 200
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bedrock]:
    service = Bedrock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the tests' output clean."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.requests.append((self.path, dict(self.headers.items()), body))
            self.send_response(service.status)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Content-Length", str(len(service.answer)))
            self.end_headers()
            self.wfile.write(service.answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name, value in {
        "ANTHROPIC_BEDROCK_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SESSION_TOKEN": "a-session",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_design_is_asked_of_bedrock_and_signed(bedrock: Bedrock, design_task: DesignTask) -> None:
    reply = Reply([Tool("edit_parent", EDIT)])
    bedrock.answer = b"".join(chunk(name, data) for name, data in events(reply))

    proposal = ClaudeDesigner(connect_to_bedrock("eu-central-1"), MODEL).design(design_task)

    assert "STEP = 7" in proposal.candidate.files["codec.py"]
    # 1000 in at 4, 400 written at 5, 6000 read at 0.20 and 500 out at 20 dollars per million
    # tokens, and a tenth more because the answer must come from Europe.
    assert proposal.model_cost_usd == Decimal("0.0172") * Decimal("1.10")
    [(path, headers, body)] = bedrock.requests
    assert path == "/model/eu.anthropic.claude-opus-5-5-v1:0/invoke-with-response-stream"
    assert f"Credential={ACCESS_KEY}/" in headers["Authorization"]
    assert "/eu-central-1/bedrock/aws4_request" in headers["Authorization"]
    assert [tool["name"] for tool in body["tools"]] == ["write_candidate", "edit_parent"]
    assert SECRET_KEY not in json.dumps([headers, body])


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (403, "You don't have access to the model", ModelRefusedError),
        (429, "Too many requests", ModelUnavailableError),
        (503, "Service unavailable", ModelUnavailableError),
        (404, "No such model", ConfigurationError),
    ],
)
def test_a_refusal_is_of_its_kind(
    bedrock: Bedrock, design_task: DesignTask, status: int, message: str, error: type[Exception]
) -> None:
    bedrock.status, bedrock.answer = status, json.dumps({"message": message}).encode()
    with pytest.raises(error) as raised:
        ClaudeDesigner(connect_to_bedrock("eu-central-1"), MODEL).design(design_task)
    assert type(raised.value) is error
    assert len(bedrock.requests) == 1  # the state machine retries, and counts it


def test_throttling_within_the_stream_is_a_service_that_is_busy(
    bedrock: Bedrock, design_task: DesignTask
) -> None:
    names = {
        ":exception-type": "throttlingException",
        ":message-type": "exception",
        ":content-type": "application/json",
    }
    bedrock.answer = frame(b'{"message": "Too many tokens"}', **names)
    with pytest.raises(ModelUnavailableError):
        ClaudeDesigner(connect_to_bedrock("eu-central-1"), MODEL).design(design_task)


@pytest.mark.parametrize(
    ("model", "factor"),
    [
        ("global.anthropic.claude-opus-5-5-v1:0", Decimal(1)),
        ("anthropic.claude-opus-5-5", Decimal("1.10")),
        ("us.anthropic.claude-opus-5-5-20261001-v1:0", Decimal("1.10")),
        ("apac.anthropic.claude-opus-5-5-v2", Decimal("1.10")),
    ],
)
def test_bedrocks_names_have_the_models_price(model: str, factor: Decimal) -> None:
    plain = price_of("claude-opus-5-5")
    assert price_of(model).input == plain.input * factor
    assert price_of(model).output == plain.output * factor


def test_a_model_of_bedrock_without_a_price_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no price for the model eu\.anthropic\.claude-x"):
        price_of("eu.anthropic.claude-x-v1:0")
