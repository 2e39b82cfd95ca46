"""Log lines come from all groups in the order of time, each once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

import pytest

from lab.logs import LogReader

SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
DESIGN, JOBS = "/aws/lambda/DesignLog12A5C4FC", "/aws/batch/jobs"


class KeptLogs:
    """Answers filter_log_events for events of (group, stream, seconds, message)."""

    def __init__(self, *events: tuple[str, str, int, str]) -> None:
        self.events = list(events)

    def get_paginator(self, name: str) -> "KeptLogs":
        assert name == "filter_log_events"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        base = int(SINCE.timestamp() * 1000)
        found = [
            {"logStreamName": stream, "timestamp": base + 1000 * second, "message": message}
            for group, stream, second, message in self.events
            if group == request["logGroupName"] and base + 1000 * second >= request["startTime"]
        ]
        yield {"events": found[:1]}
        yield {"events": found[1:]}


def reader(logs: KeptLogs) -> LogReader:
    return LogReader(cast("Any", logs), [DESIGN, JOBS])


def test_lines_of_all_groups_come_in_the_order_of_time() -> None:
    logs = KeptLogs(
        (DESIGN, "1", 5, "third\n"), (DESIGN, "1", 1, "first"), (JOBS, "2", 3, "second")
    )
    lines = reader(logs).fresh(None, SINCE)
    assert [(line.source, line.text) for line in lines] == [
        ("Design", "first"),
        ("jobs", "second"),
        ("Design", "third"),
    ]


def test_only_lines_of_an_experiment_are_taken() -> None:
    logs = KeptLogs((DESIGN, "1", 1, '{"id": "default-0001"}'), (DESIGN, "1", 2, "default-0002"))
    assert [line.text for line in reader(logs).fresh("default-0002", SINCE)] == ["default-0002"]


def test_plain_lines_belong_to_what_their_stream_told_of_before() -> None:
    logs = KeptLogs(
        (JOBS, "1", 0, "Traceback before anything was told"),
        (JOBS, "1", 1, '{"message": "PHASE 4: EXECUTION", "experiment_id": "default-0002"}'),
        (JOBS, "1", 2, "Svt[info]: SVT [version]:\tSVT-AV1 Encoder Lib v4.1.0"),
        (JOBS, "1", 2, "Svt[warn]: Failed to set thread priority: Invalid argument"),
        (JOBS, "2", 3, '{"message": "PHASE 4: EXECUTION", "experiment_id": "default-0001"}'),
        (JOBS, "2", 4, "OSError: no space left on device"),
        (JOBS, "1", 5, "MemoryError: out of memory"),
    )
    lines = reader(logs).fresh("default-0002", SINCE)
    assert [line.text for line in lines][1:] == ["MemoryError: out of memory"]
    assert '"PHASE 4: EXECUTION"' in lines[0].text


def test_older_lines_are_left_out() -> None:
    assert reader(KeptLogs((DESIGN, "1", -1, "before"))).fresh(None, SINCE) == []


@pytest.mark.parametrize(
    "platform",
    [
        "START RequestId: 30-11 Version: $LATEST",
        "END RequestId: 30-11",
        "REPORT RequestId: 30-11\tDuration: 1 ms",
        "INIT_START Runtime Version: python:3.14",
    ],
)
def test_lambdas_own_lines_are_left_out(platform: str) -> None:
    logs = KeptLogs((DESIGN, "1", 1, platform), (DESIGN, "1", 2, "START of a sentence"))
    assert [line.text for line in reader(logs).fresh(None, SINCE)] == ["START of a sentence"]


def test_following_gives_each_line_once() -> None:
    logs = KeptLogs((DESIGN, "1", 1, "a"))

    def another(seconds: float) -> None:
        assert seconds > 0
        logs.events.append((DESIGN, "1", len(logs.events) + 1, "b"))

    lines = islice(reader(logs).follow(None, SINCE, sleep=another), 3)
    assert [line.text for line in lines] == ["a", "b", "b"]


def test_following_asks_again_only_for_what_may_still_come() -> None:
    logs = KeptLogs((DESIGN, "1", 0, "a"), (DESIGN, "1", 3600, "b"))
    asked: list[int] = []
    answer = logs.paginate

    def remembered(**request: Any) -> Iterator[dict[str, Any]]:
        asked.append(request["startTime"] // 1000 - int(SINCE.timestamp()))
        return answer(**request)

    def another(_seconds: float) -> None:
        logs.events.append((JOBS, "2", 3400, "late"))

    logs.paginate = remembered  # type: ignore[method-assign]
    lines = islice(reader(logs).follow(None, SINCE, sleep=another), 3)

    assert [line.text for line in lines] == ["a", "b", "late"]
    assert asked == [0, 0, 3300, 3300]


def test_a_structured_line_is_its_level_and_message() -> None:
    message = '{"level": "INFO", "message": "PHASE 1: DESIGN", "experiment_id": "default-0001"}'
    [line] = reader(KeptLogs((DESIGN, "1", 61, message))).fresh(None, SINCE)
    assert line.plain() == "12:01:01 Design           INFO    PHASE 1: DESIGN"


def test_a_plain_line_stays_as_it_is() -> None:
    [line] = reader(KeptLogs((JOBS, "1", 0, "Traceback"))).fresh(None, SINCE)
    assert line.plain() == "12:00:00 jobs                     Traceback"
