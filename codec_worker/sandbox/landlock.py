"""Landlock: which files a process can open, for good (Linux 5.13 and later).

Source of the numbers: ``include/uapi/linux/landlock.h`` and the kernel's
``Documentation/userspace-api/landlock.rst``.
"""

import os
import stat
import struct
from collections.abc import Iterable

from codec_worker.sandbox import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_ACCESS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
_ACCESS_BITS_NEWEST = 16  # from version 5 on
_NETWORK_BITS = 0b11
_SCOPE_BITS = 0b11


def abi_version() -> int:
    """Return the kernel's Landlock version, 0 if it has none."""
    try:
        return kernel.syscall(_CREATE_RULESET, "landlock version", None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def create_ruleset(readable: Iterable[str], listable: Iterable[str]) -> int:
    """Make a ruleset that denies everything but reading.

    Parameters
    ----------
    readable
        Files, and directories with all below them, that may be read.
    listable
        Directories whose entries may be listed, and those of all directories below.

    Returns
    -------
    int
        A file descriptor for :func:`restrict`. Built once, it serves any number of processes.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    abi = abi_version()
    fields = [(1 << _ACCESS_BITS.get(abi, _ACCESS_BITS_NEWEST)) - 1]
    if abi >= 4:
        fields.append(_NETWORK_BITS)
    if abi >= 6:
        fields.append(_SCOPE_BITS)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = kernel.syscall(
        _CREATE_RULESET, "landlock_create_ruleset", attributes, len(attributes), 0
    )
    for path in readable:
        _add(ruleset, path, _READ_FILE | _READ_DIR)
    for path in listable:
        _add(ruleset, path, _READ_DIR)
    return ruleset


def restrict(ruleset: int) -> None:
    """Put this process under a ruleset; needs NO_NEW_PRIVS. Raise OSError if refused."""
    kernel.syscall(_RESTRICT_SELF, "landlock_restrict_self", ruleset, 0)


def _add(ruleset: int, path: str, access: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            access = _READ_FILE
        rule = struct.pack("=Qi", access, descriptor)
        kernel.syscall(_ADD_RULE, f"landlock_add_rule {path}", ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)
