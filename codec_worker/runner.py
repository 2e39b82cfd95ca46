"""The seam to the sandbox: runs a candidate's two halves and types what goes wrong.

``encode`` and ``decode`` get a sandbox each. What passes between them is the bitstream, in this
process's hands; nothing else.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

from codec_lab.candidate import Candidate
from codec_lab.errors import (
    BenchError,
    CandidateCrashError,
    CandidateFaultError,
    CandidateImportError,
    CandidateSyntaxError,
    ContractError,
    LimitExceededError,
)
from codec_lab.limits import Limits
from codec_lab.stored_evidence import most_bitstream_bytes
from codec_worker.contract import Clip, Geometry, Planes
from codec_worker.failure import CandidateFailedError
from codec_worker.imports import preload
from codec_worker.sandbox.outcome import Outcome, Run
from codec_worker.sandbox.sandbox import Sandbox

_LOG_TAIL_CHARACTERS = 4000


LIMITS: Mapping[Outcome, str | None] = {
    Outcome.CPU_LIMIT: "cpu_s",
    Outcome.WALL_LIMIT: "wall_s",
    Outcome.MEMORY_LIMIT: "memory_bytes",
    Outcome.THREAD_LIMIT: "threads",
    Outcome.LOG_LIMIT: "log_bytes",
    Outcome.OUTPUT_LIMIT: "output_bytes",
    Outcome.FILE_SIZE_LIMIT: None,
}
"""Outcomes that are an exceeded limit, and the field of ``Limits`` that a fix may raise."""

_EXCEPTIONS: Mapping[str, type[CandidateFaultError]] = {
    "SyntaxError": CandidateSyntaxError,
    "IndentationError": CandidateSyntaxError,
    "TabError": CandidateSyntaxError,
    "ImportError": CandidateImportError,
    "ModuleNotFoundError": CandidateImportError,
}


class Box(Protocol):
    """One direction of a candidate in its sandbox."""

    def encode(self, clip: Clip, quality: int) -> Run[bytes]:
        """Call ``encode``."""

    def decode(self, bitstream: bytes, geometry: Geometry) -> Run[Planes]:
        """Call ``decode``, which must return planes of that geometry."""


class MakeBox(Protocol):
    """Starts a sandbox that ends with its context."""

    def __call__(
        self,
        files: Mapping[str, str],
        direction: Literal["encode", "decode"],
        limits: Limits,
        preload: Sequence[str],
    ) -> AbstractContextManager[Box]:
        """Start the sandbox of one direction."""


class Encoded(NamedTuple):
    """A bitstream and what it took."""

    bitstream: bytes
    cpu_s: float
    peak_memory_bytes: int


class Decoded(NamedTuple):
    """Decoded planes and what they took."""

    planes: Planes
    cpu_s: float
    peak_memory_bytes: int


class Runner:
    """A candidate with a sandbox for each direction.

    Parameters
    ----------
    candidate : Candidate
        What to run.
    limits : Limits
        What each call may use.
    toolbox : mapping of str to str, optional
        Further modules that it may import, by path.
    make_box : callable
        Makes the sandboxes.

    Attributes
    ----------
    log : list of str
        What the candidate printed, call by call.
    cpu_s : float
        CPU time of all its calls.
    """

    def __init__(
        self,
        candidate: Candidate,
        limits: Limits,
        make_box: MakeBox = Sandbox,
        *,
        toolbox: Mapping[str, str] | None = None,
    ) -> None:
        self._files = {**(toolbox or {}), **candidate.files}
        self._limits = limits
        self._make_box = make_box
        self._stack = ExitStack()
        self.log: list[str] = []
        self.cpu_s = 0.0

    def __enter__(self) -> Self:
        files, limits, modules = self._files, self._limits, preload(self._files)
        with ExitStack() as stack:
            self._encoder = stack.enter_context(self._make_box(files, "encode", limits, modules))
            self._decoder = stack.enter_context(self._make_box(files, "decode", limits, modules))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def encode(self, clip: Clip, quality: int, what: str) -> Encoded:
        """Encode a clip.

        Parameters
        ----------
        clip : Clip
            The source.
        quality : int
            The knob, 0 to 100.
        what : str
            What is encoded, for messages, e.g. ``carphone at quality 30``.

        Raises
        ------
        CandidateFailedError
            If the candidate fails, or returns no byte at all or more than the clip has.
        BenchError
            If the sandbox fails.
        """
        run = self._encoder.encode(clip, quality)
        self._note("encode", what, run)
        if run.outcome is not Outcome.OK or run.value is None:
            raise failure_of(run, "encode", what)
        if not run.value:
            raise CandidateFailedError(
                ContractError,
                f"encode of {what} returned no bytes: an empty bitstream holds no picture.",
                direction="encode",
                log_tail=_tail(run),
            )
        longest = most_bitstream_bytes(clip.y.size)
        if len(run.value) > longest:
            raise CandidateFailedError(  # names no limit: a higher one would not mend it
                LimitExceededError,
                f"encode of {what} returned {len(run.value)} bytes, more than the samples of the "
                f"clip take uncompressed; {longest} are the most that is kept.",
                direction="encode",
                log_tail=_tail(run),
            )
        return Encoded(run.value, run.cpu_s, run.peak_memory_bytes)

    def decode(self, bitstream: bytes, source: Clip, what: str) -> Decoded:
        """Decode a bitstream to planes of the source's shapes.

        Raises
        ------
        CandidateFailedError
            If the candidate fails, or returns anything else than these planes.
        BenchError
            If the sandbox fails.
        """
        run = self.decode_untyped(bitstream, source, what)
        if run.outcome is not Outcome.OK or run.value is None:
            raise failure_of(run, "decode", what)
        return Decoded(run.value, run.cpu_s, run.peak_memory_bytes)

    def decode_untyped(self, bitstream: bytes, source: Clip, what: str) -> Run[Planes]:
        """Decode a bitstream that may be damaged: a failure of the candidate is a result.

        Raises
        ------
        BenchError
            If the sandbox fails.
        """
        run = self._decoder.decode(bitstream, Geometry.of(source))
        self._note("decode", what, run)
        if run.outcome is Outcome.SANDBOX_ERROR:
            raise failure_of(run, "decode", what)
        return run

    def _note(self, direction: str, what: str, run: Run[Any]) -> None:
        self.cpu_s += run.cpu_s
        if run.log:
            self.log.append(f"== {direction} of {what}\n{run.log.rstrip()}\n")


def failure_of(run: Run[Any], direction: str, what: str) -> CandidateFailedError | BenchError:
    """Type a run that gave no value.

    Returns
    -------
    CandidateFailedError or BenchError
        The candidate's fault, or ours.
    """
    where = f"{direction} of {what}"
    if run.outcome is Outcome.SANDBOX_ERROR:
        return BenchError(f"The sandbox failed during {where}: {run.message}")
    message = f"{where}: {run.message}"
    error_type: type[CandidateFaultError] = ContractError
    if run.outcome is Outcome.KILLED_BY_SIGNAL:
        error_type = CandidateCrashError
    elif run.error_type is not None:
        error_type = _EXCEPTIONS.get(run.error_type, CandidateCrashError)
        message = f"{where} raised {run.error_type}: {run.message}"
    if run.outcome in LIMITS:
        error_type = LimitExceededError
    return CandidateFailedError(
        error_type,
        message,
        direction=direction,
        exception=run.error_type,
        limit=LIMITS.get(run.outcome),
        traceback=run.traceback,
        log_tail=_tail(run),
    )


def _tail(run: Run[Any]) -> str:
    return run.log[-_LOG_TAIL_CHARACTERS:]
