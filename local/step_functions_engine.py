"""Seam A: state machines run by moto 5.2.5's interpreter inside MiniStack 1.5.33.

Replaces ``ministack.services.stepfunctions._run_execution`` and the handlers that look into a
running execution. MiniStack's own interpreter passes 38 of the 68 features the lab's suite checks,
moto's (LocalStack's engine, used as a library) passes nearly all once its gaps are filled; what is
filled is in ``step_functions_jsonata``, ``_parser``, ``_requests`` and ``_waits``.

Every execution and every history event is a record on disk (see `local.records`): at the start,
at the end, and at each save in between.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import (
    get_account_id,
    get_region,
    now_iso,
    set_request_account_id,
    set_request_region,
)
from ministack.services import stepfunctions
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackNotifyConsumerError,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.state_machine import StateMachineInstance
from moto.stepfunctions.parser.utils import TMP_THREADS

from local import (
    step_functions_jsonata,
    step_functions_parser,
    step_functions_requests,
    step_functions_waits,
)
from local.completions import COMPLETIONS
from local.records import RecordStore
from local.step_functions_parser import PROGRAMS

_EXECUTION = "execution"
_EVENT = "execution-event"
_INTERRUPTED_ERROR = "OneMachineCloud.Stopped"
_INTERRUPTED_CAUSE = "The one-machine cloud was stopped while this execution was running."

Record = dict[str, Any]


def _plain(value: Any) -> Any:
    """Return a history value with JSON types only."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {str(getattr(key, "value", key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return getattr(value, "value", value) if isinstance(value, str) else value


