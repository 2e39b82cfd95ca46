"""What functions and jobs logged, read from the tail of CloudWatch Logs."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.service_errors import store_errors
from codec_lab.dashboard.evidence_views import LogLevel, LogLine, LogPage
from codec_lab.dashboard.ports import LogRequest

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

_FIRST_WINDOW = timedelta(minutes=30)
_LOGICAL_ID_ENDING = re.compile(r"Log[0-9A-F]{8}$|Log[0-9A-F]{8}-\w+$")
_LEVELS = list(LogLevel)
_MAX_TEXT = 4000


class CloudWatchLogs:
    """Keeps the port ``Logs``.

    Parameters
    ----------
    client : CloudWatchLogsClient
        How to reach CloudWatch Logs.
    groups : sequence of str
        Names of the log groups.
    """

    def __init__(self, client: "CloudWatchLogsClient", groups: Sequence[str]) -> None:
        self._client = client
        self._groups = groups

    def page(self, request: LogRequest) -> LogPage:
        """Give the latest lines that are wanted.

        CloudWatch gives lines the oldest first alone: windows of time are read backwards, each
        four times as long as the one after it, until there are enough lines.
        """
        lines: list[LogLine] = []
        before, window = request.before, _FIRST_WINDOW
        while before > request.since and len(lines) <= request.limit:
            since = max(before - window, request.since)
            lines = sorted(self._lines(request, since, before), key=lambda line: line.at) + lines
            before, window = since, window * 4
        if len(lines) <= request.limit:
            return LogPage(lines=tuple(lines), older_cursor=None)
        oldest = lines[-request.limit].at
        shown = tuple(line for line in lines if line.at >= oldest)
        more = len(shown) < len(lines) or before > request.since
        return LogPage(lines=shown, older_cursor=str(_milliseconds(oldest)) if more else None)

    def _lines(self, request: LogRequest, since: datetime, before: datetime) -> Iterator[LogLine]:
        wanted = _LEVELS[_LEVELS.index(request.level) :]
        for group in self._groups:
            source = _LOGICAL_ID_ENDING.sub("", group.rpartition("/")[2])
            with store_errors("CloudWatch Logs"):
                pages = self._client.get_paginator("filter_log_events").paginate(
                    logGroupName=group,
                    filterPattern=f'"{request.containing}"',
                    startTime=_milliseconds(since),
                    endTime=_milliseconds(before) - 1,  # the end is included
                )
                events = [event for page in pages for event in page["events"]]
            for event in events:
                level, text = _read(event["message"].rstrip())
                if request.containing in event["message"] and level in wanted:
                    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                    yield LogLine(at=at, level=level, source=source, text=text)


def _read(message: str) -> tuple[LogLevel, str]:
    """Take level and text out of a line; the functions and the worker log JSON."""
    try:
        fields = json.loads(message)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or "message" not in fields:
        return LogLevel.INFO, message[:_MAX_TEXT]
    text = str(fields["message"])
    if "exception" in fields:
        text = f"{text}\n{fields['exception']}"
    level = str(fields.get("level", "INFO"))
    return LogLevel(level) if level in _LEVELS else LogLevel.INFO, text[:_MAX_TEXT]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
