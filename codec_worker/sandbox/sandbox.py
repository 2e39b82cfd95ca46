"""The sandbox as the bench sees it: one direction of one candidate, call by call."""

import mmap
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np

from codec_worker.contract import Clip, Geometry, Planes
from codec_worker.sandbox import kernel, seccomp
from codec_worker.sandbox.access_times import settle_access_times
from codec_worker.sandbox.messages import (
    FAILURE_BYTES,
    RESULT_HEADER,
    BaseSetup,
    Ended,
    Request,
    Setup,
)
from codec_worker.sandbox.outcome import Outcome, Run, T
from codec_worker.sandbox.probe import require_layers
from codec_worker.sandbox.process import (
    ZygoteLostError,
    ZygoteProcess,
    sealed_input,
    sized_output,
)
from codec_worker.sandbox.readable import Installed, view, with_packages
from codec_worker.sandbox.verdict import Verdict, judge, printable, read_result
from codec_worker.sandbox.watch import Watched, max_threads, watch
from codec_worker.toolbox.processor import numba_settings

if TYPE_CHECKING:  # the zygote imports this module too, and can do without pydantic
    from codec_lab.limits import Limits

ENTRY_FILE = "codec.py"
Direction = Literal["encode", "decode"]


class _Task(NamedTuple):
    """One call: its input, what of the clip is told, the room for its result and what that must be.

    Attributes
    ----------
    most_bytes
        Of a good result.
    room_bytes
        Of the memory for it.
    wanted
        What a decoder must return.
    """

    parts: list[memoryview]
    told: tuple[int, int, int, float, int] | tuple[()]
    most_bytes: int
    room_bytes: int
    wanted: Geometry | None = None


class _Result(NamedTuple):
    verdict: Verdict
    seen: Watched
    output: int


