"""Visits of states are read from the events of an execution."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from adapters.execution_history import ExecutionHistory, state_visits
from tests.unit.histories import BEGIN, HistoryBuilder


def seconds_after(*moments: Any) -> list[float | None]:
    return [None if at is None else (at - BEGIN).total_seconds() for at in moments]


def test_a_visit_has_its_times_and_output() -> None:
    [visit] = state_visits(HistoryBuilder().visit("Design", {"change": "x"}).events)
    assert visit.state == "Design"
    assert seconds_after(visit.entered_at, visit.exited_at) == [1, 2]
    assert visit.output == '{"change": "x"}'
    assert visit.failures == ()


def test_failed_tries_are_kept_with_their_errors() -> None:
    history = HistoryBuilder().enter("Execute").fail("Batch.Lost", "gone").fail("States.Timeout")
    [visit] = state_visits(history.events)
    assert visit.failures == ("Batch.Lost: gone", "States.Timeout")
    assert visit.exited_at is None


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        ('{"errorMessage": "wrong shape", "errorType": "ContractError"}', "wrong shape"),
        (
            '{"StatusReason": "Host terminated", "Container": {"LogStreamName": "worker/1"}}',
            "Host terminated (log stream worker/1)",
        ),
        ('{"StatusReason": "No host", "Container": {}}', "No host (log stream none)"),
        ("[1]", "[1]"),
        ("not JSON", "not JSON"),
    ],
)
def test_a_failure_is_told_in_a_sentence(cause: str, sentence: str) -> None:
    [visit] = state_visits(HistoryBuilder().enter("Validate").fail("Error", cause).events)
    assert visit.failures == (f"Error: {sentence}",)


def test_an_open_visit_lasts_until_now() -> None:
    [visit] = state_visits(HistoryBuilder().enter("Execute").events)
    assert visit.elapsed_s(BEGIN.replace(minute=1)) == 59


@pytest.mark.parametrize("end", ["ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted"])
def test_the_end_of_the_execution_ends_the_last_visit(end: str) -> None:
    [visit] = state_visits(HistoryBuilder().enter("NeedsHuman", "Fail").end(end).events)
    assert seconds_after(visit.exited_at) == [2]


class PagedClient:
    """Answers like Step Functions, newest first, and counts the pages."""

    def __init__(self, events: list[dict[str, Any]], page_size: int) -> None:
        self.events, self.page_size, self.pages = events, page_size, 0

    def get_paginator(self, name: str) -> "PagedClient":
        assert name == "get_execution_history"
        return self

    def paginate(self, **request: object) -> Iterator[dict[str, Any]]:
        assert request["reverseOrder"] is True
        newest_first = self.events[::-1]
        for start in range(0, len(newest_first), self.page_size):
            self.pages += 1
            yield {"events": newest_first[start : start + self.page_size]}


def test_only_new_events_are_fetched() -> None:
    builder = HistoryBuilder()
    client = PagedClient(builder.events, page_size=2)
    history = ExecutionHistory(cast("Any", client), "arn")
    builder.visit("Begin").visit("Design")
    assert [visit.state for visit in history.visits()] == ["Begin", "Design"]
    assert client.pages == 3
    builder.enter("Deploy")
    assert [visit.state for visit in history.visits()] == ["Begin", "Design", "Deploy"]
    assert client.pages == 4


def test_what_runs_inside_a_map_belongs_to_its_visit() -> None:
    history = HistoryBuilder().enter("Execute", "Map")
    history.enter("ExecuteShard").enter("ExecuteShard").fail("Batch.Lost", "gone")
    history.exit("ExecuteShard", {"job_id": 1}).exit("ExecuteShard", {"job_id": 2})
    [running] = state_visits(history.events)
    assert (running.state, running.exited_at) == ("Execute", None)
    history.exit("Execute", [1, 2], "Map").visit("JudgeExecution")
    execute, judge = state_visits(history.events)
    assert execute.failures == ("Batch.Lost: gone",)
    assert execute.output == "[1, 2]"
    assert seconds_after(execute.entered_at, execute.exited_at) == [1, 7]
    assert judge.state == "JudgeExecution"


def test_a_map_that_fails_ends_with_the_next_state() -> None:
    history = HistoryBuilder().enter("Execute", "Map").enter("ExecuteShard").fail("Batch.Lost")
    history.end("MapStateFailed").visit("FlagHuman")
    execute, flag = state_visits(history.events)
    assert execute.failures == ("Batch.Lost",)
    assert seconds_after(execute.exited_at) == [5]
    assert flag.state == "FlagHuman"
