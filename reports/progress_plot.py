"""The drawing of a campaign's progress."""

from collections.abc import Sequence
from typing import NamedTuple

from codec_lab.phase import Status
from codec_lab.report.models import ReportedExperiment
from reports.axes import Axis, linear, whole
from reports.wording import interval, signed

WIDTH, HEIGHT = 960, 380
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 40, 46
LANE_AT = 20
"""Where experiments lie that measured nothing, above the plot."""

_ENDED = (Status.COMPLETED, Status.NEEDS_HUMAN, Status.ABANDONED)


class Dot(NamedTuple):
    """An experiment on the drawing.

    Attributes
    ----------
    low_at, high_at : float or None
        The ends of its interval.
    """

    experiment_id: str
    x: float
    y: float
    low_at: float | None
    high_at: float | None
    is_best: bool
    text: str


class ProgressPlot(NamedTuple):
    """Everything that is drawn.

    Attributes
    ----------
    best : str
        The path of the best so far.
    dots : tuple of Dot
        Measured experiments.
    lane : tuple of Dot
        Those that ended without a BD-rate.
    """

    x: Axis
    y: Axis
    best: str
    dots: tuple[Dot, ...]
    lane: tuple[Dot, ...]


def progress_plot(experiments: Sequence[ReportedExperiment]) -> ProgressPlot | None:
    """Draw the BD-rate over experiments; None if nothing was measured."""
    measured = [
        (one, one.bd_rate_percent) for one in experiments if one.bd_rate_percent is not None
    ]
    if not measured:
        return None
    bounds = [
        value
        for one, rate in measured
        for value in (rate, one.bd_rate_low_percent, one.bd_rate_high_percent)
        if value is not None
    ]
    x = whole([one.number for one in experiments], LEFT, WIDTH - RIGHT)
    y = linear([*bounds, 0.0] if min(bounds) > 0 else bounds, HEIGHT - BOTTOM, TOP)
    lowest: float | None = None
    steps: list[str] = []
    dots = []
    for one, rate in measured:
        is_best = lowest is None or rate < lowest
        if is_best:
            steps.append(f"{'M' if lowest is None else 'H'}{x.at(one.number)}")
            steps.append(f",{y.at(rate)}" if lowest is None else f"V{y.at(rate)}")
            lowest = rate
        dots.append(_dot(one, rate, x, y, is_best=is_best))
    steps.append(f"H{x.end}")
    unmeasured = [one for one in experiments if one.bd_rate_percent is None]
    lane = tuple(
        Dot(one.experiment_id, x.at(one.number), LANE_AT, None, None, False, _unmeasured(one))
        for one in unmeasured
        if one.status in _ENDED
    )
    return ProgressPlot(x, y, "".join(steps), tuple(dots), lane)


def _dot(one: ReportedExperiment, rate: float, x: Axis, y: Axis, *, is_best: bool) -> Dot:
    low, high = one.bd_rate_low_percent, one.bd_rate_high_percent
    within = interval(low, high)
    text = f"{one.experiment_id}: {signed(rate, 2)} %{f' ({within})' if within else ''}"
    return Dot(
        one.experiment_id,
        x.at(one.number),
        y.at(rate),
        None if low is None else y.at(low),
        None if high is None else y.at(high),
        is_best,
        text,
    )


def _unmeasured(one: ReportedExperiment) -> str:
    return f"{one.experiment_id}: no BD-rate"
