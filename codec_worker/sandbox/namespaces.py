"""Namespaces of the sandbox's own, in which the base may mount what a candidate sees.

Root may make one for mounts if it has the capability ``SYS_ADMIN``. An ordinary user may do so
inside a user namespace, where the machine lets users have them: there the base has every capability
over what it mounts itself and none over anything else (user_namespaces(7)).
"""

import os
from pathlib import Path

from codec_worker.sandbox import kernel

_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x1000_0000
_MS_REC, _MS_SLAVE = 16384, 1 << 19


def enter() -> None:
    """Move this process, which must have one thread and be dumpable, into namespaces of its own.

    It stays the same user. Its children inherit what it may do there, so a candidate's process has
    to give that up. What the machine unmounts later is unmounted here too.

    Raises
    ------
    OSError
        If the machine does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(_CLONE_NEWNS if user == 0 else _CLONE_NEWNS | _CLONE_NEWUSER)
    kernel.mount(None, "/", None, _MS_REC | _MS_SLAVE)
    if user != 0:
        own = Path("/proc/self")
        (own / "setgroups").write_text("deny", encoding="ascii")
        (own / "uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        (own / "gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def count_threads_apart() -> None:
    """Let the kernel count this process's threads apart from those of all others of its user.

    It counts per user and user namespace (since Linux 5.14), so ``RLIMIT_NPROC`` is exact in one
    more of them. Only a process that has entered namespaces as an ordinary user can do that.

    Raises
    ------
    OSError
        If the machine does not allow it.
    """
    kernel.unshare(_CLONE_NEWUSER)
