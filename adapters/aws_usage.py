"""What requests to AWS use, counted as they are answered."""

from collections import Counter
from collections.abc import Mapping
from math import ceil
from typing import Any, Protocol

from codec_lab.tariff import Used


class Emitter(Protocol):
    """The events of a boto3 session or client."""

    def register(self, event_name: str, handler: Any) -> None:
        """Call a handler at an event."""


class Usage:
    """Counts units of DynamoDB, and requests and bytes of S3.

    Attributes
    ----------
    used : Counter of Used
        Since it was last emptied.
    """

    def __init__(self) -> None:
        self.used: Counter[Used] = Counter()

    def watch(self, events: Emitter) -> None:
        """Count the requests of every client that is made of a session, or of one client."""
        events.register("provide-client-params.dynamodb", _ask_for_units)
        events.register("after-call.dynamodb", self._count_units)
        events.register("before-parameter-build.s3.PutObject", self._count_bytes)
        events.register("after-call.s3", self._count_request)

    def _count_units(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        found = parsed.get("ConsumedCapacity")
        parts = found if isinstance(found, list) else [found or {}]
        kind = Used.WRITE_UNITS if model.name in _WRITES else Used.READ_UNITS
        self.used[kind] += ceil(sum(part.get("CapacityUnits", 0) for part in parts))

    def _count_bytes(self, params: Mapping[str, Any], **_: Any) -> None:
        self.used[Used.STORED_BYTES] += len(params.get("Body", b""))

    def _count_request(self, model: Any, **_: Any) -> None:
        self.used[Used.PUTS if model.name in _DEAR_REQUESTS else Used.GETS] += 1


_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
_DEAR_REQUESTS = frozenset({"PutObject", "ListObjectsV2"})


def _ask_for_units(params: Mapping[str, Any], model: Any, **_: Any) -> dict[str, Any]:
    is_answered = "ReturnConsumedCapacity" in model.input_shape.members
    return {**params, "ReturnConsumedCapacity": "TOTAL"} if is_answered else {**params}
