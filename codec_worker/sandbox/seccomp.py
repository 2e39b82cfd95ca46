"""The system call filter: ``syscalls.txt`` compiled to BPF, and its installation.

The bench compiles it once; a candidate's process only writes its own process id into the program
and hands it to the kernel, which saves the milliseconds of building rules on every call.
"""

import ctypes
import errno
import os
import re
import struct
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from codec_worker.sandbox import kernel
from codec_worker.sandbox.outcome import SandboxUnavailableError

_PID_PLACEHOLDER = 0x5EC0DEC1
_INSTRUCTION = struct.Struct("=HBBI")
_INT_MASK = 0xFFFF_FFFF
_SET_SECCOMP = 22
_MODE_FILTER = 2

_CONDITION = re.compile(r"a([0-5])\s*(?:&\s*(\w+)\s*)?==\s*(\w+)")
_LINE = re.compile(rf"(\w+)(?:\s*->\s*([A-Z]+))?((?:\s+{_CONDITION.pattern})*)")


class Condition(NamedTuple):
    """``argument & mask == value``."""

    argument: int
    mask: int
    value: int


class Rule(NamedTuple):
    """A system call that is allowed, or answered with an error number, under conditions."""

    syscall: str
    errno_name: str | None
    conditions: tuple[Condition, ...]


def parse_rules(text: str) -> list[Rule]:
    """Read the rules of a ``syscalls.txt``.

    Raises
    ------
    ValueError
        If a line is no rule.
    """
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = _LINE.fullmatch(content)
        if match is None:
            raise ValueError(f"syscalls.txt, line {number}: {content!r} is no rule")
        conditions = tuple(
            Condition(int(argument), int(mask, 0) if mask else _INT_MASK, _number(value))
            for argument, mask, value in _CONDITION.findall(match[3])
        )
        rules.append(Rule(match[1], match[2], conditions))
    return rules


@lru_cache(maxsize=1)
def compile_filter() -> bytes:
    """Compile ``syscalls.txt`` to a BPF program for :func:`install`.

    Raises
    ------
    SandboxUnavailableError
        If libseccomp is missing.
    """
    try:
        import pyseccomp  # noqa: PLC0415  (only the bench needs it, and it may be missing)
    except ImportError as error:
        raise SandboxUnavailableError(
            "The sandbox needs the Python package pyseccomp: install Codec Lab's worker extra."
        ) from error
    except RuntimeError as error:
        raise SandboxUnavailableError(
            "The sandbox needs the library libseccomp: install the package libseccomp2 "
            "(Debian, Ubuntu) or libseccomp (Amazon Linux, Fedora)."
        ) from error
    program = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    text = resources.files(__package__).joinpath("syscalls.txt").read_text(encoding="utf-8")
    for rule in parse_rules(text):
        action = pyseccomp.ALLOW
        if rule.errno_name:
            action = pyseccomp.ERRNO(getattr(errno, rule.errno_name))
        arguments = [
            pyseccomp.Arg(condition.argument, pyseccomp.MASKED_EQ, condition.mask, condition.value)
            for condition in rule.conditions
        ]
        try:
            program.add_rule(action, rule.syscall, *arguments)
        except OSError as error:
            if error.errno != errno.EDOM:  # a call that this architecture does not have
                raise
    memory = os.memfd_create("filter", os.MFD_CLOEXEC)
    with os.fdopen(memory, "w+b") as file:
        program.export_bpf(file)
        file.seek(0)
        return file.read()


def install(program: bytes) -> None:
    """Put this process, and all its threads to come, under the filter.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    own = b"".join(
        _INSTRUCTION.pack(code, if_true, if_false, os.getpid() if k == _PID_PLACEHOLDER else k)
        for code, if_true, if_false, k in _INSTRUCTION.iter_unpack(program)
    )
    instructions = ctypes.create_string_buffer(own, len(own))
    head = struct.pack("@HP", len(own) // _INSTRUCTION.size, ctypes.addressof(instructions))
    kernel.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(head, len(head)))


def _number(text: str) -> int:
    return _PID_PLACEHOLDER if text == "PID" else int(text, 0)
