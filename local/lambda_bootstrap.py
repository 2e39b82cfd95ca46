"""Runs one Lambda function's handler in a process of its own; started by `local.lambda_worker`.

The process speaks MiniStack's protocol: a line of JSON with the function's place on standard
input, then one line per invocation, and one line of JSON per answer on standard output. What the
handler prints goes to standard error, where a line with the invocation's end mark follows it.

This file is copied next to the function's code and imports nothing of the repository.
"""

import ctypes
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

END_MARK = "\x1eEND-OF-INVOCATION\x1e"
FAILURE_KEY = "\x1elambda-failure"


class Context:
    """The context object of a Lambda invocation."""

    identity = None
    client_context = None

    def __init__(self, init: dict[str, Any], call: dict[str, Any]) -> None:
        self.function_name = init["function_name"]
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = init["memory"]
        self.invoked_function_arn = call.get("invoked_function_arn") or init["arn"]
        self.aws_request_id = call.get("request_id", "")
        self.log_group_name = "/aws/lambda/" + init["function_name"]
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._deadline = time.monotonic() + call.get("timeout_ms", 3000) / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def _requests() -> "queue.SimpleQueue[str]":
    """Return a queue of input lines; the process ends when its parent closes the input."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _failure(error: Exception, request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(traceback.extract_tb(error.__traceback__)[1:]),
    }


def _load(init: dict[str, Any]) -> Callable[[Any, Context], Any]:
    sys.path.insert(0, init["code_dir"])
    for layer in filter(None, os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep)):
        sys.path[:0] = [layer, f"{layer}/python"]
    handler: Callable[[Any, Context], Any] = getattr(
        importlib.import_module(init["module"]), init["handler"]
    )
    return handler


def _invoke(handler: Callable[[Any, Context], Any], init: dict[str, Any], line: str) -> str:
    message = json.loads(line)
    context = Context(init, message.get("ctx") or {})
    os.environ["_X_AMZN_TRACE_ID"] = (message.get("ctx") or {}).get("trace_id") or ""
    try:
        return json.dumps({"status": "ok", "result": handler(message["event"], context)})
    except Exception as error:  # noqa: BLE001 - any fault of the handler is its answer
        traceback.print_exc()
        failure = _failure(error, context.aws_request_id)
        return json.dumps({"status": "ok", "result": {FAILURE_KEY: failure}})


def main() -> None:
    """Answer invocations until the parent closes standard input."""
    answers, sys.stdout = sys.stdout, sys.stderr
    ctypes.CDLL(None).prctl(15, b"lambda")  # PR_SET_NAME: tells it apart in `ps`
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the cloud, which ends its workers
    lines = _requests()
    init = json.loads(lines.get())
    try:
        handler = _load(init)
    except Exception as error:  # noqa: BLE001 - any fault of an import is the answer
        traceback.print_exc()
        answers.write(json.dumps({"status": "error", "error": f"{type(error).__name__}: {error}"}))
        answers.write("\n")
        answers.flush()
        return
    answers.write('{"status": "ready", "cold": true}\n')
    answers.flush()
    while True:
        answer = _invoke(handler, init, lines.get())
        sys.stderr.write(END_MARK + "\n")
        sys.stderr.flush()
        answers.write(answer + "\n")
        answers.flush()


main()
