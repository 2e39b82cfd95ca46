"""Seam A: state machines run by moto 5.2.5's interpreter inside MiniStack 1.5.33.

Replaces ``ministack.services.stepfunctions._run_execution`` and the handlers that look into a
running execution. MiniStack's own interpreter passes 38 of the 68 features the lab's suite checks,
moto's (LocalStack's engine, used as a library) passes nearly all once its gaps are filled; what is
filled is in ``step_functions_jsonata``, ``_parser``, ``_requests`` and ``_waits``.

Every execution and every history event is a record on disk (see `local.execution_records`): at the
start, at the end, and at each save in between.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import (
    get_account_id,
    get_region,
    now_iso,
)
from ministack.services import stepfunctions
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component import eval_component
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
from local.execution_records import ExecutionRecords
from local.step_functions_parser import PROGRAMS

Handler = Callable[[Any], Any]
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

    def __init__(self, records: ExecutionRecords) -> None:
        self._records = records
        self._live: dict[str, Execution] = {}
        # Guards the events of a record between the interpreter, the handlers and the saver.
        self._lock = threading.RLock()

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
        except Exception as error:  # noqa: BLE001 - the execution fails, and the log says why
            stepfunctions.logger.exception("The interpreter failed in %s", execution_arn)
            execution.exec_status = ExecutionStatus.FAILED
            execution.error, execution.cause = "States.Runtime", repr(error)
        if execution.exec_status == ExecutionStatus.SUCCEEDED:
            # Another outcome may leave a thread behind that is still in the program.
            PROGRAMS.give_back(machine["definition"], worker.program)
        TMP_THREADS.clear()  # moto keeps every thread it ever started
        self._end(execution_arn, record, execution)

    def _end(self, arn: str, record: Record, execution: Any) -> None:
        """Write the outcome, then show it."""
        with self._lock:
            outcome = self._outcome(record, execution)
            self._records.write_new_events(arn, record["events"])
            self._records.write(arn, {**record, **outcome})
            self._records.ended(arn)
            del self._live[arn]
            if not record.get("sync"):  # StartSyncExecution still looks for the cause
                record["events"] = []
            record.update(outcome)
        if outcome:
            stepfunctions._emit_execution_status_event(record)
        COMPLETIONS.ring()

    def _outcome(self, record: Record, execution: Any) -> Record:
        """Return what the end of an execution changes; nothing if StopExecution was first."""
        if record["status"] != "RUNNING":
            return {}
        self._copy_new_events(record, execution)
        status = execution.exec_status.value
        last_type = record["events"][-1]["type"] if record["events"] else ""
        if status == "TIMED_OUT" and last_type != "ExecutionTimedOut":
            stepfunctions._add_event(record, "ExecutionTimedOut", {"previousEventId": 0})
        if status == "FAILED" and last_type != "ExecutionFailed":
            details = {"error": execution.error, "cause": execution.cause}
            stepfunctions._add_event(
                record,
                "ExecutionFailed",
                {"previousEventId": 0, "executionFailedEventDetails": details},
            )
        outcome: Record = {
            "status": status,
            "stopDate": now_iso(),
            "error": execution.error,
            "cause": execution.cause,
        }
        if status == "SUCCEEDED":
            outcome["output"] = json.dumps(_plain(execution.output))
        return outcome

    def _copy_new_events(self, record: Record, execution: Any) -> None:
        env = execution.exec_worker and execution.exec_worker.env
        if env and record["status"] == "RUNNING":
            events = env.event_manager._history_event_list
            record["events"] += [_plain(dict(event)) for event in events[len(record["events"]) :]]

    # -- handlers ---------------------------------------------------------------------------

    def starting(self, handler: Handler) -> Handler:
        """Wrap StartExecution so that an execution is on disk before it is acknowledged."""

        def handle(data: Any) -> Any:
            response = handler(data)
            if response[0] == 200:
                arn = json.loads(response[2])["executionArn"]
                with self._lock:
                    record = stepfunctions._executions[arn]
                    if record["status"] == "RUNNING":
                        self._records.write(arn, record)
            return response

        return handle

    def showing_history(self, handler: Handler) -> Handler:
        """Wrap GetExecutionHistory so that it shows every event up to now."""

        def handle(data: Any) -> Any:
            arn = data.get("executionArn")
            record = stepfunctions._executions.get(arn)
            with self._lock:
                if record is None:
                    return handler(data)
                if execution := self._live.get(arn):
                    self._copy_new_events(record, execution)
                    return handler(data)
                record["events"] = self._records.read_events(arn)
                try:
                    return handler(data)
                finally:
                    record["events"] = []

        return handle

    def stopping(self, handler: Handler) -> Handler:
        """Wrap StopExecution so that it stops the interpreter too."""

        def handle(data: Any) -> Any:
            arn = data.get("executionArn")
            with self._lock:
                execution = self._live.get(arn)
                if execution is None:
                    return handler(data)
                record = stepfunctions._executions[arn]
                self._copy_new_events(record, execution)
                response = handler(data)
                record["events"][-1].setdefault("previousEventId", 0)
                self._records.write_new_events(arn, record["events"])
                self._records.write(arn, record)
            if execution.exec_worker.env:
                execution.stop(datetime.now(UTC), data.get("error"), data.get("cause"))
            COMPLETIONS.ring()
            return response

        return handle

    def notify(self, send: Callable[[Any, Any], Any]) -> Handler:
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
            region, account_id = arn.split(":")[3:5]
            record = stepfunctions._executions.get_scoped(account_id, region, arn)
            with self._lock:
                if record is not None and arn in self._live:
                    self._copy_new_events(record, execution)
                    self._records.write_new_events(arn, record["events"])

    def forget_executions(self, handler: Handler) -> Handler:
        """Wrap DeleteStateMachine so that the executions it removes leave the disk too."""

        def handle(data: Any) -> Any:
            before = set(stepfunctions._executions.keys())
            response = handler(data)
            for arn in before - set(stepfunctions._executions.keys()):
                self._records.delete(arn)
            return response

        return handle


def install(records: ExecutionRecords, endpoint_url: str) -> StepFunctionsEngine:
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
    # It logs every error a definition raises, with the state's whole inside; histories hold them.
    logging.getLogger(eval_component.__name__).setLevel(logging.CRITICAL)
    engine = StepFunctionsEngine(records)
    stepfunctions._run_execution = engine.run
    stepfunctions._start_execution = engine.starting(stepfunctions._start_execution)
    stepfunctions._get_execution_history = engine.showing_history(
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
