"""How a judgement unwinds: the candidate failed, and here is why."""

from typing import TypedDict, Unpack

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
