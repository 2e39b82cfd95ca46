"""Decides how a call ended, from what the kernel says and what the candidate's process left."""

import json
import os
import re
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from codec_lab.source_lines import lines_of
from codec_worker.contract import Geometry
from codec_worker.sandbox.messages import (
    FAILURE_BYTES,
    RESULT_FAILED,
    RESULT_HEADER,
    RESULT_OK,
)
from codec_worker.sandbox.outcome import Outcome
from codec_worker.sandbox.watch import Watched, max_threads

if TYPE_CHECKING:
    from codec_lab.limits import Limits

_OWN_FAILURES = {
    Outcome.BAD_RESULT, Outcome.EXCEPTION, Outcome.FILE_SIZE_LIMIT, Outcome.MEMORY_LIMIT,
    Outcome.OUTPUT_LIMIT, Outcome.THREAD_LIMIT,
}  # fmt: skip
_CPU_ROUNDING_S = 0.5
"""The kernel counts a limit in ticks and the use of it exactly."""

_LINE_CHARACTERS = 200
"""Of a line of source that is shown: a candidate's may be a megabyte long."""

_FRAME = re.compile(r'^  File "(.+)", line (\d+) in .+$')
_DUMP = re.compile(
    r"^(Fatal Python error: |(Current thread|Thread) 0x\w+ \(most recent call first\):)",
    re.MULTILINE,
)
_HARNESS = ("codec_worker/sandbox/", 'File "<string>"', "Extension modules: ")


class Verdict(NamedTuple):
    """How a call ended; ``result_bytes`` is the length of its value if it ended well."""

    outcome: Outcome
    result_bytes: int = 0
    error_type: str | None = None
    message: str = ""
    traceback: str = ""


def read_result(output: int, most_bytes: int, geometry: Geometry | None) -> Verdict:
    """Read what a call left behind, which may be anything.

    Parameters
    ----------
    output
        Descriptor of the result.
    most_bytes
        The longest value that is good.
    geometry
        What the value must be if it is a decoder's.
    """
    header = os.pread(output, RESULT_HEADER.size, 0)
    kind, length, *planes = RESULT_HEADER.unpack(header)
    kind = kind.rstrip(b"\0")
    if kind == RESULT_FAILED and length <= FAILURE_BYTES:
        return _reported(os.pread(output, length, RESULT_HEADER.size))
    if kind == RESULT_OK:
        fault = "" if geometry is None else _fault_of_planes(planes, geometry)
        if not fault and (length == most_bytes or (length < most_bytes and geometry is None)):
            return Verdict(Outcome.OK, result_bytes=length)
        return _bad(fault or f"the result has {length} bytes instead of {most_bytes}")
    return Verdict(Outcome.NO_RESULT, message="the process ended before it returned a result")


def judge(seen: Watched, found: Verdict, limits: "Limits", files: Mapping[str, str]) -> Verdict:
    """Decide how a call ended: what the kernel and the clock say goes before its own words."""
    if seen.stopped_for is None and not seen.locked:
        report = seen.status.decode(errors="replace").strip().splitlines()
        reason = report[-1] if report else "it ended before it was locked down"
        return Verdict(Outcome.SANDBOX_ERROR, message=f"The sandbox failed: {reason}")
    limit = seen.stopped_for or _limit_reached(seen, found, limits)
    if limit is not None:
        where = _where_it_was(seen, files)
        return Verdict(limit, message=_limit_sentence(limit, limits), traceback=where)
    if os.WIFSIGNALED(seen.ended.wait_status):
        return _killed(os.WTERMSIG(seen.ended.wait_status), seen, files)
    return found


def printable(text: str) -> str:
    """Replace what no store can keep and no terminal should obey."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


def _limit_reached(seen: Watched, found: Verdict, limits: "Limits") -> Outcome | None:
    is_too_large = seen.ended.peak_memory_bytes > seen.resident_limit_bytes
    if is_too_large and found.outcome in {Outcome.OK, Outcome.NO_RESULT}:
        return Outcome.MEMORY_LIMIT  # maybe for so short a time that nobody saw it
    status = seen.ended.wait_status
    killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if seen.ended.cpu_s > limits.cpu_s - _CPU_ROUNDING_S and killed_by == signal.SIGXCPU:
        return Outcome.CPU_LIMIT
    if seen.ended.cpu_s > limits.cpu_s and killed_by in (0, signal.SIGKILL):
        return Outcome.CPU_LIMIT
    if seen.wall_s > limits.wall_s:
        return Outcome.WALL_LIMIT
    if killed_by == signal.SIGXFSZ:
        return Outcome.FILE_SIZE_LIMIT
    return None


def _limit_sentence(outcome: Outcome, limits: "Limits") -> str:
    return {
        Outcome.CPU_LIMIT: f"used more than {limits.cpu_s} s of CPU time",
        Outcome.WALL_LIMIT: f"did not end within {limits.wall_s} s",
        Outcome.MEMORY_LIMIT: f"used more than {limits.memory_bytes >> 20} MiB of memory",
        Outcome.THREAD_LIMIT: f"had more than {max_threads(limits)} threads",
        Outcome.LOG_LIMIT: "printed without end",
        Outcome.FILE_SIZE_LIMIT: "tried to write a file",
    }[outcome]


def _killed(number: int, seen: Watched, files: Mapping[str, str]) -> Verdict:
    # Real-time signals have numbers only.
    name = next((one.name for one in signal.Signals if one == number), f"SIG{number}")
    return Verdict(
        Outcome.KILLED_BY_SIGNAL,
        error_type=name,
        message=f"the process was killed by {name} ({signal.strsignal(number)})",
        traceback=_where_it_was(seen, files),
    )


def _reported(raw: bytes) -> Verdict:
    """Read what the candidate's process says of its failure; it may say anything."""
    try:
        report = json.loads(raw)
        outcome = Outcome(report["outcome"])
        error_type, texts = report["error_type"], (report["message"], report["traceback"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return _bad("the result is neither a value nor a failure")
    if (
        outcome not in _OWN_FAILURES
        or not isinstance(error_type, str | None)
        or not all(isinstance(text, str) for text in texts)
    ):
        return _bad("the result is neither a value nor a failure")
    return Verdict(outcome, 0, error_type and printable(error_type), *texts)


def _fault_of_planes(described: Sequence[bytes], geometry: Geometry) -> str:
    """Compare what the planes are said to be with what they must be; empty if all is well."""
    for name, text, shape in zip("yuv", described, geometry.plane_shapes, strict=True):
        found, wanted = text.rstrip(b"\0").decode(errors="replace"), f"uint8 {shape}"
        if found != wanted:
            return f"decode returned {found} as {name}; it must be {wanted}"
    return ""


def _bad(message: str) -> Verdict:
    return Verdict(Outcome.BAD_RESULT, message=message)


def _where_it_was(seen: Watched, files: Mapping[str, str]) -> str:
    """Take the stacks that a dying process prints from its log, and add the source lines."""
    log = seen.log.decode(errors="replace")
    start = _DUMP.search(log)
    if start is None:
        return ""
    lines = []
    for line in log[start.start() :].splitlines():
        if any(sign in line for sign in _HARNESS):
            continue
        lines.append(line)
        frame = _FRAME.match(line)
        source = lines_of(files.get(frame[1], "")) if frame else []
        if frame and 0 < int(frame[2]) <= len(source):
            lines.append(f"    {source[int(frame[2]) - 1].strip()[:_LINE_CHARACTERS]}")
    return "\n".join(lines)
