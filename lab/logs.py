"""The lines that an experiment's functions and jobs logged."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from adapters.service_errors import store_errors

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

_FOLLOW_POLL_S = 1.0
_LATEST_ARRIVAL = timedelta(minutes=5)
"""How long after it was logged a line may become readable."""

_PLATFORM = re.compile(r"(?:START|END|REPORT|INIT_START|INIT_REPORT)\b.*(?:RequestId:|Runtime)")
"""Lines that Lambda itself writes around each call."""

_BANNER = re.compile(r"Svt\[(?:info|warn)\]")
"""Lines that SVT-AV1 writes of itself in every job; its errors are `Svt[error]`."""

_LOGICAL_ID_ENDING = re.compile(r"Log[0-9A-F]{8}$")


class LogLine(NamedTuple):
    """One line of a log.

    Attributes
    ----------
    at : datetime
        When it was logged.
    source : str
        The function or the job, by the name of its log group.
    text : str
        As it was logged; JSON from the functions.
    """

    at: datetime
    source: str
    text: str

    @property
    def fields(self) -> dict[str, object] | None:
        """What a structured line says; None for a plain one."""
        try:
            fields = json.loads(self.text)
        except ValueError:
            return None
        return fields if isinstance(fields, dict) else None

    def plain(self) -> str:
        """Write the line for people: a structured one by its level and message."""
        level, message, fields = "", self.text, self.fields
        if fields is not None and "message" in fields:
            level, message = str(fields.get("level", "")), str(fields["message"])
        return f"{self.at:%H:%M:%S} {self.source:<16} {level:<7} {message}".rstrip()


class LogReader:
    """Reads log groups together, in the order of time.

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
        self._read: set[tuple[str, LogLine]] = set()
        self._told_of: dict[tuple[str, str], bool] = {}

    def fresh(self, containing: str | None, since: datetime) -> list[LogLine]:
        """Give the lines since a moment that were not given before.

        Parameters
        ----------
        containing : str or None
            Take the lines with this text only, and the plain ones that follow such a structured
            line in its stream: what a job's interpreter or a killed program says names nothing.
        since : datetime
            The oldest moment.
        """
        lines = []
        for group in self._groups:
            for stream, line in self._events(group, since):
                if (stream, line) not in self._read:
                    self._read.add((stream, line))
                    if containing is None or self._tells_of(containing, (group, stream), line):
                        lines.append(line)
        return sorted(lines, key=lambda line: line.at)

    def follow(
        self,
        containing: str | None,
        since: datetime,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[LogLine]:
        """Give lines as they come, until the caller stops."""
        while True:
            yield from self.fresh(containing, since)
            since = self._forget(since)
            sleep(_FOLLOW_POLL_S)

    def _tells_of(self, text: str, stream: tuple[str, str], line: LogLine) -> bool:
        if line.fields is not None:
            self._told_of[stream] = text in line.text
        elif text not in line.text:
            return self._told_of.get(stream, False) and not _BANNER.match(line.text)
        return text in line.text

    def _forget(self, since: datetime) -> datetime:
        """Give the moment from which lines may still come, and forget those from before."""
        newest = max((line.at for _, line in self._read), default=since)
        since = max(since, newest - _LATEST_ARRIVAL)
        self._read = {(stream, line) for stream, line in self._read if line.at >= since}
        return since

    def _events(self, group: str, since: datetime) -> Iterator[tuple[str, LogLine]]:
        source = _LOGICAL_ID_ENDING.sub("", group.rpartition("/")[2])
        with store_errors("CloudWatch Logs"):
            pages = self._client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(since.timestamp() * 1000)
            )
            for page in pages:
                for event in page["events"]:
                    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                    text = event["message"].rstrip()
                    if not _PLATFORM.match(text):
                        yield event["logStreamName"], LogLine(at, source, text)
