"""Makes sure that a candidate which reads a file leaves no trace of it.

A file's access time would be a way to tell the decoder about the clip: the encoder reads some of
a few thousand library files, and the decoder looks which. Under ``relatime`` a read moves the
access time only if that is no later than the last change, or older than 24 hours. So the bench
itself makes every access time a fresh one before a candidate runs, and again every few hours.
A mount with ``noatime`` needs nothing, one that records every read is refused.

What the encoder reads also lies in memory afterwards, which the decoder could tell by its count of
page faults. So every file is read whole in the same pass, whether its access time moves or not, and
the pass is made again when the kernel has taken pages back since.

Symbolic links, whose access time anyone moves by walking through them, cannot be looked at by a
candidate: ``syscalls.txt`` sees to that.
"""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from codec_worker.sandbox.outcome import SandboxUnavailableError
from codec_worker.sandbox.readable import View
from codec_worker.sandbox.reclaim import reclaim_count

_FRESH_S = 6 * 3600
"""How long a pass holds. Twice this, and the longest call of a candidate, stay below 24 hours."""

_TICK_S = 0.02
"""Longer than the step of the clock that stamps files."""

_MOST_AT_ONCE_BYTES = 1 << 30

_ST_RDONLY, _ST_NOATIME, _ST_RELATIME = 1, 1024, 4096


class _Pass(NamedTuple):
    """When the files were read, and how much the kernel had reclaimed before."""

    at_s: float
    reclaim_count: int


_settled: dict[View, _Pass] = {}


def settle_access_times(view: View, reclaimed: Callable[[], int] = reclaim_count) -> None:
    """Read from everything a candidate may read, so that its own reads change nothing.

    The pass over some thousand files is made once in a process, then every few hours and whenever
    pages were reclaimed.

    Parameters
    ----------
    view : View
        What a candidate may read.
    reclaimed : callable
        Gives a number that grows with every page that the kernel takes back.

    Raises
    ------
    SandboxUnavailableError
        If the file system would record a read all the same.
    """
    # Taken before anything is read: what the pass itself drives out counts as lost.
    now = _Pass(time.monotonic(), reclaimed())
    last = _settled.get(view)
    if last and now.at_s - last.at_s < _FRESH_S and now.reclaim_count == last.reclaim_count:
        return
    moving = [path for path in _recorded_files(view) if _still_moves(path)]
    for _ in range(3):
        if not moving:
            break
        time.sleep(_TICK_S)
        moving = [path for path in moving if _still_moves(path)]
    if moving:
        raise SandboxUnavailableError(
            f"Reading {moving[0]} would leave a trace, since its last change lies in the future: "
            "correct the clock, or the file's date with touch."
        )
    _settled[view] = now


def _recorded_files(view: View) -> Iterator[str]:
    for path in (*view.readable, *view.listable):
        flags = os.statvfs(path).f_flag
        if not flags & (_ST_RDONLY | _ST_NOATIME | _ST_RELATIME):
            raise SandboxUnavailableError(
                f"{path} is on a file system that records every read, which a candidate could "
                "abuse: mount it with relatime or noatime."
            )
        for found in _with_all_below(path, with_files=path in view.readable):
            if flags & (_ST_RDONLY | _ST_NOATIME) or _is_fresh(found):
                _read(found)
            else:
                yield found


def _with_all_below(path: str, *, with_files: bool) -> Iterator[str]:
    yield path
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files) if with_files else folders:
            yield f"{folder}/{name}"


def _is_fresh(path: str) -> bool:
    """Tell whether reading would change nothing for hours; a pass of another worker saw to it."""
    try:
        found = os.stat(path)  # noqa: PTH116 (of thousands of files)
    except OSError:
        return False
    newest_change = max(found.st_mtime, found.st_ctime)
    return found.st_atime > newest_change and time.time() - found.st_atime < _FRESH_S


def _read(path: str) -> tuple[os.stat_result, os.stat_result] | None:
    """Read a file or folder; what it was before and after, None if nobody can read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None  # for instance a link to a file that is not installed
    try:
        before = os.fstat(descriptor)
        if stat.S_ISDIR(before.st_mode):
            os.listdir(descriptor)  # noqa: PTH208 (reads the very folder that is open)
        elif os.pread(descriptor, 1, 0):
            _bring_into_memory(descriptor)
        return before, os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _bring_into_memory(descriptor: int) -> None:
    """Wait until the whole file is in the page cache; advice to read ahead would load a part."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        while os.sendfile(nowhere, descriptor, None, _MOST_AT_ONCE_BYTES):  # copies nothing
            pass
    except OSError:  # the kernel's own files, such as those of /sys, need not be sent
        while os.read(descriptor, _MOST_AT_ONCE_BYTES):
            pass
    finally:
        os.close(nowhere)


def _still_moves(path: str) -> bool:
    """Read a file; True if that changed its access time, so that one more read may too."""
    found = _read(path)
    if found is None:
        return False
    before, after = found
    if time.time() - after.st_atime > _FRESH_S:
        with contextlib.suppress(PermissionError):  # files of the system, for an ordinary user
            os.utime(path, ns=(time.time_ns(), after.st_mtime_ns))
            return True
    return after.st_atime_ns != before.st_atime_ns
