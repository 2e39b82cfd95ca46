"""How a call of a candidate ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from codec_lab.errors import BenchError


class SandboxUnavailableError(BenchError):
    """Nothing of a candidate was run, for this machine cannot hold one safely."""


class Outcome(StrEnum):
    """How a call ended; only ``OK`` has a value, only ``SANDBOX_ERROR`` is our own fault."""

    OK = "ok"
    CPU_LIMIT = "cpu_limit"
    WALL_LIMIT = "wall_limit"
    MEMORY_LIMIT = "memory_limit"
    THREAD_LIMIT = "thread_limit"
    LOG_LIMIT = "log_limit"
    OUTPUT_LIMIT = "output_limit"
    FILE_SIZE_LIMIT = "file_size_limit"
    KILLED_BY_SIGNAL = "killed_by_signal"
    EXCEPTION = "exception"
    NO_RESULT = "no_result"
    BAD_RESULT = "bad_result"
    SANDBOX_ERROR = "sandbox_error"


T = TypeVar("T")


@dataclass(frozen=True)
class Run(Generic[T]):
    """One call of a candidate.

    Attributes
    ----------
    outcome : Outcome
        How it ended.
    value : T or None
        What it returned; only with ``Outcome.OK``.
    error_type : str or None
        Class of the candidate's exception, or the name of the signal that ended it.
    message : str
        What happened, in one sentence; empty when all went well.
    traceback : str
        Where, with the candidate's own source lines.
    log : str
        What it printed, cut at the limit.
    cpu_s, wall_s : float
        CPU time of all its threads, and time on the clock.
    peak_memory_bytes : int
        Largest resident size, libraries included.
    """

    outcome: Outcome
    value: T | None
    error_type: str | None
    message: str
    traceback: str
    log: str
    cpu_s: float
    wall_s: float
    peak_memory_bytes: int
