"""Namespaces of the sandbox's own, in which the base may mount what a candidate sees.

Root may make one for mounts if it has the capability ``SYS_ADMIN``. An ordinary user may do so
inside a user namespace, where the machine lets users have them: there the base has every capability
over what it mounts itself and none over anything else (user_namespaces(7)).
"""

import contextlib
import os
from functools import cache
from pathlib import Path

from codec_worker.sandbox import kernel

_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x1000_0000
_MS_REC, _MS_PRIVATE = 16384, 1 << 18


@cache
def are_allowed() -> bool:
    """Tell whether ``enter`` would work, by what becomes of a process that tries."""
    pid = os.fork()
    if pid == 0:
        try:
            with contextlib.suppress(OSError):
                _leave_those_of_the_machine()
                os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def enter() -> None:
    """Move this process, which must have one thread and be dumpable, into namespaces of its own.

    It stays the same user. Its children inherit what it may do there, so a candidate's process has
    to give that up.

    Raises
    ------
    OSError
        If the machine does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    _leave_those_of_the_machine()
    if user != 0:
        own = Path("/proc/self")
        (own / "setgroups").write_text("deny", encoding="ascii")
        (own / "uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        (own / "gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _leave_those_of_the_machine() -> None:
    kernel.unshare(_CLONE_NEWNS if os.geteuid() == 0 else _CLONE_NEWNS | _CLONE_NEWUSER)
    kernel.mount(None, "/", None, _MS_REC | _MS_PRIVATE)
