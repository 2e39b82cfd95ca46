"""How a judgement unwinds: the candidate failed, and here is why."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict, Unpack

from codec_lab.clip import ClipRole, SourceClip
from codec_lab.errors import CandidateFaultError
from codec_lab.verdict import Fault


class Details(TypedDict, total=False):
    """What is known of a fault beside its message: fields of ``Fault``."""

    direction: str | None
    exception: str | None
    limit: str | None
    traceback: str
    log_tail: str


class CandidateFailedError(Exception):
    """Ends a job with a fault of the candidate.

    Parameters
    ----------
    error_type : type of CandidateFaultError
        How the fault is called.
    message : str
        What happened, where, in one sentence.
    **details
        What else is known.

    Attributes
    ----------
    fault : Fault
        What goes into the verdict.
    """

    def __init__(
        self,
        error_type: type[CandidateFaultError],
        message: str,
        **details: Unpack[Details],
    ) -> None:
        self.fault = Fault(error_type=error_type.__name__, message=message, **details)
        super().__init__(f"{self.fault.error_type}: {message}")


@contextmanager
def withhold_if_hidden(source: SourceClip, log: list[str]) -> Iterator[None]:
    """Keep a hidden clip out of the faults that are found on it.

    A fault reaches the next fix's prompt, and its texts can hold anything: the clip's name,
    scores, even samples in the message of an exception. They go into the job's log, for people.
    Which limit was exceeded stays: without it no fix could raise the right one.

    Parameters
    ----------
    source : SourceClip
        The clip being measured.
    log : list of str
        Where the full fault goes.
    """
    try:
        yield
    except CandidateFailedError as error:
        if source.role is not ClipRole.HIDDEN:
            raise
        fault = error.fault
        log.append(f"== Fault on {source.name}\n{error}\n{fault.traceback}{fault.log_tail}\n")
        error.fault = Fault(
            error_type=fault.error_type,
            message=(
                f"{fault.direction or 'The candidate'} failed on a hidden clip; "
                "what happened is in the job's log."
            ),
            direction=fault.direction,
            limit=fault.limit,
        )
        error.args = (f"{fault.error_type}: {error.fault.message}",)
        raise
