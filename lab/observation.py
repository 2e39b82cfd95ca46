"""What can be seen of a campaign while its machine runs, as plain values for any display."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple, Protocol

from pydantic import TypeAdapter, ValidationError

from adapters.campaign_executions import RUNNING, ExecutionEnd
from codec_lab.errors import ConfigurationError
from codec_lab.events import Choice, DeployResult, OutcomeResult
from codec_lab.experiment import Experiment
from codec_lab.job import JobSpec
from codec_lab.phase import Phase, Status
from codec_lab.ports import Clock, ObjectStore, Records
from codec_lab.state_visit import HUMAN_STATES, PHASE_OF_STATE, StateVisit
from codec_lab.verdict import Progress

PROGRESS = TypeAdapter(tuple[Progress, ...])
"""The content of a job's ``progress.json``."""

JOB_STATES = frozenset({"Validate", "Execute"})
"""The states that wait for the bench."""

_RETRIED_STATES = frozenset({"Design", "Deploy", "Analyze", "DesignNext"})


class PhaseState(StrEnum):
    """How far a phase is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PhaseView(NamedTuple):
    """One phase of one run.

    Attributes
    ----------
    phase : Phase
        Which.
    state : PhaseState
        How far.
    attempt : int
        The last attempt, from 1; 0 before the first.
    elapsed_s : float
        Seconds spent in its states so far.
    """

    phase: Phase
    state: PhaseState
    attempt: int
    elapsed_s: float


class ExperimentView(NamedTuple):
    """An experiment's current run.

    Attributes
    ----------
    experiment : Experiment
        Its record.
    visits : tuple of StateVisit
        The states that its execution has visited.
    phases : tuple of PhaseView
        All phases in order.
    asks_human : bool
        Whether the run ended with a question to a person.
    progress : tuple of tuple of Progress
        What the jobs have measured so far, step by step: one for each visit of a job's state.
    """

    experiment: Experiment
    visits: tuple[StateVisit, ...]
    phases: tuple[PhaseView, ...]
    asks_human: bool
    progress: tuple[tuple[Progress, ...], ...]

    @property
    def current_progress(self) -> tuple[Progress, ...]:
        """What the job that runs now has measured so far."""
        is_measuring = bool(self.visits) and self.visits[-1].state in JOB_STATES
        return self.progress[-1] if is_measuring else ()


class PauseView(NamedTuple):
    """The pause that the campaign's machine waits.

    Attributes
    ----------
    pause_s : int
        Its real length in seconds.
    since : datetime
        When it began.
    """

    pause_s: int
    since: datetime


class CampaignView(NamedTuple):
    """A campaign's execution.

    Attributes
    ----------
    end : ExecutionEnd
        Where it stands.
    experiments : tuple of ExperimentView
        What it chose to run, in order.
    pause : PauseView or None
        The pause it waits.
    at : datetime
        When this was seen.
    """

    end: ExecutionEnd
    experiments: tuple[ExperimentView, ...]
    pause: PauseView | None
    at: datetime


class Executions(Protocol):
    """What is read of executions; ``adapters.campaign_executions`` keeps it."""

    def end(self, execution_arn: str) -> ExecutionEnd:
        """Tell whether an execution has ended, and why."""

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        """Give every state visited so far."""


class Observer:
    """Looks at one execution of the campaign's machine.

    Parameters
    ----------
    records, objects, executions, clock
        Where to look.
    execution_arn : str
        The execution.
    """

    def __init__(
        self,
        records: Records,
        objects: ObjectStore,
        executions: Executions,
        clock: Clock,
        execution_arn: str,
    ) -> None:
        self._records = records
        self._objects = objects
        self._executions = executions
        self._clock = clock
        self._execution_arn = execution_arn
        self._finished: dict[tuple[str, int], ExperimentView] = {}

    def look(self) -> CampaignView:
        """See where everything stands."""
        end = self._executions.end(self._execution_arn)
        visits = self._executions.visits(self._execution_arn)
        now = self._clock.now()
        chosen = _chosen(visits)
        views = tuple(
            self._experiment(experiment_id, run, now, is_last=index == len(chosen))
            for index, (experiment_id, run) in enumerate(chosen.items(), start=1)
        )
        return CampaignView(end, views, _pause(visits) if end.status == RUNNING else None, now)

    def _experiment(
        self, experiment_id: str, run: int, now: datetime, *, is_last: bool
    ) -> ExperimentView:
        if (experiment_id, run) in self._finished:
            return self._finished[experiment_id, run]
        view = look_at_experiment(
            self._records.experiment(experiment_id), self._objects, self._executions, now
        )
        if not is_last:
            self._finished[experiment_id, run] = view
        return view


def look_at_experiment(
    experiment: Experiment, objects: ObjectStore, executions: Executions, now: datetime
) -> ExperimentView:
    """See where an experiment's current run stands."""
    visits: tuple[StateVisit, ...] = ()
    if experiment.execution_arn is not None and experiment.status is not Status.QUEUED:
        visits = executions.visits(experiment.execution_arn)
    asks_human = any(visit.state in HUMAN_STATES for visit in visits)
    return ExperimentView(
        experiment=experiment,
        visits=visits,
        phases=phase_views(visits, now),
        asks_human=asks_human,
        progress=_progress(visits, objects),
    )


