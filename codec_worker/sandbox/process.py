"""The bench's end of a zygote: starting it, asking it for a call, ending it."""

import fcntl
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from codec_worker.sandbox.messages import Ended, Ready, Request, Setup
from codec_worker.sandbox.outcome import SandboxUnavailableError

_START = (
    "import sys, json; sys.path[:0] = json.loads(sys.argv[3]); "
    "from codec_worker.sandbox.zygote import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)
_START_TIMEOUT_S = 120.0
_END_TIMEOUT_S = 5.0
_MESSAGE_BYTES = 64 << 10
_F_ADD_SEALS = 1033
_F_SEAL_SEAL, _F_SEAL_SHRINK, _F_SEAL_GROW, _F_SEAL_WRITE = 1, 2, 4, 8
_CODE_ROOT = str(Path(__file__).resolve().parents[2])


class Call(NamedTuple):
    """A candidate's process that has been started.

    Attributes
    ----------
    pid : int
        Its process id, to look it up in /proc.
    process : int
        Its pidfd, the only safe way to send it a signal.
    log, status : int
        Ends of pipes to read from.
    """

    pid: int
    process: int
    log: int
    status: int


class ZygoteLostError(Exception):
    """The zygote ended in the middle of a call."""


def sealed_input(parts: Sequence[memoryview]) -> tuple[int, int]:
    """Copy bytes to memory that nobody can change any more; return descriptor and length."""
    length = sum(len(part) for part in parts)
    descriptor = os.memfd_create("input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    if length:
        os.truncate(descriptor, length)
        with mmap.mmap(descriptor, length) as target:
            offset = 0
            for part in parts:
                target[offset : offset + len(part)] = part
                offset += len(part)
    seals = _F_SEAL_SEAL | _F_SEAL_SHRINK | _F_SEAL_GROW | _F_SEAL_WRITE
    fcntl.fcntl(descriptor, _F_ADD_SEALS, seals)
    return descriptor, length


def sized_output(size_bytes: int) -> int:
    """Make memory for a result whose size nobody can change; return its descriptor."""
    descriptor = os.memfd_create("output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.truncate(descriptor, size_bytes)
    fcntl.fcntl(descriptor, _F_ADD_SEALS, _F_SEAL_SEAL | _F_SEAL_SHRINK | _F_SEAL_GROW)
    return descriptor


class ZygoteProcess:
    """A zygote, started at once and waited for when it is first needed.

    Parameters
    ----------
    setup
        What it is to serve.
    environment
        All of its environment variables.
    """

    def __init__(self, setup: Setup, environment: Mapping[str, str]) -> None:
        self._ready: Ready | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this object)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile("w+", encoding="utf-8") as file:
            json.dump(setup, file)
            file.seek(0)
            file.flush()
            descriptors = (theirs.fileno(), file.fileno())
            search = [_CODE_ROOT, *setup.import_roots]
            self._process = subprocess.Popen(
                [
                    sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _START,
                    *map(str, descriptors), json.dumps(search),
                ],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                pass_fds=descriptors,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the bench, which then ends this
            )  # fmt: skip

    @property
    def ready(self) -> Ready:
        """What it occupies; waits until it is ready.

        Raises
        ------
        SandboxUnavailableError
            If it cannot start.
        """
        if self._ready is None:
            self._socket.settimeout(_START_TIMEOUT_S)
            try:
                message = self._socket.recv(_MESSAGE_BYTES)
            except TimeoutError:
                message = b""
            self._socket.settimeout(None)
            ready = Ready(*json.loads(message)) if message else Ready(self._last_words(), 0, 0)
            if ready.error:
                raise SandboxUnavailableError(f"The sandbox could not start: {ready.error}")
            self._ready = ready
        return self._ready

    @property
    def socket(self) -> socket.socket:
        """Becomes readable when a call has ended."""
        return self._socket

    def start_call(self, request: Request, source: int, target: int) -> Call:
        """Fork a process for one call.

        Raises
        ------
        ZygoteLostError
            If the zygote is gone.
        """
        log, log_end = os.pipe()
        status, status_end = os.pipe()
        os.set_blocking(log, False)
        try:
            descriptors = [source, target, log_end, status_end]
            socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
            message, processes, _, _ = socket.recv_fds(self._socket, _MESSAGE_BYTES, 1)
        except ConnectionError:
            message = b""
        finally:
            os.close(log_end)
            os.close(status_end)
        if not message:
            os.close(log)
            os.close(status)
            raise ZygoteLostError(self._last_words())
        return Call(int(message), processes[0], log, status)

    def ended(self) -> Ended:
        """Return how the call ended, once the socket is readable.

        Raises
        ------
        ZygoteLostError
            If the zygote is gone.
        """
        try:
            message = self._socket.recv(_MESSAGE_BYTES)
        except ConnectionError as error:
            raise ZygoteLostError(str(error)) from error
        if not message:
            raise ZygoteLostError(self._last_words())
        return Ended(*json.loads(message))

    def close(self) -> None:
        """End the zygote and wait until it is gone."""
        self._socket.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._complaints.close()

    def _last_words(self) -> str:
        self._process.poll()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"its process ended with {self._process.returncode}"