class Sandbox:
    """Runs one direction of one candidate, every call in a new locked-down process.

    Use it as a context manager. It may be shared by threads; calls then wait for each other.

    Parameters
    ----------
    files
        Python source by path; ``codec.py`` is imported and called.
    direction
        Which of the two functions it will call.
    limits
        What each call may use.
    preload
        Modules to import beforehand, so that no call pays for it.
    installed
        Folders of packages for this candidate alone, with the modules that each offers.

    Raises
    ------
    SandboxUnavailableError
        If this machine cannot hold a candidate.
    ValueError
        If the files are no candidate.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        direction: Direction,
        limits: "Limits",
        preload: Sequence[str] = ("numpy",),
        installed: Sequence[Installed] = (),
    ) -> None:
        _require_modules(files)
        layers = require_layers()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # what this process holds is not to be read
        self._direction = direction
        self._limits = limits
        self._files = dict(files)
        self._view = with_packages(view(), installed)
        self._base = BaseSetup(
            preload=["codec_worker.contract", *preload],
            import_roots=list(self._view.import_roots),
            interpreter_roots=list(self._view.interpreter_roots),
            readable=list(self._view.readable),
            listable=list(self._view.listable),
            packages={package.folder: list(package.modules) for package in installed},
            seccomp_filter_hex=seccomp.compile_filter().hex(),
            drop_uid=layers.uid_drop,
            own_names=layers.own_names,
        )
        self._setup = Setup(
            direction=direction,
            files=self._files,
            cpu_s=limits.cpu_s,
            memory_bytes=limits.memory_bytes,
            max_threads=max_threads(limits),
        )
        self._lock = threading.Lock()
        self._zygote: ZygoteProcess | None = self._start()
        try:
            settle_access_times(self._view)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox's process."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def encode(self, clip: Clip, quality: int) -> Run[bytes]:
        """Call the candidate's ``encode(clip, quality)``.

        Raises
        ------
        ValueError
            If this sandbox is for decoding, or the clip is no 8-bit 4:2:0 video.
        SandboxUnavailableError
            If the sandbox cannot start.
        """
        self._require(direction="encode")
        geometry = Geometry.of(clip)
        planes = [np.ascontiguousarray(plane).data.cast("B") for plane in (clip.y, clip.u, clip.v)]
        room = self._limits.output_bytes
        result = self._call(_Task(planes, (*geometry, clip.fps, quality), room, room))
        try:
            size = result.verdict.result_bytes
            value = os.pread(result.output, size, RESULT_HEADER.size)
            return _run(result, value if result.verdict.outcome is Outcome.OK else None)
        finally:
            os.close(result.output)

    def decode(self, bitstream: bytes, geometry: Geometry) -> Run[Planes]:
        """Call the candidate's ``decode(bitstream)``.

        Parameters
        ----------
        bitstream
            All that the decoder gets to know.
        geometry
            What it must return; the candidate is not told.

        Returns
        -------
        Run of Planes
            Its value are read-only arrays of exactly the geometry's shapes.

        Raises
        ------
        ValueError
            If this sandbox is for encoding, or no video can have this geometry.
        SandboxUnavailableError
            If the sandbox cannot start.
        """
        self._require(direction="decode")
        geometry.validate()
        # The room's size would tell the geometry, so it is always what a decoder may use at most.
        room = self._limits.memory_bytes
        result = self._call(
            _Task([memoryview(bitstream)], (), geometry.size_bytes, room, wanted=geometry)
        )
        try:
            value = None
            if result.verdict.outcome is Outcome.OK:
                value = _planes(result.output, geometry)
            return _run(result, value)
        finally:
            os.close(result.output)

    def _require(self, *, direction: Direction) -> None:
        if self._direction != direction:
            raise ValueError(f"this sandbox is for {self._direction}, not for {direction}")

    def _start(self) -> ZygoteProcess:
        return ZygoteProcess(self._base, self._setup, _environment(self._limits.threads))

    def _call(self, task: _Task) -> _Result:
        room = max(task.room_bytes, FAILURE_BYTES)
        with self._lock:
            settle_access_times(self._view)
            if self._zygote is None:
                self._zygote = self._start()
            source, length = sealed_input(task.parts)
            output = sized_output(room + RESULT_HEADER.size)
            request = Request(length, room, *task.told)
            try:
                seen = self._run(self._zygote, request, source, output, length + task.most_bytes)
            except BaseException:
                os.close(output)
                self.close()
                raise
            finally:
                os.close(source)
            found = read_result(output, task.most_bytes, task.wanted)
            verdict = judge(seen, found, self._limits, self._files)
            if verdict.outcome is Outcome.SANDBOX_ERROR:
                self.close()
        return _Result(verdict, seen, output)

    def _run(
        self, zygote: ZygoteProcess, request: Request, source: int, output: int, io_bytes: int
    ) -> Watched:
        _ = zygote.ready
        started = time.monotonic()
        try:
            call = zygote.start_call(request, source, output)
            try:
                return watch(zygote, call, self._limits, started, io_bytes)
            finally:
                for descriptor in (call.process, call.log, call.status):
                    os.close(descriptor)
        except ZygoteLostError as error:
            wall_s = time.monotonic() - started
            reason = f"its zygote for {self._direction} is lost: {error}".encode()
            return Watched(Ended(0, 0.0, 0), wall_s, None, reason, b"")


def _require_modules(files: Mapping[str, str]) -> None:
    if ENTRY_FILE not in files:
        raise ValueError(f"a candidate needs a file {ENTRY_FILE}; it has {sorted(files)}")
    for path in files:
        parts = PurePosixPath(path).with_suffix("").parts
        if not path.endswith(".py") or not all(part.isidentifier() for part in parts):
            raise ValueError(f"{path!r} cannot be imported: name it like blocks/transform.py")


def _environment(threads: int) -> dict[str, str]:
    count = str(threads)
    return {
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        "MKL_NUM_THREADS": count,
        "NUMBA_CACHE_LOCATOR_CLASSES": "codec_worker.sandbox.numba_cache.NoCache",
        "NUMBA_NUM_THREADS": count,
        "NUMBA_THREADING_LAYER": "workqueue",
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "PATH": "/nonexistent",
        "PYTHONHASHSEED": "0",
        **numba_settings(),
    }


def _planes(output: int, geometry: Geometry) -> Planes:
    """Show the result as arrays; it is nobody else's any more, so nothing is copied."""
    size = geometry.size_bytes + RESULT_HEADER.size
    with mmap.mmap(output, 0) as everything:  # what a candidate wrote behind it is given back
        rest = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        if rest < len(everything):
            everything.madvise(mmap.MADV_REMOVE, rest)
    memory = mmap.mmap(output, size, prot=mmap.PROT_READ)
    return geometry.planes_of(memory, RESULT_HEADER.size)


def _run(result: _Result, value: T | None) -> Run[T]:
    verdict, seen = result.verdict, result.seen
    return Run(
        outcome=verdict.outcome,
        value=value,
        error_type=verdict.error_type,
        message=printable(verdict.message),
        traceback=printable(verdict.traceback),
        log=printable(seen.log.decode(errors="replace")),
        cpu_s=seen.ended.cpu_s,
        wall_s=seen.wall_s,
        peak_memory_bytes=seen.ended.peak_memory_bytes,
    )
