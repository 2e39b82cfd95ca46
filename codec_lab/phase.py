"""The phases of an experiment and the states it can be in."""

from enum import StrEnum

MAX_ATTEMPTS = 5
"""Attempts that one phase of one run gets before a person is asked."""


class Phase(StrEnum):
    """A phase of an experiment, in the order in which the state machine visits them."""

    DESIGN = "design"
    DEPLOY = "deploy"
    VALIDATION = "validation"
    EXECUTION = "execution"
    ANALYSIS = "analysis"
    DESIGN_NEXT = "design_next"

    @property
    def number(self) -> int:
        """The place of the phase, from 1."""
        return _NUMBERS[self]

    @property
    def headline(self) -> str:
        """The log line that opens the phase, which operators search for."""
        return f"PHASE {self.number}: {self.upper().replace('_', ' ')}"


_NUMBERS = {phase: number for number, phase in enumerate(Phase, start=1)}


class Status(StrEnum):
    """Where an experiment stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    NEEDS_HUMAN = "needs_human"
    ABANDONED = "abandoned"


STOPPED = frozenset({Status.NEEDS_HUMAN, Status.ABANDONED})
"""The states of an experiment that a phase could not finish."""
