"""A service that speaks Anthropic's Messages API over HTTP, as a script tells it to."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "claude-opus-5-5"
USAGE = {
    "input_tokens": 1000,
    "cache_creation_input_tokens": 400,
    "cache_read_input_tokens": 6000,
    "output_tokens": 1,
}


@dataclass(frozen=True)
class Tool:
    """A tool call; a text stands for its input as it is, whether JSON or not."""

    name: str
    input: object

    @property
    def json(self) -> str:
        return self.input if isinstance(self.input, str) else json.dumps(self.input)


@dataclass(frozen=True)
class Reply:
    """A streamed message."""

    blocks: Sequence[Tool | str] = ()
    stop_reason: str | None = "tool_use"
    stop_details: object = None
    output_tokens: int = 500
    thinking: bool = True
    pause_s: float = 0.0
    pings: int = 1
    cut_after: int | None = None  # events after which the connection breaks
    error: dict[str, str] | None = None  # an error event at the end


@dataclass(frozen=True)
class Failure:
    """An HTTP error; ``{key}`` in the message becomes the key of the request."""

    status: int
    kind: str
    message: str = "no reason"
    code: str | None = None


@dataclass(frozen=True)
class Raw:
    """Bytes in place of a stream."""

    body: bytes


@dataclass
class FakeService:
    """The script and what was asked."""

    script: list[Reply | Failure | Raw] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def texts(self) -> str:
        """Everything that was sent, without the headers."""
        return json.dumps(self.requests, ensure_ascii=False)


def events(reply: Reply) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the server-sent events of a message."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    }
    yield "message_start", {"message": message}
    for _ in range(reply.pings):
        yield "ping", {}
    index = 0
    if reply.thinking:
        yield (
            "content_block_start",
            {"index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
        )
        yield (
            "content_block_delta",
            {"index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}},
        )
        yield "content_block_stop", {"index": 0}
        index = 1
    for block in reply.blocks:
        if isinstance(block, str):
            start: dict[str, Any] = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": part} for part in _parts(block)]
        else:
            start = {"type": "tool_use", "id": f"toolu_{index}", "name": block.name, "input": {}}
            deltas = [
                {"type": "input_json_delta", "partial_json": part} for part in _parts(block.json)
            ]
        yield "content_block_start", {"index": index, "content_block": start}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
        index += 1
    if reply.error:
        yield "error", {"error": reply.error}
        return
    delta = {
        "stop_reason": reply.stop_reason,
        "stop_sequence": None,
        "stop_details": reply.stop_details,
    }
    yield (
        "message_delta",
        {"delta": delta, "usage": {"output_tokens": reply.output_tokens}},
    )
    yield "message_stop", {}


def _parts(text: str) -> list[str]:
    size = max(64, len(text) // 4)
    return [text[start : start + size] for start in range(0, len(text), size)]


def wire(name: str, data: dict[str, Any]) -> bytes:
    """Write one server-sent event."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


class _Handler(BaseHTTPRequestHandler):
    service: FakeService

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the tests' output clean."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.service.requests.append(body)
        self.service.headers.append(dict(self.headers.items()))
        step = self.service.script.pop(0)
        self.close_connection = True
        try:
            if isinstance(step, Failure):
                self._fail(step)
            else:
                self._stream(step)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client hung up first

    def _stream(self, step: Reply | Raw) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("request-id", "req_1")
        self.send_header("Connection", "close")
        self.end_headers()
        if isinstance(step, Raw):
            self.wfile.write(step.body)
            return
        for number, (name, data) in enumerate(events(step)):
            if number == step.cut_after:
                linger = struct.pack("ii", 1, 0)  # close by RST, as a broken network does
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            self.wfile.write(wire(name, data))
            self.wfile.flush()
            time.sleep(step.pause_s)

    def _fail(self, step: Failure) -> None:
        message = step.message.replace("{key}", self.headers["Authorization"])
        error: dict[str, object] = {"type": step.kind, "message": message}
        if step.code:
            error["details"] = {"error_code": step.code}
        body = json.dumps({"type": "error", "error": error}).encode()
        self.send_response(step.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("request-id", "req_1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[FakeService]:
    """Run the service on a free port."""
    service = FakeService()
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
