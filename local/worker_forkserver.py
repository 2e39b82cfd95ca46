"""Starts Batch jobs as forks of a process that has already imported what the worker needs.

Interpreter start and imports cost most of a second, a fork a few milliseconds. Each job is still a
process of its own with its own session, environment, working directory and output pipe; nothing
of one job is seen by another.

The server talks to this process over one socket of datagrams. When the socket closes, because the
server stopped or was killed, every job and every process a job started is killed: this process
adopts their orphans (``PR_SET_CHILD_SUBREAPER``). A job that ends takes its leftovers with it, as
a container does. Should this process itself be killed, the kernel kills the jobs
(``PR_SET_PDEATHSIG``).

Started by `local.batch_processes` as ``python -m local.worker_forkserver FD MODULE…``.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

import psutil

MAX_MESSAGE_BYTES = 1 << 18

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _kill_tree(process: psutil.Process) -> None:
    """Kill a process and everything it started."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue


def _enter_job(request: dict[str, Any], output_fd: int, control: socket.socket) -> None:
    """Turn a fresh fork into the job's process: session, output, environment, directory."""
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != request["parent"]:
        os._exit(128 + signal.SIGKILL)  # it died before the kernel knew that this must too
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    control.close()
    with Path(os.devnull).open() as empty:
        os.dup2(empty.fileno(), 0)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    os.close(output_fd)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])


def _run_module(name: str, arguments: list[str]) -> int:
    """Run a module as ``python -m`` does and return the exit code."""
    for stream, fd in (("stdout", 1), ("stderr", 2)):
        setattr(
            sys,
            stream,
            io.TextIOWrapper(
                io.FileIO(fd, "w", closefd=False),
                encoding="utf-8",
                errors="backslashreplace",
                line_buffering=True,
            ),
        )
    sys.argv = [name, *arguments]
    sys.path[0] = os.getcwd()  # noqa: PTH109 - sys.path holds strings
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # forks would share the state of the global generator
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if isinstance(error.code, str):
            sys.stderr.write(error.code + "\n")
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - the end of the program, as in the interpreter
        traceback.print_exc()
        return 1
    return 0


def _become_job(request: dict[str, Any], output_fd: int, control: socket.socket) -> NoReturn:
    code = 127
    try:
        _enter_job(request, output_fd, control)
        command: list[str] = request["command"]
        if command[:2] == [sys.executable, "-m"]:
            code = _run_module(command[2], command[3:])
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        else:
            os.execvpe(command[0], command, request["env"])  # noqa: S606 - no shell
    except OSError as error:
        os.write(2, f"CannotStartContainerError: {error}\n".encode())
    except BaseException:  # noqa: BLE001 - a fork must never return into the server's loop
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


class ForkServer:
    """The loop that forks jobs on request and reports how they ended.

    Parameters
    ----------
    control
        Socket of datagrams (``SOCK_SEQPACKET``) shared with the server.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._jobs: dict[int, str] = {}

    def serve(self) -> None:
        """Serve until the other end of the control socket closes, then kill every job."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(wake_read, selectors.EVENT_READ)
        connected = True
        while connected:
            for key, _ in selector.select():
                if key.fileobj is self._control:
                    connected = self._answer() and connected
                else:
                    os.read(wake_read, 512)
            self._reap()
        for child in psutil.Process().children():
            _kill_tree(child)

    def _answer(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, MAX_MESSAGE_BYTES, 1)
        if not message:
            return False
        request = json.loads(message)
        if "command" in request:
            self._start(request, fds[0])
        else:
            self._signal(request["job"], request["signal"])
        return True

    def _start(self, request: dict[str, Any], output_fd: int) -> None:
        request["parent"] = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_job(request, output_fd, self._control)
        os.close(output_fd)
        self._jobs[pid] = request["job"]

    def _signal(self, job: str, number: int) -> None:
        for pid, name in self._jobs.items():
            if name != job:
                continue
            if number == signal.SIGKILL:
                _kill_tree(psutil.Process(pid))
            else:
                _signal_job(pid, number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if job := self._jobs.pop(pid, None):
                code = os.waitstatus_to_exitcode(status)
                exit_code = 128 - code if code < 0 else code  # as a shell and Docker report it
                self._control.send(json.dumps({"job": job, "exit_code": exit_code}).encode())
                self._kill_leftovers()

    def _kill_leftovers(self) -> None:
        """Kill what ended jobs left behind: their orphans became children of this process."""
        for child in psutil.Process().children():
            if child.pid not in self._jobs:
                _kill_tree(child)


def _signal_job(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # it has just been forked and leads no group yet
        os.kill(pid, number)


def main() -> None:
    """Import the modules to share, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for name in sys.argv[2:]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # only a warm start is lost: the job reports the import it misses
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, the shared pages
    ForkServer(control).serve()


if __name__ == "__main__":
    main()