class StepFunctionsEngine:
    """Runs executions and keeps their records.

    Parameters
    ----------
    records
        Where executions and their history are kept.
    """

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._live: dict[str, Execution] = {}
        self._saved_events: dict[str, int] = {}
        self._save_lock = threading.Lock()

    # -- running ---------------------------------------------------------------------------

    def run(self, execution_arn: str) -> None:
        """Run one execution to its end on the calling thread."""
        record = stepfunctions._executions.get(execution_arn)
        machine = record and stepfunctions._state_machines.get(record["stateMachineArn"])
        if not machine:
            return
        record["events"] = []
        execution = Execution(
            name=record["name"],
            sm_type=machine.get("type", "STANDARD"),
            role_arn=machine["roleArn"],
            exec_arn=execution_arn,
            account_id=get_account_id(),
            region_name=get_region(),
            state_machine=StateMachineInstance(
                name=machine["name"],
                arn=machine["stateMachineArn"],
                definition=machine["definition"],
                role_arn=machine["roleArn"],
                logging_config={},
            ),
            start_date=record["startDate"],
            cloud_watch_logging_session=None,
            activity_store={},
            input_data=record["input"],
        )
        worker = execution.exec_worker = execution._get_start_execution_worker()
        execution.exec_status = ExecutionStatus.RUNNING
        self._live[execution_arn] = execution
        try:
            worker._execution_logic()
            PROGRAMS.give_back(machine["definition"], worker.program)
            self._finish(record, execution)
        except Exception as error:  # noqa: BLE001 - the execution fails, and the log says why
            stepfunctions.logger.exception("The interpreter failed in %s", execution_arn)
            self._copy_new_events(record, execution)
            stepfunctions._fail_execution(record, "States.Runtime", repr(error))
        finally:
            del self._live[execution_arn]
            TMP_THREADS.clear()  # moto keeps every thread it ever started
            self._save(execution_arn, record)
            self._saved_events.pop(execution_arn, None)
            COMPLETIONS.ring()

    def _finish(self, record: Record, execution: Any) -> None:
        if record["status"] != "RUNNING":  # stopped by StopExecution in the meantime
            return
        self._copy_new_events(record, execution)
        status = execution.exec_status.value
        stop_date = now_iso()
        if status == "TIMED_OUT" and record["events"][-1]["type"] != "ExecutionTimedOut":
            stepfunctions._add_event(record, "ExecutionTimedOut", {"previousEventId": 0})
        if status == "SUCCEEDED":
            record["output"] = json.dumps(_plain(execution.output))
        record.update(
            status=status, stopDate=stop_date, error=execution.error, cause=execution.cause
        )
        stepfunctions._emit_execution_status_event(record)

    def _copy_new_events(self, record: Record, execution: Any) -> None:
        env = execution.exec_worker and execution.exec_worker.env
        if env and record["status"] == "RUNNING":
            events = env.event_manager._history_event_list
            record["events"] += [_plain(dict(event)) for event in events[len(record["events"]) :]]

    # -- handlers ---------------------------------------------------------------------------

    def starting(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Wrap StartExecution so that an execution is on disk before it is acknowledged."""

        def handle(data: Any) -> Any:
            response = handler(data)
            if response[0] == 200:
                arn = json.loads(response[2])["executionArn"]
                with self._save_lock:
                    record = stepfunctions._executions[arn]
                    if record["status"] == "RUNNING":
                        self._records.put(_EXECUTION, _scope_of(arn), arn, _without_events(record))
            return response

        return handle

    def copy_events_first(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Wrap a handler that shows an execution's history so that it is up to date."""

        def handle(data: Any) -> Any:
            arn = data.get("executionArn")
            if (execution := self._live.get(arn)) and (
                record := stepfunctions._executions.get(arn)
            ):
                with self._save_lock:
                    self._copy_new_events(record, execution)
            return handler(data)

        return handle

    def stopping(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Wrap StopExecution so that it stops the interpreter too."""

        def handle(data: Any) -> Any:
            arn = data.get("executionArn")
            execution = self._live.get(arn)
            response = self.copy_events_first(handler)(data)
            if execution and execution.exec_worker and execution.exec_worker.env:
                record = stepfunctions._executions.get(arn)
                record["events"][-1].setdefault("previousEventId", 0)
                execution.stop(datetime.now(UTC), data.get("error"), data.get("cause"))
                self._save(arn, record)
                COMPLETIONS.ring()
            return response

        return handle

    def notify(self, send: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
        """Return a handler that hands a task token's outcome to the execution that waits."""

        def handle(data: Any) -> Any:
            for execution in list(self._live.values()):
                env = execution.exec_worker and execution.exec_worker.env
                try:
                    if env and send(env.callback_pool_manager, data):
                        return stepfunctions.json_response({})
                except CallbackNotifyConsumerError:
                    return stepfunctions.error_response_json("TaskTimedOut", "Task timed out", 400)
            return stepfunctions.error_response_json("InvalidToken", "Invalid token", 400)

        return handle

    # -- records ---------------------------------------------------------------------------

    def save_running(self) -> None:
        """Write the new history events of the running executions."""
        for arn, execution in list(self._live.items()):
            account_id, region = arn.split(":")[4], arn.split(":")[3]
            record = stepfunctions._executions.get_scoped(account_id, region, arn)
            if record is not None and execution.exec_worker:
                with self._save_lock:
                    self._copy_new_events(record, execution)
                self._save(arn, record)

    def _save(self, arn: str, record: Record) -> None:
        with self._save_lock:
            first = self._saved_events.get(arn, 0)
            new = {str(event["id"]): event for event in record["events"][first:]}
            if new:
                self._records.put_many(_EVENT, arn, new)
                self._saved_events[arn] = first + len(new)
            if record["status"] != "RUNNING":
                self._records.put(_EXECUTION, _scope_of(arn), arn, _without_events(record))

    def restore(self) -> None:
        """Load every execution; those that were running when the process ended have failed."""
        histories: dict[str, list[Record]] = {}
        for arn, _, event in self._records.read(_EVENT):
            histories.setdefault(arn, []).append(event)
        for _, arn, record in self._records.read(_EXECUTION):
            record["events"] = histories.get(arn, [])
            account_id, region = arn.split(":")[4], arn.split(":")[3]
            stepfunctions._executions.set_scoped(account_id, region, arn, record)
            if record["status"] == "RUNNING":
                self._fail_interrupted(arn, record)

    def _fail_interrupted(self, arn: str, record: Record) -> None:
        set_request_account_id(arn.split(":")[4])
        set_request_region(arn.split(":")[3])
        self._saved_events[arn] = len(record["events"])
        stepfunctions._add_event(
            record,
            "ExecutionFailed",
            {
                "previousEventId": len(record["events"]),
                "executionFailedEventDetails": {
                    "error": _INTERRUPTED_ERROR,
                    "cause": _INTERRUPTED_CAUSE,
                },
            },
        )
        record.update(
            status="FAILED",
            stopDate=now_iso(),
            error=_INTERRUPTED_ERROR,
            cause=_INTERRUPTED_CAUSE,
        )
        self._save(arn, record)
        self._saved_events.pop(arn)

    def forget_executions(self, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Wrap DeleteStateMachine so that the executions it removes leave the disk too."""

        def handle(data: Any) -> Any:
            before = set(stepfunctions._executions.keys())
            response = handler(data)
            for arn in before - set(stepfunctions._executions.keys()):
                self._records.delete(_EXECUTION, _scope_of(arn), arn)
                self._records.replace_owner(_EVENT, arn, {})
            return response

        return handle


def _scope_of(arn: str) -> str:
    return f"{arn.split(':')[4]}:{arn.split(':')[3]}"


def _without_events(record: Record) -> Record:
    return {key: value for key, value in record.items() if key != "events"}


def install(records: RecordStore, endpoint_url: str) -> StepFunctionsEngine:
    """Run MiniStack's executions with moto's interpreter.

    Parameters
    ----------
    records
        Where executions and their history are kept.
    endpoint_url
        Address the state machines' own AWS calls go to.
    """
    step_functions_jsonata.install()
    step_functions_parser.install()
    step_functions_requests.install(endpoint_url)
    step_functions_waits.install()
    engine = StepFunctionsEngine(records)
    stepfunctions._run_execution = engine.run
    stepfunctions._start_execution = engine.starting(stepfunctions._start_execution)
    stepfunctions._get_execution_history = engine.copy_events_first(
        stepfunctions._get_execution_history
    )
    stepfunctions._stop_execution = engine.stopping(stepfunctions._stop_execution)
    stepfunctions._delete_state_machine = engine.forget_executions(
        stepfunctions._delete_state_machine
    )
    stepfunctions._send_task_success = engine.notify(
        lambda pool, data: pool.notify(
            callback_id=data["taskToken"],
            outcome=CallbackOutcomeSuccess(
                callback_id=data["taskToken"], output=data.get("output", "{}")
            ),
        )
    )
    stepfunctions._send_task_failure = engine.notify(
        lambda pool, data: pool.notify(
            callback_id=data["taskToken"],
            outcome=CallbackOutcomeFailure(
                callback_id=data["taskToken"], error=data.get("error"), cause=data.get("cause")
            ),
        )
    )
    stepfunctions._send_task_heartbeat = engine.notify(
        lambda pool, data: pool.heartbeat(callback_id=data["taskToken"])
    )
    return engine
