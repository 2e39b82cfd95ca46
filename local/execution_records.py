"""Executions and their histories on disk, for MiniStack 1.5.33.

An execution is one record, each of its history events another, so that saving a long history
costs only what is new. The events of ended executions are not held in memory: they are read when
a history is asked for.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from local.records import RecordStore

_EXECUTION = "execution"
_EVENT = "execution-event"
_INTERRUPTED_ERROR = "OneMachineCloud.Stopped"
_INTERRUPTED_CAUSE = "The one-machine cloud was stopped while this execution was running."

Record = dict[str, Any]


class ExecutionRecords:
    """Writes and reads executions.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._written_events: dict[str, int] = {}

    def write(self, arn: str, record: Record) -> None:
        """Write an execution without its history."""
        without_events = {key: value for key, value in record.items() if key != "events"}
        self._records.put(_EXECUTION, arn, "", without_events)

    def write_new_events(self, arn: str, events: list[Record]) -> None:
        """Write the events of a history that were not written before."""
        first = self._written_events.get(arn, 0)
        if new := {str(event["id"]): event for event in events[first:]}:
            self._records.put_many(_EVENT, arn, new)
            self._written_events[arn] = len(events)

    def read_events(self, arn: str) -> list[Record]:
        """Return the written history of an execution."""
        return self._records.read_owner(_EVENT, arn)

    def ended(self, arn: str) -> None:
        """Forget what is only needed while an execution runs."""
        self._written_events.pop(arn, None)

    def delete(self, arn: str) -> None:
        """Remove an execution and its history."""
        self._records.delete(_EXECUTION, arn, "")
        self._records.replace_owner(_EVENT, arn, {})

    def restore(self) -> None:
        """Load every execution; those that were running when the process ended have failed."""
        for arn, _, record in self._records.read(_EXECUTION):
            if record["status"] == "RUNNING":
                self._fail_interrupted(arn, record)
            region, account_id = arn.split(":")[3:5]
            stepfunctions._executions.set_scoped(account_id, region, arn, {**record, "events": []})

    def _fail_interrupted(self, arn: str, record: Record) -> None:
        events = self.read_events(arn)
        last_id = events[-1]["id"] if events else 0
        failed = {
            "id": last_id + 1,
            "previousEventId": last_id,
            "type": "ExecutionFailed",
            "timestamp": now_iso(),
            "executionFailedEventDetails": {
                "error": _INTERRUPTED_ERROR,
                "cause": _INTERRUPTED_CAUSE,
            },
        }
        record.update(
            status="FAILED",
            stopDate=failed["timestamp"],
            error=_INTERRUPTED_ERROR,
            cause=_INTERRUPTED_CAUSE,
        )
        self._records.put(_EVENT, arn, str(failed["id"]), failed)
        self.write(arn, record)
