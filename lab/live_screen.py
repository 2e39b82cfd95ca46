"""A running campaign as a screen that is drawn anew with every look."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from codec_lab.phase import MAX_ATTEMPTS, Phase, Status
from codec_lab.verdict import Progress
from lab.observation import CampaignView, ExperimentView, PhaseState, PhaseView
from lab.wording import STOPPED, clock_time, percent, rate_point, short, wait_scale

_MARKS = {
    PhaseState.WAITING: Text("○", "dim"),
    PhaseState.RUNNING: Text("●", "bold yellow"),
    PhaseState.DONE: Text("✓", "bold green"),
    PhaseState.FAILED: Text("✗", "bold red"),
}
_POINTS_SHOWN = 6


class LiveScreen:
    """Draws the campaign's latest view at the bottom of the terminal.

    Parameters
    ----------
    console : Console
        The terminal.
    campaign_id : str
        Which campaign.
    started_at : datetime
        What the elapsed time counts from.
    scale : float
        Factor on the length of pauses.
    """

    def __init__(
        self, console: Console, campaign_id: str, started_at: datetime, scale: float
    ) -> None:
        self._campaign_id = campaign_id
        self._started_at = started_at
        self._scale = scale
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clear the screen's lines."""
        self._live.__exit__(exc_type, exc, traceback)

    def show(self, view: CampaignView) -> None:
        """Draw a view."""
        self._live.update(self.render(view), refresh=True)

    def render(self, view: CampaignView) -> RenderableType:
        """Make the picture of a view."""
        elapsed = clock_time((view.at - self._started_at).total_seconds())
        header = Text.assemble(
            ("Codec Lab", "bold"),
            f"  campaign {self._campaign_id}  ·  {elapsed}  ·  {wait_scale(self._scale)}",
        )
        parts: list[RenderableType] = [header, Text()]
        parts += [_summary(experiment) for experiment in view.experiments[:-1]]
        if view.experiments:
            parts += self._current(view.experiments[-1])
        if view.pause is not None:
            waited_s = view.pause.pause_s * self._scale
            text = (
                f"pause of {view.pause.pause_s} s before the next experiment, waits {waited_s:g} s"
            )
            parts.append(Text(text, "yellow"))
        return Group(*parts)

    @staticmethod
    def _current(view: ExperimentView) -> list[RenderableType]:
        parts: list[RenderableType] = [_summary(view)]
        table = Table.grid(padding=(0, 2, 0, 0))
        for phase in view.phases:
            table.add_row("  ", *_phase_row(phase))
        human = PhaseState.RUNNING if view.asks_human else PhaseState.WAITING
        needs = "a person is needed" if view.asks_human else ""
        table.add_row("  ", _MARKS[human], "human", "", "", Text(needs, "bold red"))
        parts.append(table)
        return [*parts, *_measured(view.current_progress)]


def _measured(progress: Sequence[Progress]) -> list[RenderableType]:
    if not progress:
        return []
    last = progress[-1]
    bar = Table.grid(padding=(0, 2, 0, 0))
    bar.add_row(
        "  ",
        ProgressBar(last.total_points, last.done_points, width=30),
        f"{last.done_points} of {last.total_points} rate points",
    )
    lines = [rate_point(step.clip, step.point) for step in progress if step.point is not None]
    return [Text(), bar, *(Text(f"     {line}", "dim") for line in lines[-_POINTS_SHOWN:])]


def _phase_row(view: PhaseView) -> tuple[RenderableType, ...]:
    counted = view.phase in {Phase.VALIDATION, Phase.EXECUTION} or view.attempt > 1
    attempts = f"{view.attempt}/{MAX_ATTEMPTS}" if counted and view.attempt else ""
    elapsed = clock_time(view.elapsed_s) if view.state is not PhaseState.WAITING else ""
    name = view.phase.replace("_", " ")
    return _MARKS[view.state], f"{view.phase.number} {name}", attempts, elapsed, ""


def _summary(view: ExperimentView) -> Text:
    experiment = view.experiment
    state = PhaseState.RUNNING
    result = ""
    if experiment.status is Status.COMPLETED:
        state, result = PhaseState.DONE, f"  {percent(experiment.bd_rate_percent)} against x265"
        if experiment.stop_reason:
            result = f"  {STOPPED}"
    elif view.asks_human:
        state, result = PhaseState.FAILED, "  needs a person"
    change = f"  {experiment.change}" if experiment.change else ""
    return Text.assemble(
        _MARKS[state],
        f" {experiment.experiment_id}  {short(experiment.candidate_sha256)}",
        (result, "bold"),
        (change, "dim"),
    )
