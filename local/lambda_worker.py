"""Seam B: Lambda functions that fail and log as on AWS, for MiniStack 1.5.33.

Replaces the Python worker script of ``ministack.core.lambda_runtime``, its reading of the
worker's standard error, and wraps ``lambda_svc._execute_function_warm``:

- MiniStack names every failure ``Runtime.HandlerError``, so no Retry or Catch by class name would
  ever match; here ``errorType`` is the class of the Python exception, with its stack trace.
- It kills the worker after a failed invocation, so each typed error costs a cold start; here the
  worker lives on, as an execution environment does on AWS.
- It waits 50 ms for log lines that may never come; here a mark ends an invocation's output.
- A worker ends by itself when the server is gone, even in the middle of a handler.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_BOOTSTRAP = Path(__file__).with_name("lambda_bootstrap.py")
_END_MARK = "\x1eEND-OF-INVOCATION\x1e"
_FAILURE_KEY = "\x1elambda-failure"
_OUTPUT_WAIT_S = 1.0


def _read_stderr(worker: Any) -> None:
    for line in worker._proc.stderr:
        worker._stderr_queue.put(line.rstrip("\n"))


def _drain_to_mark(worker: Any) -> str:
    """Return what the handler printed; its end mark is written before the answer."""
    lines: list[str] = []
    try:
        while not (line := worker._stderr_queue.get(timeout=_OUTPUT_WAIT_S)).endswith(_END_MARK):
            lines.append(line)
        if unfinished_line := line.removesuffix(_END_MARK):
            lines.append(unfinished_line)
    except queue.Empty:
        pass  # the worker died or the handler replaced sys.stderr: there is no mark
    return "\n".join(lines)


def _with_python_errors(
    execute: Callable[[Any, Any, str], dict[str, Any]],
) -> Callable[[Any, Any, str], dict[str, Any]]:
    def execute_warm(function: Any, event: Any, request_id: str) -> dict[str, Any]:
        result = execute(function, event, request_id)
        body = result.get("body")
        if isinstance(body, dict) and _FAILURE_KEY in body:
            return {"body": body[_FAILURE_KEY], "error": True, "log": result.get("log", "")}
        return result

    return execute_warm


def install() -> None:
    """Put this worker in the place of MiniStack's."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _BOOTSTRAP.read_text(encoding="utf-8")
    lambda_runtime.Worker._read_stderr = _read_stderr
    lambda_runtime.Worker._drain_stderr_bounded = _drain_to_mark
    lambda_svc._execute_function_warm = _with_python_errors(lambda_svc._execute_function_warm)
