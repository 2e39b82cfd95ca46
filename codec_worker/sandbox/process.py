"""The bench's end of a zygote: starting it, asking it for a call, ending it."""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from codec_worker.sandbox.base_process import give_back, last_line, lend
from codec_worker.sandbox.messages import BaseSetup, Ended, Ready, Request, Setup
from codec_worker.sandbox.outcome import SandboxUnavailableError

_START_TIMEOUT_S = 120.0
_FORK_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 5.0
_MESSAGE_BYTES = 64 << 10
_F_ADD_SEALS = 1033
_F_SEAL_SEAL, _F_SEAL_SHRINK, _F_SEAL_GROW, _F_SEAL_WRITE = 1, 2, 4, 8


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
    """The zygote ended in the middle of a call, or does not answer."""


def sealed_input(parts: Sequence[memoryview]) -> tuple[int, int]:
    """Copy bytes to memory that nobody can change any more; return descriptor and length."""
    length = sum(len(part) for part in parts)
    descriptor = os.memfd_create("input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    for part in parts:
        rest = part
        while rest:  # a single write stops at 2 GiB
            rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
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
    base
        What it needs to find imported, and how it is locked down.
    setup
        What it is to serve.
    environment
        All of its environment variables.
    """

    def __init__(self, base: BaseSetup, setup: Setup, environment: Mapping[str, str]) -> None:
        self._ready: Ready | None = None
        self._process: int | None = None
        self._direction = setup.direction
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this object)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._base = lend(base, environment)
        source, _ = sealed_input([memoryview(json.dumps(setup).encode())])
        try:
            with theirs:
                self._base.fork(theirs.fileno(), source, self._complaints.fileno())
        finally:
            os.close(source)

    @property
    def ready(self) -> Ready:
        """What it is and occupies; waits until it is ready.

        Raises
        ------
        SandboxUnavailableError
            If it cannot start.
        """
        if self._ready is None:
            message, processes = self._answer()
            ready = Ready(*json.loads(message)) if message else Ready(self._last_words(), 0, 0, 0)
            if ready.error:
                raise SandboxUnavailableError(
                    f"The sandbox for {self._direction} could not start: {ready.error}"
                )
            self._process, self._ready = processes[0], ready
        return self._ready

    def _answer(self) -> tuple[bytes, list[int]]:
        self._socket.settimeout(_START_TIMEOUT_S)
        try:
            message, processes, _, _ = socket.recv_fds(self._socket, _MESSAGE_BYTES, 1)
        except TimeoutError as error:
            self._base.lost = True
            raise SandboxUnavailableError(
                f"The sandbox for {self._direction} could not start: "
                f"it was not ready within {_START_TIMEOUT_S:g} s."
            ) from error
        except ConnectionError:
            return b"", []
        finally:
            self._socket.settimeout(None)
        self._base.lost |= bool(message) and not processes  # then the base itself says why
        return message, processes

    @property
    def socket(self) -> socket.socket:
        """Becomes readable when a call has ended."""
        return self._socket

    def start_call(self, request: Request, source: int, target: int) -> Call:
        """Fork a process for one call.

        Raises
        ------
        ZygoteLostError
            If the zygote is gone, or does not start it in time.
        """
        log, log_end = os.pipe()
        status, status_end = os.pipe()
        os.set_blocking(log, False)
        fault = ""
        self._socket.settimeout(_FORK_TIMEOUT_S)
        try:
            descriptors = [source, target, log_end, status_end]
            socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
            message, processes, _, _ = socket.recv_fds(self._socket, _MESSAGE_BYTES, 1)
        except (ConnectionError, TimeoutError) as error:
            message = b""
            if isinstance(error, TimeoutError):
                fault = f"it did not start a call within {_FORK_TIMEOUT_S:g} s"
        finally:
            self._socket.settimeout(None)
            os.close(log_end)
            os.close(status_end)
        if not message:
            os.close(log)
            os.close(status)
            raise ZygoteLostError(fault or self._last_words())
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
            raise ZygoteLostError(self._last_words()) from error
        if not message:
            raise ZygoteLostError(self._last_words())
        return Ended(*json.loads(message))

    def close(self) -> None:
        """End the zygote and wait until it is gone."""
        self._socket.close()
        if self._process is not None:
            if not self._is_gone(_END_TIMEOUT_S):
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._process, signal.SIGKILL)
                self._is_gone(_END_TIMEOUT_S)
            os.close(self._process)
        self._complaints.close()
        give_back(self._base)

    def _is_gone(self, timeout_s: float) -> bool:
        waiting = select.poll()
        waiting.register(self._process or -1, select.POLLIN)
        return bool(waiting.poll(1000 * timeout_s))

    def _last_words(self) -> str:
        return (
            last_line(self._complaints)
            or self._base.last_words()
            or "something killed its process, most likely the kernel for want of memory"
        )
