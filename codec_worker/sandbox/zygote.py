"""The zygote: a clean, warm process from which every call of a candidate is forked.

It is forked from the base, learns the sources of one candidate for one direction, and then forks
once per call. It neither runs nor compiles them: a few kilobytes of source can keep a compiler
busy for ever, so that too happens in the process of a call, within its limits.
"""

import contextlib
import json
import mmap
import os
import resource
import select
import signal
import socket
import traceback
from pathlib import Path
from typing import Any, NamedTuple

from codec_worker.sandbox import candidate_process
from codec_worker.sandbox.lockdown import Lockdown
from codec_worker.sandbox.messages import BaseSetup, Ended, Ready, Request, Setup

_MESSAGE_BYTES = 64 << 10
_FIRST_UID = {"encode": 0x7000_0000, "decode": 0x7800_0000}
_FIRST_UID_16_BIT = {"encode": 20_000, "decode": 40_000}
_UIDS_16_BIT = 20_000


class Base(NamedTuple):
    """What a zygote inherits: the base's setup, a descriptor of a Landlock ruleset, the root."""

    setup: BaseSetup
    ruleset: int
    root: str


def main(
    base: Base, socket_descriptor: int, setup_descriptor: int, complaints_descriptor: int
) -> None:
    """Serve calls until the bench closes its end of the socket."""
    for standard in (1, 2):
        os.dup2(complaints_descriptor, standard)
    os.close(complaints_descriptor)
    try:
        os.setsid()
        bench = socket.socket(fileno=socket_descriptor)
        with os.fdopen(setup_descriptor, encoding="utf-8") as file:
            setup = Setup(*json.load(file))
        zygote = _Zygote(bench, base, setup)
        ready = json.dumps(Ready("", os.getpid(), *_occupied_bytes())).encode()
        own_process = os.pidfd_open(os.getpid())
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(bench, [ready], [own_process])
            os.close(own_process)
            zygote.serve()
    except BaseException:
        traceback.print_exc()
        raise


def _occupied_bytes() -> tuple[int, int]:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(pages[0]) * mmap.PAGESIZE, int(pages[1]) * mmap.PAGESIZE


def _own_uid(direction: str) -> int:
    """Return a user id that no other process on this machine has."""
    ranges = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    mapped = sum(int(count) for count in ranges[2::3])
    if mapped > _FIRST_UID[direction] + (1 << 22):
        return _FIRST_UID[direction] + os.getpid()
    return _FIRST_UID_16_BIT[direction] + os.getpid() % _UIDS_16_BIT


class _Zygote:
    def __init__(self, bench: socket.socket, base: Base, setup: Setup) -> None:
        self._bench = bench
        self._setup = setup
        address_space_bytes, _ = _occupied_bytes()
        self._lockdown = Lockdown(
            zygote_pid=os.getpid(),
            uid=_own_uid(setup.direction) if base.setup.drop_uid else None,
            ruleset=base.ruleset,
            root=base.root,
            seccomp_filter=bytes.fromhex(base.setup.seccomp_filter_hex),
            cpu_s=setup.cpu_s,
            address_space_bytes=address_space_bytes + setup.memory_bytes,
            max_threads=setup.max_threads,
        )

    def serve(self) -> None:
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._bench, _MESSAGE_BYTES, 4)
            if not message:
                return
            request = Request(*json.loads(message))
            pid = os.fork()
            if pid == 0:
                self._become_candidate(request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            self._see_to_the_end(pid)

    def _become_candidate(self, request: Request, descriptors: list[int]) -> None:
        try:
            candidate_process.run(self._setup, request, self._lockdown, descriptors)
        finally:
            os._exit(1)

    def _see_to_the_end(self, pid: int) -> None:
        process = os.pidfd_open(pid)
        socket.send_fds(self._bench, [b"%d" % pid], [process])
        waiting = select.poll()
        waiting.register(process, select.POLLIN)
        waiting.register(self._bench, select.POLLIN)
        ready = {descriptor for descriptor, _ in waiting.poll()}
        if process not in ready:  # the bench says nothing during a call: it is gone
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
        _, status, used = os.wait4(pid, 0)
        ended = Ended(status, _cpu_s(used), used.ru_maxrss * 1024)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._bench.send(json.dumps(ended).encode())


def _cpu_s(used: resource.struct_rusage | Any) -> float:
    return float(used.ru_utime + used.ru_stime)
