"""A stay in a state of one of the two state machines."""

from datetime import datetime
from typing import NamedTuple

from codec_lab.phase import Phase

PHASE_OF_STATE = {
    "Design": Phase.DESIGN,
    "Deploy": Phase.DEPLOY,
    "Validate": Phase.VALIDATION,
    "JudgeValidation": Phase.VALIDATION,
    "ScreenPassed": Phase.VALIDATION,
    "ValidationAttemptsLeft": Phase.VALIDATION,
    "FixValidation": Phase.VALIDATION,
    "Execute": Phase.EXECUTION,
    "JudgeExecution": Phase.EXECUTION,
    "ExecutionAttemptsLeft": Phase.EXECUTION,
    "FixExecution": Phase.EXECUTION,
    "Analyze": Phase.ANALYSIS,
    "DesignNext": Phase.DESIGN_NEXT,
}

HUMAN_STATES = frozenset({"FlagHuman", "NotifyHuman", "NeedsHuman"})


class StateVisit(NamedTuple):
    """One stay in a state.

    Attributes
    ----------
    state : str
        The state's name.
    entered_at, exited_at : datetime
        When; ``exited_at`` is None while the state is under way.
    output : str or None
        Its output as JSON text.
    failures : tuple of str
        The error of every try that failed, ``ErrorType: message``.
    """

    state: str
    entered_at: datetime
    exited_at: datetime | None = None
    output: str | None = None
    failures: tuple[str, ...] = ()

    def elapsed_s(self, now: datetime) -> float:
        """Give the length of the stay in seconds, up to ``now`` if it is under way."""
        return ((self.exited_at or now) - self.entered_at).total_seconds()
