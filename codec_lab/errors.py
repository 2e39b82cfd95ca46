"""Every error of Codec Lab, in one tree.

The class name is the string that the state machines match (``ErrorEquals``), so a rename here is
a change of ``infra/*.asl.json``; a test compares the two.

::

    CodecLabError
    ├── TransientError             the same call may succeed later: ``Retry``
    │   ├── StoreUnavailableError
    │   └── ModelUnavailableError
    ├── DesignRejectedError        the mind's answer is no candidate: design again, counted
    ├── CandidateFaultError        the candidate's own fault: the fix loop, counted
    │   ├── CandidateSyntaxError
    │   ├── CandidateImportError
    │   ├── CandidateCrashError
    │   ├── ContractError
    │   ├── LimitExceededError
    │   ├── RoundTripError
    │   ├── EmbeddedClipError
    │   └── UnchangedResultError
    └── TerminalError              a person is needed
        ├── AttestationError
        ├── BenchError
        ├── BudgetExceededError
        ├── ConfigurationError
        │   ├── ConflictError
        │   ├── UnknownRecordError
        │   └── WheelError
        ├── ModelRefusedError
        ├── NothingLeftToTryError
        └── UnchangedCandidateError
"""

from decimal import Decimal


class CodecLabError(Exception):
    """The root of the tree.

    Attributes
    ----------
    model_cost_usd : Decimal
        What a model's answers had cost when the call failed.
    """

    model_cost_usd = Decimal(0)


class TransientError(CodecLabError):
    """The infrastructure was busy or away; the same call may succeed later."""


class StoreUnavailableError(TransientError):
    """DynamoDB or S3 throttled the call or answered 5xx."""


class ModelUnavailableError(TransientError):
    """The model's service was overloaded, rate limited or out of reach."""


class DesignRejectedError(CodecLabError):
    """What the mind answered is not a candidate that could be tried.

    Parameters
    ----------
    message : str
        Why not.
    model_cost_usd : Decimal
        What the answer cost all the same.
    """

    def __init__(self, message: str, model_cost_usd: Decimal = Decimal(0)) -> None:
        super().__init__(message)
        self.model_cost_usd = model_cost_usd


class CandidateFaultError(CodecLabError):
    """The candidate failed by its own fault; a fix may heal it."""


class CandidateSyntaxError(CandidateFaultError):
    """The candidate's source does not compile."""


class CandidateImportError(CandidateFaultError):
    """The candidate imports a module that its environment does not have."""


class CandidateCrashError(CandidateFaultError):
    """The candidate raised an exception or was killed by a signal."""


class ContractError(CandidateFaultError):
    """The candidate returned something else than the contract asks for."""


class LimitExceededError(CandidateFaultError):
    """The candidate used more CPU, time, memory, threads or output than it may."""


class RoundTripError(CandidateFaultError):
    """The decoder does not reproduce a picture from the bitstream alone, every time the same."""


class EmbeddedClipError(CandidateFaultError):
    """The candidate knows the clip beforehand: a variant of it costs far more rate."""


class UnchangedResultError(CandidateFaultError):
    """The candidate's bitstreams, or its pictures and sizes, are all its parent's."""


class TerminalError(CodecLabError):
    """No attempt of the lab's own can mend this; a person is needed."""


class AttestationError(TerminalError):
    """A measurement belongs to another candidate than the one that was deployed."""


class BenchError(TerminalError):
    """The bench could not measure, by no fault of the candidate."""


class BudgetExceededError(TerminalError):
    """A reservation does not fit under the campaign's caps."""


class ConfigurationError(TerminalError):
    """A setting, a clip or a record that the campaign names is missing or wrong."""


class ConflictError(ConfigurationError):
    """Things are no longer as the person saw them who ordered this."""


class UnknownRecordError(ConfigurationError):
    """There is no campaign or experiment of that name."""


class WheelError(ConfigurationError):
    """A package's wheel is missing, not the one that is pinned, or not safe to unpack."""


class ModelRefusedError(TerminalError):
    """The model's service refused the account: key, permission or credit."""


class NothingLeftToTryError(TerminalError):
    """The mind knows no further fix."""


class UnchangedCandidateError(TerminalError):
    """A fix changed neither the candidate nor its environment."""
