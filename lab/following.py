"""Follows a campaign's executions until its machine stops."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from adapters.campaign_executions import RUNNING, SUCCEEDED, ExecutionEnd
from codec_lab.errors import StoreUnavailableError
from codec_lab.experiment import Experiment
from codec_lab.phase import Status
from codec_lab.ports import Clock, ObjectStore, Records
from lab.display import Display
from lab.observation import CampaignView, Executions, Observer

_LOOKS_IN_VAIN = 20
"""Times in a row that the lab may be out of reach before that is an error."""

_SETTLED = frozenset({Status.COMPLETED, Status.NEEDS_HUMAN, Status.ABANDONED})


class Machine(Executions, Protocol):
    """The campaign's state machine; ``adapters.campaign_executions`` keeps it."""

    def running(self, campaign_id: str) -> str | None:
        """Give the execution that runs a campaign, if there is one."""

    def start(self, campaign_id: str) -> str:
        """Start one."""


class Outcome(NamedTuple):
    """How a campaign's machine stopped.

    Attributes
    ----------
    end : ExecutionEnd
        Of the last execution.
    experiments : tuple of Experiment
        What was run, in order.
    """

    end: ExecutionEnd
    experiments: tuple[Experiment, ...]

    @property
    def lost(self) -> tuple[Experiment, ...]:
        """The experiments that neither completed nor wait for a person."""
        return tuple(one for one in self.experiments if one.status not in _SETTLED)

    @property
    def waiting(self) -> tuple[Experiment, ...]:
        """The experiments that wait for a person."""
        return tuple(one for one in self.experiments if one.status is Status.NEEDS_HUMAN)

    @property
    def succeeded(self) -> bool:
        """Whether the machine stopped in order and nothing was lost."""
        return self.end.status == SUCCEEDED and not self.lost


class Follower:
    """Runs a campaign's machine and shows what it does.

    Parameters
    ----------
    records, objects, machine, clock
        Where to look.
    poll_s : float
        Seconds between two looks.
    sleep : callable
        Waits for a number of seconds.
    """

    def __init__(
        self,
        records: Records,
        objects: ObjectStore,
        machine: Machine,
        clock: Clock,
        *,
        poll_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._records = records
        self._objects = objects
        self._machine = machine
        self._clock = clock
        self._poll_s = poll_s
        self._sleep = sleep

    def follow(self, campaign_id: str, display: Display) -> Outcome:
        """Start the campaign's machine, unless it runs, and follow it to its end."""
        experiments: dict[str, Experiment] = {}
        execution_arn: str | None = self._machine.running(campaign_id)
        if execution_arn is None:
            execution_arn = self._machine.start(campaign_id)
        while True:
            view = self._to_the_end(execution_arn, display)
            for one in view.experiments:
                experiments[one.experiment.experiment_id] = one.experiment
            successor = self._machine.running(campaign_id)  # a long campaign continues as new
            if successor is None:
                return Outcome(view.end, tuple(experiments.values()))
            execution_arn = successor

    def _to_the_end(self, execution_arn: str, display: Display) -> CampaignView:
        observer = Observer(self._records, self._objects, self._machine, self._clock, execution_arn)
        for view in self._views(observer):
            display.show(view)
            if view.end.status != RUNNING:
                break
        return view

    def _views(self, observer: Observer) -> Iterator[CampaignView]:
        in_vain = 0
        while True:
            try:
                view = observer.look()
            except StoreUnavailableError:
                in_vain += 1
                if in_vain >= _LOOKS_IN_VAIN:
                    raise
            else:
                in_vain = 0
                yield view
            self._sleep(self._poll_s)