def phase_views(visits: Sequence[StateVisit], now: datetime) -> tuple[PhaseView, ...]:
    """Sum the states' visits up by phase."""
    current = next(
        (
            PHASE_OF_STATE[visit.state]
            for visit in reversed(visits)
            if visit.state in PHASE_OF_STATE
        ),
        None,
    )
    at_current = PhaseState.RUNNING
    if any(visit.state in HUMAN_STATES for visit in visits):
        at_current = PhaseState.FAILED
    elif visits and visits[-1].state == "Completed":
        at_current = PhaseState.DONE
    attempts = _attempts(visits)
    views = []
    for phase in Phase:
        own = [visit for visit in visits if PHASE_OF_STATE.get(visit.state) is phase]
        state = PhaseState.WAITING
        if own and current is not None and phase.number <= current.number:
            state = at_current if phase is current else PhaseState.DONE
        elapsed_s = sum(visit.elapsed_s(now) for visit in own)
        views.append(PhaseView(phase, state, attempts.get(phase, 0), elapsed_s))
    return tuple(views)


def _attempts(visits: Sequence[StateVisit]) -> dict[Phase, int]:
    """Count the attempts: a job's are numbered by its specification, other states' are tries."""
    attempts: dict[Phase, int] = {}
    for visit, following in zip_longest(visits, visits[1:]):
        if visit.state in _RETRIED_STATES:
            gave_up = following is not None and following.state in HUMAN_STATES
            attempts[PHASE_OF_STATE[visit.state]] = len(visit.failures) + (not gave_up)
    for phase, state in ((Phase.VALIDATION, "Validate"), (Phase.EXECUTION, "Execute")):
        if any(visit.state == state for visit in visits):
            deployed = _deployed(visits)
            job = deployed and _job_of(phase, deployed)
            attempts[phase] = job.attempt if job else 1
    return attempts


def _deployed(visits: Sequence[StateVisit]) -> DeployResult | None:
    outputs = [visit.output for visit in visits if visit.state == "Deploy" and visit.output]
    try:
        return DeployResult.model_validate_json(outputs[-1]) if outputs else None
    except ValidationError:  # a Deploy that failed passes its input on
        return None


def _job_of(phase: Phase, deployed: DeployResult) -> JobSpec:
    return deployed.validation if phase is Phase.VALIDATION else deployed.execution


def _progress(
    visits: Sequence[StateVisit], objects: ObjectStore
) -> tuple[tuple[Progress, ...], ...]:
    """Read what each job has measured so far; one that ended may have measured since last seen."""
    progress = []
    for index, visit in enumerate(visits):
        if visit.state in JOB_STATES:
            deployed = _deployed(visits[:index])
            jobs: Sequence[JobSpec] = ()
            if deployed is not None:
                jobs = deployed.shards if visit.state == "Execute" else (deployed.validation,)
            progress.append(_together([_progress_of(job, visit, objects) for job in jobs]))
    return tuple(progress)


def _progress_of(job: JobSpec, visit: StateVisit, objects: ObjectStore) -> tuple[Progress, ...]:
    try:
        progress = PROGRESS.validate_json(objects.get(job.progress_key))
    except ConfigurationError:  # nothing measured yet
        return ()
    # After a fixed execution the validation runs again, and writes where it wrote before.
    end = visit.exited_at
    return tuple(
        step for step in progress if visit.entered_at <= step.at and (end is None or step.at <= end)
    )


def _together(of_shards: Sequence[Sequence[Progress]]) -> tuple[Progress, ...]:
    """Count the points of shards that run side by side as one."""
    begun = [steps for steps in of_shards if steps]
    if len(begun) < 2:
        return tuple(begun[0]) if begun else ()
    total_points = sum(steps[0].total_points for steps in begun)
    measured = [step for steps in begun for step in steps if step.point is not None]
    measured.sort(key=lambda step: step.at)
    start = Progress(done_points=0, total_points=total_points, at=begun[0][0].at)
    return start, *(
        step.model_copy(update={"done_points": number, "total_points": total_points})
        for number, step in enumerate(measured, start=1)
    )


def _chosen(visits: Sequence[StateVisit]) -> dict[str, int]:
    """Give the last run of each experiment that the campaign's machine chose, in order."""
    chosen: dict[str, int] = {}
    for visit in visits:
        if visit.state == "ChooseExperiment" and visit.output:
            try:
                choice = Choice.model_validate_json(visit.output)
            except ValidationError:  # a failed choice passes its error on
                continue
            if choice.experiment_id and choice.run:
                chosen.pop(choice.experiment_id, None)
                chosen[choice.experiment_id] = choice.run
    return chosen


def _pause(visits: Sequence[StateVisit]) -> PauseView | None:
    if not visits or visits[-1].state != "Pause" or visits[-1].exited_at:
        return None
    outcomes = [visit.output for visit in visits if visit.state == "RecordOutcome" and visit.output]
    outcome = OutcomeResult.model_validate_json(outcomes[-1])
    return PauseView(outcome.pause_s, visits[-1].entered_at)
