"""What happened in an execution, state by state, read from its Step Functions history."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from codec_lab.state_visit import StateVisit

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_ENDS = frozenset(
    {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
)
_MAP_ENDS = frozenset({"MapStateExited", "MapStateFailed", "MapStateAborted"})
_PAGE = 200


def state_visits(events: Iterable[Mapping[str, Any]]) -> tuple[StateVisit, ...]:
    """Read the visits from the events of an execution, of which only a Map has branches.

    What runs inside of a Map belongs to the visit of the Map: its failed tries are the Map's.

    Parameters
    ----------
    events : iterable of mapping
        ``GetExecutionHistory``'s events, oldest first.
    """
    visits: list[StateVisit] = []
    in_map = False
    for event in events:
        is_open = bool(visits) and visits[-1].exited_at is None
        in_map = in_map and event["type"] not in _MAP_ENDS | _ENDS
        if in_map:
            if failure := _failure(event):
                visits[-1] = visits[-1]._replace(failures=(*visits[-1].failures, failure))
        elif entered := event.get("stateEnteredEventDetails"):
            if is_open:
                visits[-1] = visits[-1]._replace(exited_at=event["timestamp"])
            visits.append(StateVisit(entered["name"], event["timestamp"]))
            in_map = event["type"] == "MapStateEntered"
        elif exited := event.get("stateExitedEventDetails"):
            if is_open:
                visits[-1] = visits[-1]._replace(
                    exited_at=event["timestamp"], output=exited.get("output")
                )
        elif is_open and event["type"] in _ENDS:
            visits[-1] = visits[-1]._replace(exited_at=event["timestamp"])
        elif is_open and (failure := _failure(event)):
            visits[-1] = visits[-1]._replace(failures=(*visits[-1].failures, failure))
    return tuple(visits)


def _failure(event: Mapping[str, Any]) -> str | None:
    """Give the error of an event of a failed try, such as ``TaskFailed`` or ``TaskTimedOut``."""
    kind = event["type"]
    details = event.get(f"{kind[:1].lower()}{kind[1:]}EventDetails")
    if not isinstance(details, dict) or "error" not in details:
        return None
    return ": ".join(part for part in (details["error"], _in_short(details.get("cause"))) if part)


def _in_short(cause: str | None) -> str:
    """Take the sentence out of a cause: Lambda's and Batch's are JSON documents."""
    try:
        document = json.loads(cause or "")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return cause or ""
    if "StatusReason" in document:
        stream = document.get("Container", {}).get("LogStreamName", "none")
        return f"{document['StatusReason']} (log stream {stream})"
    return str(document.get("errorMessage", cause))


class ExecutionHistory:
    """The history of one execution, fetched piece by piece.

    Parameters
    ----------
    client : SFNClient
        How to reach Step Functions.
    execution_arn : str
        The execution.
    """

    def __init__(self, client: "SFNClient", execution_arn: str) -> None:
        self._client = client
        self._execution_arn = execution_arn
        self._events: list[HistoryEventTypeDef] = []

    def visits(self) -> tuple[StateVisit, ...]:
        """Fetch what is new and give every visit so far."""
        known = self._events[-1]["id"] if self._events else 0
        fresh: list[HistoryEventTypeDef] = []
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=self._execution_arn,
            reverseOrder=True,
            PaginationConfig={"PageSize": _PAGE},
        )
        for page in pages:
            new = [event for event in page["events"] if event["id"] > known]
            fresh += new
            if len(new) < len(page["events"]):
                break
        self._events += reversed(fresh)
        return state_visits(self._events)
