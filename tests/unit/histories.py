"""Step Functions histories as GetExecutionHistory gives them, for executions that never ran."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


class HistoryBuilder:
    """Writes events a second apart."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._add("ExecutionStarted")

    def enter(self, state: str, kind: str = "Task") -> Self:
        return self._add(f"{kind}StateEntered", stateEnteredEventDetails={"name": state})

    def exit(self, state: str, output: object = None, kind: str = "Task") -> Self:
        details = {"name": state, "output": json.dumps(output)}
        return self._add(f"{kind}StateExited", stateExitedEventDetails=details)

    def fail(self, error: str, cause: str = "") -> Self:
        return self._add("TaskFailed", taskFailedEventDetails={"error": error, "cause": cause})

    def visit(self, state: str, output: object = None, kind: str = "Task") -> Self:
        return self.enter(state, kind).exit(state, output, kind)

    def end(self, kind: str = "ExecutionSucceeded") -> Self:
        return self._add(kind)

    def _add(self, kind: str, **details: Mapping[str, Any]) -> Self:
        at = BEGIN + timedelta(seconds=len(self.events))
        self.events.append({"id": len(self.events) + 1, "type": kind, "timestamp": at, **details})
        return self
