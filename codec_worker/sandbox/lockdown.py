"""Locks the calling process down, layer by layer; there is no way back."""

import os
import resource
import signal
from pathlib import Path
from typing import NamedTuple

from codec_worker.sandbox import kernel, landlock, namespaces, seccomp

_HEADROOM_BYTES = 512 << 20
"""Address space for thread stacks, allocator arenas and the compiler of numba."""

_OPEN_FILES = 64


class Lockdown(NamedTuple):
    """What a candidate's process is held to.

    Attributes
    ----------
    zygote_pid : int
        The parent, with whom the process dies.
    uid : int or None
        The user to become; None for an ordinary user, who can become no other.
    ruleset : int
        File descriptor of a Landlock ruleset.
    root : str
        Where the tree of names is that it sees instead of the machine's; empty if there is none.
    seccomp_filter : bytes
        A program of :func:`seccomp.compile_filter`.
    cpu_s, address_space_bytes, max_threads : int
        Limits; address space is what the process may have in all, except for headroom.
    """

    zygote_pid: int
    uid: int | None
    ruleset: int
    root: str
    seccomp_filter: bytes
    cpu_s: int
    address_space_bytes: int
    max_threads: int


def lock_down(wanted: Lockdown) -> None:
    """Lock this process down.

    The order matters: limits while they may still be set, the user while the process is still
    privileged, what a change of user resets after it, and the filter, which forbids all of this,
    at the end.

    Raises
    ------
    OSError
        If a layer cannot be had; the caller must not go on.
    """
    own_user = wanted.uid is not None
    if wanted.root and not own_user:
        namespaces.count_threads_apart()
    _limit(wanted, count_threads=bool(wanted.root) or own_user)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise OSError("a library has started a thread, which would stay unlocked")
    if wanted.root:
        os.chroot(wanted.root)
        os.chdir("/")
    if wanted.uid is not None:
        os.setgroups([])
        os.setresgid(wanted.uid, wanted.uid, wanted.uid)
        os.setresuid(wanted.uid, wanted.uid, wanted.uid)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != wanted.zygote_pid:
        raise OSError("the zygote is gone")
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict(wanted.ruleset)
    os.close(wanted.ruleset)
    seccomp.install(wanted.seccomp_filter)


def _limit(wanted: Lockdown, *, count_threads: bool) -> None:
    limits = {
        resource.RLIMIT_AS: wanted.address_space_bytes + _HEADROOM_BYTES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_SIGPENDING: _OPEN_FILES,
    }
    if count_threads:  # else the kernel would count those of all its user's processes
        limits[resource.RLIMIT_NPROC] = wanted.max_threads
    for which, value in limits.items():
        resource.setrlimit(which, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (wanted.cpu_s, wanted.cpu_s + 1))
