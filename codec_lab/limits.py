"""What one call of a candidate may use up."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from codec_lab.model import Model

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30


class Limits(Model):
    """Limits of one call of ``encode`` or ``decode``.

    Attributes
    ----------
    cpu_s : int
        CPU time of all threads, in whole seconds as the kernel counts them. Importing the
        candidate's own modules is part of the call.
    wall_s : int
        Time on the clock. Several times ``cpu_s``, so that a busy machine is not held against
        the candidate.
    memory_bytes : int
        What the candidate may allocate on top of the interpreter, the preloaded libraries, its
        input and its output.
    threads : int
        Threads that libraries use and that a candidate may count on.
    output_bytes : int
        Longest bitstream that ``encode`` may return.
    log_bytes : int
        How much of what the candidate prints is kept.
    """

    cpu_s: Annotated[int, Field(ge=1, le=3600)] = 120
    wall_s: Annotated[int, Field(ge=1, le=4 * 3600)] = 480
    memory_bytes: Annotated[int, Field(ge=64 * MIB, le=64 * GIB)] = 2 * GIB
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    output_bytes: Annotated[int, Field(ge=1, le=GIB)] = 64 * MIB
    log_bytes: Annotated[int, Field(ge=0, le=16 * MIB)] = 64 * KIB

    @model_validator(mode="after")
    def _clock_outlasts_cpu(self) -> Self:
        if self.wall_s < self.cpu_s:
            raise ValueError(
                f"wall_s is {self.wall_s}, less than cpu_s ({self.cpu_s}): "
                "one thread cannot use more CPU time than the clock shows; raise wall_s"
            )
        return self
