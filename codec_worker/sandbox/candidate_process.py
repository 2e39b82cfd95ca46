"""What happens in the process of one call: lock down, run the candidate, hand over the result."""

import errno
import faulthandler
import importlib
import json
import linecache
import mmap
import os
import signal
import struct
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from codec_lab.source_lines import lines_of
from codec_worker.contract import Clip, Geometry
from codec_worker.sandbox.importer import MemoryImporter
from codec_worker.sandbox.lockdown import Lockdown, lock_down
from codec_worker.sandbox.messages import (
    LOCKED,
    RESULT_FAILED,
    RESULT_HEADER,
    RESULT_OK,
    Request,
    Setup,
)
from codec_worker.sandbox.outcome import Outcome

_FIRST_KEPT = 100
_DESCRIPTORS = 1024
_TRACEBACK_CHARACTERS = 12_000
_MESSAGE_CHARACTERS = 600


class _ResultError(Exception):
    """The candidate returned something else than the contract asks for."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


def run(setup: Setup, request: Request, lockdown: Lockdown, descriptors: list[int]) -> None:
    """Run one call and end the process.

    Parameters
    ----------
    descriptors
        Of the sealed input, the output, the log and the status pipe.
    """
    source, target, status, ruleset = _keep_only(descriptors, lockdown.ruleset)
    try:
        output = mmap.mmap(target, request.output_bytes + RESULT_HEADER.size)
        given: mmap.mmap | bytes = b""
        if request.input_bytes:
            given = mmap.mmap(source, request.input_bytes, prot=mmap.PROT_READ)
        os.close(source)
        os.close(target)
        sys.argv[:] = ["codec.py"]
        sys.stdout, sys.stderr = _log_stream(1), _log_stream(2)
        faulthandler.enable(2)
        faulthandler.register(signal.SIGXCPU, 2, chain=True)
        lock_down(lockdown._replace(ruleset=ruleset, address_space_bytes=_room(lockdown, request)))
    except BaseException:
        os.write(status, traceback.format_exc().encode()[-mmap.PAGESIZE :])
        raise
    # Numba asks for a lock between processes, of which there is one.
    warnings.filterwarnings("ignore", message="Could not obtain multiprocessing lock")
    os.write(status, LOCKED)
    os.close(status)
    MemoryImporter(setup.files).install()
    _occupied = _occupy_at_random()
    try:
        _call(setup.direction, request, given, output)
    except BaseException as error:  # noqa: BLE001 (what a candidate raises is its result)
        _report(error, setup.files, output)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _keep_only(descriptors: list[int], ruleset: int) -> tuple[int, int, int, int]:
    source, target, log, status = descriptors
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, log, log)):
        os.dup2(descriptor, number)
    kept = [
        os.dup2(descriptor, _FIRST_KEPT + place, inheritable=False)
        for place, descriptor in enumerate((source, target, status, ruleset))
    ]
    os.closerange(3, _FIRST_KEPT)
    os.closerange(_FIRST_KEPT + len(kept), _DESCRIPTORS)
    return kept[0], kept[1], kept[2], kept[3]


def _occupy_at_random() -> dict[str, object]:
    """Occupy some memory, so that nothing that a candidate makes lies where it lay before.

    All calls are forked from one process and would find the same addresses: a result that depends
    on one would come out the same when it is made again, here and nowhere else. It takes less than
    ``OCCUPIED_BYTES``; the pages are never touched.
    """
    objects, heap_bytes, pages = struct.unpack("<3H", os.urandom(6))
    sizes = os.urandom(objects % 1024)
    return {
        "objects": [object() for _ in sizes],
        "lists": [[size] for size in sizes],
        "texts": [bytes(2 * size) for size in sizes[::2]],
        "arrays": [np.empty(4 * size, np.uint8) for size in sizes[::4]],
        "heap": bytes(heap_bytes),
        "pages": mmap.mmap(-1, mmap.PAGESIZE * (1 + pages % 1024), flags=mmap.MAP_PRIVATE),
    }


def _log_stream(descriptor: int) -> TextIO:
    return os.fdopen(descriptor, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _room(lockdown: Lockdown, request: Request) -> int:
    return lockdown.address_space_bytes + request.input_bytes + request.output_bytes


def _call(direction: str, request: Request, given: mmap.mmap | bytes, output: mmap.mmap) -> None:
    function = getattr(importlib.import_module("codec"), direction, None)
    if not callable(function):
        raise _ResultError(Outcome.BAD_RESULT, f"codec.py defines no function {direction}")
    most = request.output_bytes
    if direction == "encode":
        geometry = Geometry(request.frames, request.height, request.width)
        clip = Clip(*geometry.planes_of(given), request.fps)
        _hand_over([_bitstream(function(clip, request.quality), most)], output)
    else:
        planes = _decoded(function(bytes(given)))
        _hand_over(_samples(planes, most), output, found=[_described(plane) for plane in planes])


def _bitstream(value: Any, most: int) -> bytes | bytearray:
    if not isinstance(value, (bytes, bytearray)):
        kind = type(value).__name__
        raise _ResultError(Outcome.BAD_RESULT, f"encode returned {kind}; it must return bytes")
    if len(value) > most:
        raise _ResultError(
            Outcome.OUTPUT_LIMIT, f"encode returned {len(value)} bytes; the limit is {most}"
        )
    return value


def _decoded(value: Any) -> Sequence[Any]:
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        kind = f"{len(value)} items" if isinstance(value, (tuple, list)) else type(value).__name__
        raise _ResultError(Outcome.BAD_RESULT, f"decode returned {kind}; it must return (y, u, v)")
    return value


def _described(plane: Any) -> bytes:
    """Say what a plane is, for the bench, which alone knows what it must be."""
    is_array = isinstance(plane, np.ndarray)
    return (f"{plane.dtype} {plane.shape}" if is_array else type(plane).__name__).encode()


def _samples(planes: Sequence[Any], most: int) -> list[memoryview]:
    """Return the bytes of three uint8 planes; nothing of what is none."""
    if not all(isinstance(plane, np.ndarray) and plane.dtype == np.uint8 for plane in planes):
        return []
    size = sum(plane.size for plane in planes)
    if size > most:
        message = f"decode returned {size} bytes; it may use {most} bytes of memory"
        raise _ResultError(Outcome.MEMORY_LIMIT, message)
    return [np.ravel(np.asarray(plane)).data for plane in planes]


def _hand_over(
    parts: list[Any], output: mmap.mmap, kind: bytes = RESULT_OK, found: Sequence[bytes] = ()
) -> None:
    end = RESULT_HEADER.size
    for part in parts:
        output[end : end + len(part)] = part
        end += len(part)
    RESULT_HEADER.pack_into(output, 0, kind, end - RESULT_HEADER.size, *(found or (b"",) * 3))


def _report(error: BaseException, files: Mapping[str, str], output: mmap.mmap) -> None:
    kind = type(error).__name__[:_MESSAGE_CHARACTERS]
    try:
        text = " ".join(str(error).split())[:_MESSAGE_CHARACTERS]
    except Exception:  # noqa: BLE001 (the candidate's own class may do anything)
        text = ""
    failure: dict[str, str | None] = {"message": text or f"{kind} was raised", "traceback": ""}
    if isinstance(error, _ResultError):
        failure |= {"outcome": error.outcome, "error_type": None}
    else:
        where = _own_traceback(error, files)
        failure |= {"outcome": _outcome(error, text), "error_type": kind, "traceback": where}
    _hand_over([json.dumps(failure).encode()], output, RESULT_FAILED)


def _outcome(error: BaseException, text: str) -> Outcome:
    number = error.errno if isinstance(error, OSError) else None
    if (
        isinstance(error, MemoryError)
        or number == errno.ENOMEM
        or any(sign in text for sign in ("failed to map segment", "find/load shared object"))
    ):
        return Outcome.MEMORY_LIMIT
    if "can't start new thread" in text or "Resource temporarily unavailable" in text:
        return Outcome.THREAD_LIMIT
    if number == errno.EFBIG:
        return Outcome.FILE_SIZE_LIMIT
    return Outcome.EXCEPTION


def _own_traceback(error: BaseException, files: Mapping[str, str]) -> str:
    """Format a traceback that begins in the candidate's own code and shows its lines."""
    first: TracebackType | None = error.__traceback__
    while first is not None and first.tb_frame.f_code.co_filename not in files:
        first = first.tb_next
    for path, source in files.items():  # a library may have cleared them
        linecache.cache[path] = (len(source), None, lines_of(source), path)
    text = "".join(traceback.format_exception(type(error), error, first))
    return (
        text
        if len(text) <= _TRACEBACK_CHARACTERS
        else (text[: _TRACEBACK_CHARACTERS // 2] + "\n…\n" + text[-_TRACEBACK_CHARACTERS // 2 :])
    )
