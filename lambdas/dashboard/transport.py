"""What surrounds every route: size, access, validators of caches, compression."""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from codec_lab.dashboard.command_models import Session
from codec_lab.dashboard.problems import Problem, ProblemKind
from codec_lab.errors import CodecLabError
from lambdas.dashboard.access import check_may_order, session_of
from lambdas.dashboard.lab import lab
from lambdas.dashboard.refusals import failed, refusal
from lambdas.dashboard.resolver import app

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_BODY_BYTES = 64 * 1024
"""A hint of 4,000 characters, each escaped as two surrogates of six bytes, and some more."""

_COMPRESS_BYTES = 1000
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding, Authorization",
    "X-Content-Type-Options": "nosniff",
}


def answer(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a request of an HTTP API (payload format 2.0)."""
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    try:
        session = _admitted(event, headers)
    except CodecLabError as error:
        return _sent(failed(error), headers)
    if len(event.get("body") or "") > MAX_BODY_BYTES:
        message = f"A request may have {MAX_BODY_BYTES} bytes."
        return _sent(refusal(Problem(error=ProblemKind.TOO_LARGE, message=message)), headers)
    app.append_context(session=session)  # type: ignore[no-untyped-call]
    return _finished(app.resolve(event, context), headers)


def _admitted(event: Mapping[str, Any], headers: Mapping[str, str]) -> Session:
    session = session_of(event)
    if event["requestContext"]["http"]["method"] != "GET":
        check_may_order(session, headers, lab().origin)
    return session


def _sent(response: "Response[str]", headers: Mapping[str, str]) -> dict[str, Any]:
    content_type = {"Content-Type": str(response.content_type)}
    body = {"statusCode": response.status_code, "headers": content_type, "body": response.body}
    return _finished(body, headers)


def _finished(response: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Add the headers, a validator, and compression where it is accepted and worth it."""
    is_bytes = response.get("isBase64Encoded", False)
    text = response.get("body") or ""
    body = base64.b64decode(text) if is_bytes else text.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    given = {name: _single(value) for name, value in response.get("headers", {}).items()}
    finished: dict[str, Any] = {
        "statusCode": response["statusCode"],
        "headers": {**given, **_HEADERS, "ETag": etag},
        "isBase64Encoded": is_bytes,
        "body": text,
    }
    if response["statusCode"] == 200 and headers.get("if-none-match") == etag:
        return {**finished, "statusCode": 304, "isBase64Encoded": False, "body": ""}
    accepts = "gzip" in headers.get("accept-encoding", "")
    if accepts and not is_bytes and len(body) > _COMPRESS_BYTES:
        packed = gzip.compress(body, compresslevel=6, mtime=0)
        finished["headers"]["Content-Encoding"] = "gzip"
        finished |= {"isBase64Encoded": True, "body": base64.b64encode(packed).decode()}
    return finished


def _single(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
