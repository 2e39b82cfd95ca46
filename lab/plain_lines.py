"""A running campaign line by line, for logs and pipes."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from codec_lab.notice import HEADLINE, reason_line
from codec_lab.phase import MAX_ATTEMPTS, Phase
from codec_lab.state_visit import PHASE_OF_STATE, StateVisit
from codec_lab.verdict import Progress
from lab.observation import JOB_STATES, CampaignView, ExperimentView, PauseView, phase_views
from lab.wording import clock_time, rate_point

COMPLETED_LINE = "EXPERIMENT COMPLETED SUCCESSFULLY"
_OPENS_PHASE = frozenset({"Design", "Deploy", "Validate", "Execute", "Analyze", "DesignNext"})


class PlainLines:
    """Writes a line for everything that is new since the last look.

    Parameters
    ----------
    write : callable
        Takes a line.
    started_at : datetime
        What the time at the beginning of each line counts from.
    wait_scale : float
        Factor on the length of pauses.
    """

    def __init__(
        self, write: Callable[[str], None], started_at: datetime, wait_scale: float
    ) -> None:
        self._write = write
        self._started_at = started_at
        self._wait_scale = wait_scale
        self._visits_shown: dict[str, int] = {}
        self._failures_shown: dict[tuple[str, int], int] = {}
        self._points_shown: set[tuple[str, int, str | None, int]] = set()
        self._pause_shown: PauseView | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave nothing behind."""

    def show(self, view: CampaignView) -> None:
        """Write what is new."""
        for experiment in view.experiments:
            self._show_experiment(experiment, view.at)
        if view.pause is not None and view.pause != self._pause_shown:
            waited_s = view.pause.pause_s * self._wait_scale
            self._line(
                view.at, "campaign", f"pause of {view.pause.pause_s} s (waits {waited_s:g} s)"
            )
        self._pause_shown = view.pause or self._pause_shown

    def _show_experiment(self, view: ExperimentView, now: datetime) -> None:
        # Runs of one experiment have histories of their own.
        key = f"{view.experiment.experiment_id} run {view.experiment.run}"
        name = view.experiment.experiment_id
        shown = self._visits_shown.get(key, 0)
        progress = iter(view.progress)
        for index, visit in enumerate(view.visits):
            if index >= shown:
                for line in self._visit_lines(view, index, visit):
                    self._line(visit.entered_at, name, line)
            failures = self._failures_shown.get((key, index), 0)
            for failure in visit.failures[failures:]:
                self._line(visit.exited_at or now, name, f"{visit.state} failed: {failure}")
            self._failures_shown[key, index] = len(visit.failures)
            if visit.state in JOB_STATES:
                for line in self._new_points((key, index), next(progress)):
                    self._line(visit.exited_at or now, name, line)
        self._visits_shown[key] = len(view.visits)

    @staticmethod
    def _visit_lines(view: ExperimentView, index: int, visit: StateVisit) -> list[str]:
        if visit.state == "Completed":
            stop_reason = view.experiment.stop_reason
            return [stop_reason, COMPLETED_LINE] if stop_reason else [COMPLETED_LINE]
        if visit.state == "NeedsHuman":
            reasons = view.experiment.human_intervention_reasons
            return [HEADLINE, *(reason_line(reason) for reason in reasons[-1:])]
        phase = PHASE_OF_STATE.get(visit.state)
        if phase is None:  # a change of the framework belongs to the phase that asked for it
            return [visit.state] if visit.state == "ReplayFramework" else []
        if visit.state not in _OPENS_PHASE:
            return [visit.state] if visit.state.startswith("Fix") else []
        seen_before = any(earlier.state == visit.state for earlier in view.visits[:index])
        lines = [] if seen_before else [phase.headline]
        if phase in {Phase.VALIDATION, Phase.EXECUTION}:
            attempt = phase_views(view.visits[: index + 1], visit.entered_at)[
                phase.number - 1
            ].attempt
            lines.append(f"{phase.capitalize()} attempt {attempt}/{MAX_ATTEMPTS}")
        return lines

    def _new_points(self, job: tuple[str, int], progress: Sequence[Progress]) -> Iterator[str]:
        for step in progress:
            if step.point is None or (*job, step.clip, step.point.quality) in self._points_shown:
                continue
            self._points_shown.add((*job, step.clip, step.point.quality))
            measured = rate_point(step.clip, step.point)
            yield f"rate point {step.done_points}/{step.total_points}: {measured}"

    def _line(self, at: datetime, name: str, text: str) -> None:
        elapsed_s = max(0.0, (at - self._started_at).total_seconds())
        self._write(f"[{clock_time(elapsed_s):>7}] {name}  {text}")
