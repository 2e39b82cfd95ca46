"""Calls of the Linux kernel that Python's library does not offer."""

import ctypes
import os
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

_LIBC = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, what: str, *arguments: Any) -> int:
    """Make a system call by its number; raise OSError when it fails."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *wide), what)


def prctl(option: int, *arguments: Any) -> None:
    """Change a property of this process; raise OSError when it fails."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    _checked(_LIBC.prctl(option, *padded), f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave namespaces shared with the parent; raise OSError when it fails."""
    _checked(_LIBC.unshare(flags), "unshare")


def drop_capabilities() -> None:
    """Give up every capability of this thread, see capset(2); raise OSError when it fails."""
    version_3, this_thread = 0x2008_0522, 0
    header = (ctypes.c_uint32 * 2)(version_3, this_thread)
    none = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, in two halves
    _checked(_LIBC.capset(header, none), "capset")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system; raise OSError when it fails."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    result = _LIBC.mount(*encoded, ctypes.c_ulong(flags), os.fsencode(data))
    _checked(result, f"mount {target}")
