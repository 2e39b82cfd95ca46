"""The seam to the sandbox: runs a candidate's two halves and types what goes wrong.

``encode`` and ``decode`` get a sandbox each. What passes between them is the bitstream, in this
process's hands; nothing else.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, Protocol, Self

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
from codec_worker.contract import Clip, Geometry, Planes
from codec_worker.failure import CandidateFailedError
from codec_worker.sandbox import Outcome, Run, Sandbox

_LOG_TAIL_CHARACTERS = 4000


class Excess(NamedTuple):
    """A limit that was exceeded.

    Attributes
    ----------
    did : str
        What the candidate did.
    limit : str or None
        The field of ``Limits``; None where no fix can raise it.
    """

    did: str
    limit: str | None


LIMITS: Mapping[Outcome, Excess] = {
    Outcome.CPU_LIMIT: Excess("used more CPU time than it may", "cpu_s"),
    Outcome.WALL_LIMIT: Excess("did not end in time", "wall_s"),
    Outcome.MEMORY_LIMIT: Excess("used more memory than it may", "memory_bytes"),
    Outcome.THREAD_LIMIT: Excess("started more threads than it may", "threads"),
    Outcome.LOG_LIMIT: Excess("printed more than it may", "log_bytes"),
    Outcome.OUTPUT_LIMIT: Excess("returned more bytes than it may", "output_bytes"),
    Outcome.FILE_SIZE_LIMIT: Excess("tried to write a file", None),
}
"""Outcomes that are an exceeded limit."""

_EXCEPTIONS: Mapping[str, type[CandidateFaultError]] = {
    "SyntaxError": CandidateSyntaxError,
    "IndentationError": CandidateSyntaxError,
    "TabError": CandidateSyntaxError,
    "ImportError": CandidateImportError,
    "ModuleNotFoundError": CandidateImportError,
}


class Box(Protocol):
    """One direction of a candidate in its sandbox."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def encode(self, clip: Clip, quality: int) -> Run:
        """Call ``encode``; the value is bytes."""

    def decode(self, bitstream: bytes, geometry: Geometry) -> Run:
        """Call ``decode``; the value is the planes of a video of that geometry."""


MakeBox = Callable[[Mapping[str, str], str, Limits], Box]


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
    make_box : callable
        Makes the sandboxes.

    Attributes
    ----------
    log : list of str
        What the candidate printed, call by call.
    """

    def __init__(self, candidate: Candidate, limits: Limits, make_box: MakeBox = Sandbox) -> None:
        self._encoder = make_box(candidate.files, "encode", limits)
        self._decoder = make_box(candidate.files, "decode", limits)
        self.log: list[str] = []

    def __enter__(self) -> Self:
        self._encoder.__enter__()
        try:
            self._decoder.__enter__()
        except BaseException:
            self._encoder.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._decoder.__exit__(exc_type, exc, traceback)
        finally:
            self._encoder.__exit__(exc_type, exc, traceback)

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
            If the candidate fails, or returns no byte at all.
        BenchError
            If the sandbox fails.
        """
        run = self._encoder.encode(clip, quality)
        self._note("encode", what, run)
        if run.outcome is not Outcome.OK:
            raise failure_of(run, "encode", what)
        bitstream = bytes(run.value)
        if not bitstream:
            raise CandidateFailedError(
                ContractError,
                f"encode of {what} returned no bytes: an empty bitstream holds no picture.",
                direction="encode",
                log_tail=_tail(run),
            )
        return Encoded(bitstream, run.cpu_s, run.peak_memory_bytes)

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
        if run.outcome is not Outcome.OK:
            raise failure_of(run, "decode", what)
        return Decoded(run.value, run.cpu_s, run.peak_memory_bytes)

    def decode_untyped(self, bitstream: bytes, source: Clip, what: str) -> Run:
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

    def _note(self, direction: str, what: str, run: Run) -> None:
        if run.log:
            self.log.append(f"== {direction} of {what}\n{run.log.rstrip()}\n")


def failure_of(run: Run, direction: str, what: str) -> CandidateFailedError | BenchError:
    """Type a run that gave no value.

    Returns
    -------
    CandidateFailedError or BenchError
        The candidate's fault, or ours.
    """
    where = f"{direction} of {what}"
    if run.outcome is Outcome.SANDBOX_ERROR:
        return BenchError(f"The sandbox failed during {where}: {run.message}")
    exception, limit = run.error_type, None
    if run.outcome in LIMITS:
        error_type: type[CandidateFaultError] = LimitExceededError
        did, limit = LIMITS[run.outcome]
        message = f"{where} {did}"
        if run.message:
            message += f": {run.message}"
        exception = exception or run.outcome.value
    elif run.outcome is Outcome.EXCEPTION:
        error_type = _EXCEPTIONS.get(run.error_type or "", CandidateCrashError)
        message = f"{where} raised {run.error_type}: {run.message}"
    elif run.outcome is Outcome.KILLED_BY_SIGNAL:
        error_type = CandidateCrashError
        message = f"{where} was killed: {run.message}"
    else:
        error_type = ContractError
        message = f"{where} returned no valid result: {run.message}"
    return CandidateFailedError(
        error_type,
        message,
        direction=direction,
        exception=exception,
        limit=limit,
        traceback=run.traceback or "",
        log_tail=_tail(run),
    )


def _tail(run: Run) -> str:
    return run.log[-_LOG_TAIL_CHARACTERS:]
