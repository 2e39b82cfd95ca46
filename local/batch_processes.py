"""The server's side of `local.worker_forkserver`: start a job's process, read it, end it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.settings import REPOSITORY_ROOT
from local.worker_forkserver import MAX_MESSAGE_BYTES

_READ_BYTES = 1 << 16
_LAST_OUTPUT_S = 1.0


class JobProcess:
    """One running job.

    Parameters
    ----------
    name
        Name of the job at the fork server.
    output_fd
        Read end of the pipe that carries standard output and standard error.
    send_signal
        Delivers a signal to the job by name.
    """

    def __init__(self, name: str, output_fd: int, send_signal: Callable[[str, int], None]) -> None:
        self._name = name
        self._output_fd = output_fd
        self._send_signal = send_signal
        self._ended = threading.Event()
        self._exit_code: int | None = None

    def end(self, exit_code: int) -> None:
        """Record that the process has ended."""
        self._exit_code = exit_code
        self._ended.set()

    def terminate(self) -> None:
        """Ask the process group to end (SIGTERM)."""
        self._send_signal(self._name, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and everything it started (SIGKILL)."""
        self._send_signal(self._name, signal.SIGKILL)

    def wait(self, on_lines: Callable[[list[str]], None], timeout_s: float | None) -> int | None:
        """Hand on the output line by line until the process ends.

        Parameters
        ----------
        on_lines
            Called with each batch of complete lines as it arrives.
        timeout_s
            Longest time to wait; None waits for ever.

        Returns
        -------
        int or None
            Exit code, 128 + signal number for a killed process, None after a time-out.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        last_output: float | None = None
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._output_fd, selectors.EVENT_READ)
            while True:
                if selector.select(0.1):
                    chunk = os.read(self._output_fd, _READ_BYTES)
                    *lines, rest = (rest + chunk).split(b"\n")
                    if not chunk and rest:
                        lines, rest = [rest], b""
                    if lines:
                        on_lines([line.decode("utf-8", "replace") for line in lines])
                    if not chunk:
                        break
                elif self._ended.is_set():
                    last_output = last_output or time.monotonic() + _LAST_OUTPUT_S
                    if time.monotonic() > last_output:
                        break
                if deadline is not None and time.monotonic() > deadline:
                    return None
        remaining_s = None if deadline is None else max(0.0, deadline - time.monotonic())
        return self._exit_code if self._ended.wait(remaining_s) else None

    def close(self) -> None:
        """Close the output pipe."""
        os.close(self._output_fd)


class JobProcesses:
    """Starts the fork server and jobs through it.

    Parameters
    ----------
    preload
        Modules the fork server imports once.
    environment
        Environment of the fork server; a job gets its own.
    """

    def __init__(self, preload: Sequence[str], environment: Mapping[str, str]) -> None:
        self._preload = preload
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._running: dict[str, JobProcess] = {}
        self._start_server()

    def _start_server(self) -> None:
        self._control, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._control, remote):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MAX_MESSAGE_BYTES)
        with remote:
            self._server = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "local.worker_forkserver",
                    str(remote.fileno()),
                    *self._preload,
                ],
                pass_fds=[remote.fileno()],
                cwd=REPOSITORY_ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        threading.Thread(
            target=self._read_ends,
            args=(self._control, self._server),
            name="batch-ends",
            daemon=True,
        ).start()

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], directory: Path
    ) -> JobProcess:
        """Start a job's process.

        Parameters
        ----------
        name
            A name no other running job has.
        command
            Program and arguments; ``[sys.executable, "-m", MODULE, …]`` runs warm.
        environment
            The whole environment of the process.
        directory
            Its working directory.

        Raises
        ------
        OSError
            When the request is too large or the fork server is gone.
        """
        request = {
            "job": name,
            "command": list(command),
            "env": dict(environment),
            "cwd": str(directory),
        }
        read_fd, write_fd = os.pipe()
        process = JobProcess(name, read_fd, self._signal)
        try:
            with self._lock:
                if self._server.poll() is not None:  # someone killed it
                    self._start_server()
                self._running[name] = process
                socket.send_fds(self._control, [json.dumps(request).encode()], [write_fd])
        except OSError:
            self._running.pop(name, None)
            process.close()
            raise
        finally:
            os.close(write_fd)
        return process

    def stop(self) -> None:
        """Kill every job and end the fork server."""
        self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        self._server.wait()

    def _signal(self, name: str, number: int) -> None:
        with self._lock:
            if name in self._running:
                self._control.send(json.dumps({"job": name, "signal": number}).encode())

    def _read_ends(self, control: socket.socket, server: subprocess.Popen[bytes]) -> None:
        while message := _receive(control):
            end = json.loads(message)
            with self._lock:
                process = self._running.pop(end["job"])
            process.end(end["exit_code"])
        server.wait()
        with self._lock:
            lost, self._running = list(self._running.values()), {}
        for process in lost:  # the fork server died, and its jobs with it
            process.end(128 + signal.SIGKILL)


def _receive(control: socket.socket) -> bytes:
    try:
        return control.recv(MAX_MESSAGE_BYTES)
    except OSError:
        return b""
