"""Waiting of state machines: Wait states, retry pauses and ``.sync`` tasks, for moto 5.2.5.

Replaces ``WaitFunction._wait_interval`` and the ``time`` of ``retrier_decl`` so that waits follow
the wait scale (a live setting of MiniStack), and ``StateTaskServiceCallback._eval_sync``, which
polled twice a second: a ``.sync`` task now wakes when a job or an execution ends, and a task that
is stopped or timed out takes its Batch job or child execution with it, as on AWS.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import stepfunctions
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_batch,
    state_task_service_callback,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from local.completions import COMPLETIONS

# The longest a stopped or timed-out `.sync` task takes to notice.
_NOTICE_STOP_S = 0.1
# A child that ends without ringing the bell (none is known) is still found.
_RECHECK_S = 2.0


def wait_scale() -> float:
    """Return the factor on waits; 0 skips them."""
    return float(stepfunctions._SFN_WAIT_SCALE)


def _wait_interval(_wait: Any, env: Any, wait_seconds: float) -> None:
    end = time.monotonic() + wait_seconds * wait_scale()
    while env.is_running() and (remaining_s := end - time.monotonic()) > 0:
        env.program_state_event.wait(remaining_s)


class _ScaledTime:
    """The part of the `time` module that moto's retrier uses."""

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(seconds * wait_scale())


def _eval_sync(
    _task: Any,
    env: Any,
    sync_resolver: Any,
    timeout_seconds: int | None,
    callback_endpoint: Any,
    heartbeat_endpoint: Any,
) -> Any:
    del timeout_seconds, callback_endpoint, heartbeat_endpoint  # kept by the frame around the task
    while env.is_running():
        seen = COMPLETIONS.count
        if result := sync_resolver():
            return result
        recheck = time.monotonic() + _RECHECK_S
        while env.is_running() and COMPLETIONS.count == seen and time.monotonic() < recheck:
            COMPLETIONS.wait_beyond(seen, _NOTICE_STOP_S)
    if cancel := getattr(sync_resolver, "cancel", None):
        cancel()
    return None


def _cancelling(build_resolver: Any, cancel: Any) -> Any:
    """Let the resolver of a ``.sync`` task know how to cancel what the task started."""

    def build(
        task: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: Any,
        state_credentials: Any,
    ) -> Any:
        started = env.stack[-1]
        client = boto_client.boto_client_for(
            region=resource_runtime_part.region,
            service=task._get_boto_service_name(),
            state_credentials=state_credentials,
        )
        resolver = build_resolver(
            task, env, resource_runtime_part, normalised_parameters, state_credentials
        )
        resolver.cancel = lambda: cancel(client, started)
        return resolver

    return build


def _terminate_job(client: Any, submitted: dict[str, Any]) -> None:
    client.terminate_job(
        jobId=submitted["JobId"], reason="The Step Functions task that waited for it was stopped"
    )


def _stop_child(client: Any, started: dict[str, Any]) -> None:
    try:
        client.stop_execution(
            executionArn=started["ExecutionArn"],
            error="States.TaskStopped",
            cause="The execution that waited for this one was stopped",
        )
    except client.exceptions.ClientError:
        return  # it ended by itself in the meantime


def install() -> None:
    """Put these waits in the place of moto's."""
    WaitFunction._wait_interval = _wait_interval
    retrier_decl.time = _ScaledTime
    state_task_service_callback.StateTaskServiceCallback._eval_sync = _eval_sync
    batch = state_task_service_batch.StateTaskServiceBatch
    batch._build_sync_resolver = _cancelling(batch._build_sync_resolver, _terminate_job)
    sfn = state_task_service_sfn.StateTaskServiceSfn
    sfn._build_sync_resolver = _cancelling(sfn._build_sync_resolver, _stop_child)
    sfn._build_sync2_resolver = _cancelling(sfn._build_sync2_resolver, _stop_child)
