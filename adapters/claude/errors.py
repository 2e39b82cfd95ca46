"""The errors of the SDK as errors of Codec Lab."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import anthropic
import httpx2

from adapters.claude.secrecy import Redact, excerpt
from codec_lab.errors import (
    CodecLabError,
    ConfigurationError,
    ModelRefusedError,
    ModelUnavailableError,
)

_BUSY_TYPES = frozenset(
    {"api_error", "conflict_error", "overloaded_error", "rate_limit_error", "timeout_error"}
    # Amazon Bedrock's, within a stream.
    | {"internalServerException", "modelStreamErrorException", "modelTimeoutException"}
    | {"serviceUnavailableException", "throttlingException"}
)
_BUSY_STATUSES = frozenset({408, 409, 425, 429})
# What the SDK's accumulation raises on events that are out of order or lack their fields.
_BROKEN_STREAM = (
    AssertionError, AttributeError, LookupError, RuntimeError, TypeError, json.JSONDecodeError,
    UnicodeDecodeError,
)  # fmt: skip


@contextmanager
def service_errors(model: str, redact: Redact) -> Iterator[None]:
    """Raise what the SDK raises as an error of the state machine's.

    The causes are not chained: an answer may repeat the key, and logs print causes.

    Raises
    ------
    ModelUnavailableError
        On 429, 5xx, overload, silence and cut or broken streams: a later call may succeed.
    ModelRefusedError
        On any other 4xx and on a spent credit.
    ConfigurationError
        If there is no such model.
    """
    try:
        yield
    except anthropic.APIStatusError as error:
        raise _of_status(error, model, redact) from None
    except (anthropic.APITimeoutError, httpx2.TimeoutException):
        raise ModelUnavailableError(f"Anthropic's API was silent for too long ({model}).") from None
    except (anthropic.APIConnectionError, httpx2.TransportError) as error:
        raise ModelUnavailableError(
            f"The connection to Anthropic's API failed: {excerpt(redact(str(error)))}"
        ) from None
    except (anthropic.APIError, *_BROKEN_STREAM) as error:
        raise ModelUnavailableError(
            f"Anthropic's API sent a broken stream ({type(error).__name__})."
        ) from None


def _of_status(error: anthropic.APIStatusError, model: str, redact: Redact) -> CodecLabError:
    status, kind, code = error.status_code, error.type or "", error.error_code or ""
    said = excerpt(redact(str(error.api_message or kind or "no reason given")))
    answer = f"{status}, request {error.request_id}" if error.request_id else f"{status}"
    spent = (
        status == 402
        or kind == "billing_error"
        or code.endswith("spend_limit_reached")
        or "credit balance" in said
    )
    if spent:
        return ModelRefusedError(f"The Anthropic account has no credit left ({answer}): {said}")
    if status in _BUSY_STATUSES or status >= 500 or kind in _BUSY_TYPES:
        return ModelUnavailableError(f"Anthropic's API is busy ({answer}): {said}")
    if status == 401 or kind == "authentication_error":
        return ModelRefusedError(f"Anthropic refuses the API key ({answer}): {said}")
    if status == 403 or kind == "permission_error":
        return ModelRefusedError(f"The account may not use {model} ({answer}): {said}")
    if status == 404:
        return ConfigurationError(f"Anthropic has no model {model} ({answer}): {said}")
    return ModelRefusedError(f"Anthropic refuses the request ({answer}): {said}")
