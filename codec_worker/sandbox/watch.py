"""Watches a running call and ends it when it uses more than it may."""

import contextlib
import mmap
import os
import select
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from codec_worker.sandbox.messages import LOCKED, OCCUPIED_BYTES, Ended
from codec_worker.sandbox.outcome import Outcome
from codec_worker.sandbox.process import Call, ZygoteProcess

if TYPE_CHECKING:
    from codec_lab.limits import Limits

_TICK_S = 0.2
"""How often to look. Each look wakes a busy core; what is over in between, the end tells."""

_LAST_WORDS_S = 0.2
"""Between the signal that makes the process say where it is, and the one that ends it."""

_LONGEST_SLEEP_S = 1.0
_CPU_GRACE_S = 0.5
"""The kernel ends a process at its CPU limit; this is for one that ignores the signal."""

_LOG_FLOOD = 64
_LOG_FLOOD_BYTES = 1 << 20
"""A log is cut at its limit; it ends the call at 64 times that, or at a mebibyte if more."""

_CHUNK_BYTES = 1 << 16


def max_threads(limits: "Limits") -> int:
    """Return how many threads a call may have: its own, and one pool for each library."""
    return 4 * limits.threads + 8


@dataclass
class Watched:
    """What was seen of a call.

    Attributes
    ----------
    ended : Ended
        How the kernel says it ended.
    wall_s : float
        How long it took on the clock.
    stopped_for : Outcome or None
        The limit for which the bench ended it.
    status : bytes
        What it said about its lockdown.
    log : bytes
        What it printed, cut at the limit.
    resident_limit_bytes : int
        What it might occupy.
    """

    ended: Ended
    wall_s: float
    stopped_for: Outcome | None
    status: bytes
    log: bytes
    resident_limit_bytes: int = 0

    @property
    def locked(self) -> bool:
        """Whether the lockdown was complete before the candidate ran."""
        return self.status == LOCKED


@dataclass
class _Reader:
    keep: int
    kept: bytearray = field(default_factory=bytearray)
    total: int = 0

    def drain(self, descriptor: int) -> bool:
        """Read what there is; False at the end."""
        try:
            data = os.read(descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return True
        self.total += len(data)
        self.kept += data[: self.keep - len(self.kept)]
        return bool(data)


def watch(
    zygote: ZygoteProcess, call: Call, limits: "Limits", started: float, io_bytes: int
) -> Watched:
    """Follow a call to its end.

    Parameters
    ----------
    started
        ``time.monotonic()`` at its beginning.
    io_bytes
        Size of its input and output, which do not count as its memory.

    Raises
    ------
    ZygoteLostError
        If the zygote is gone.
    """
    readers = {call.log: _Reader(limits.log_bytes), call.status: _Reader(_CHUNK_BYTES)}
    granted = limits.memory_bytes + io_bytes + OCCUPIED_BYTES
    resident_limit = zygote.ready.resident_bytes + granted
    guard = _Guard(call, limits, started, resident_limit)
    poll = select.poll()
    for descriptor in (*readers, zygote.socket.fileno()):
        poll.register(descriptor, select.POLLIN)
    ended: Ended | None = None
    while ended is None:
        for descriptor, _ in poll.poll(guard.sleep_s() * 1000):
            if descriptor not in readers:
                ended = zygote.ended()
            elif not readers[descriptor].drain(descriptor):
                poll.unregister(descriptor)
        if ended is None:
            guard.act(readers[call.log].total)
    wall_s = time.monotonic() - started
    for descriptor, reader in readers.items():
        while reader.drain(descriptor):
            pass
    log, status = (bytes(reader.kept) for reader in readers.values())
    return Watched(ended, wall_s, guard.stopped_for, status, log, resident_limit)


class _Guard:
    """Holds one process to its limits."""

    def __init__(
        self, call: Call, limits: "Limits", started: float, resident_limit_bytes: int
    ) -> None:
        self.stopped_for: Outcome | None = None
        self._call = call
        self._limits = limits
        self._resident_limit_bytes = resident_limit_bytes
        self._flood_bytes = max(_LOG_FLOOD_BYTES, _LOG_FLOOD * limits.log_bytes)
        self._end_at = started + limits.wall_s
        self._look_at = started + _TICK_S
        self._kill_at = float("inf")

    def sleep_s(self) -> float:
        """Return how long nothing needs to be done."""
        next_at = min(self._look_at, self._end_at, self._kill_at)
        return min(max(0.0, next_at - time.monotonic()), _LONGEST_SLEEP_S)

    def act(self, log_bytes: int) -> None:
        """End the process if it is time to."""
        now = time.monotonic()
        if now >= self._kill_at:
            self._kill_at = float("inf")
            _send(self._call.process, signal.SIGKILL)
        elif self.stopped_for is None:
            self.stopped_for = self._reason_to_stop(now, log_bytes)
            if self.stopped_for is not None:
                self._look_at = self._end_at = float("inf")
                self._kill_at = now + _LAST_WORDS_S
                _send(self._call.process, signal.SIGXCPU)

    def _reason_to_stop(self, now: float, log_bytes: int) -> Outcome | None:
        if now >= self._end_at:
            return Outcome.WALL_LIMIT
        if log_bytes > self._flood_bytes:
            return Outcome.LOG_LIMIT
        if now >= self._look_at:
            self._look_at = now + _TICK_S
            return self._overuse(_read_use(self._call.pid))
        return None

    def _overuse(self, used: "_Use | None") -> Outcome | None:
        if used is None:
            return None
        if used.threads > max_threads(self._limits):
            return Outcome.THREAD_LIMIT
        if used.resident_bytes > self._resident_limit_bytes:
            return Outcome.MEMORY_LIMIT
        if used.cpu_s > self._limits.cpu_s + _CPU_GRACE_S:
            return Outcome.CPU_LIMIT
        return None


class _Use(NamedTuple):
    cpu_s: float
    threads: int
    resident_bytes: int


def _read_use(pid: int) -> _Use | None:
    """Read what a process uses now from ``/proc``, see proc_pid_stat(5); None once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    user, system, threads, resident = (int(fields[place]) for place in (11, 12, 17, 21))
    cpu_s = (user + system) / os.sysconf("SC_CLK_TCK")
    return _Use(cpu_s, threads, resident * mmap.PAGESIZE)


def _send(process: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, which)
