"""How far a campaign came, experiment by experiment."""

from collections.abc import Sequence

from codec_lab.dashboard.campaign_views import ProgressPoint, ProgressView
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.tiers import REFERENCE_ANCHOR

MAX_POINTS = 2000
"""More could not be told apart on a screen."""


def progress(rows: Sequence[ListedExperiment]) -> ProgressView:
    """Give the experiments by number with the steps of the best so far."""
    points: list[ProgressPoint] = []
    best: list[ProgressPoint] = []
    spent_usd = 0.0
    for row in sorted(rows, key=lambda row: row.number):
        spent_usd += float(row.model_cost_usd)
        point = ProgressPoint(
            experiment_id=row.experiment_id,
            number=row.number,
            at=row.updated_at,
            spent_usd=round(spent_usd, 6),
            status=row.status,
            bd_rate_percent=row.bd_rate_percent,
        )
        points.append(point)
        if _is_better(point, best):
            best.append(point)
    return ProgressView(
        points=_thinned(points, best),
        best=tuple(best),
        total=len(points),
        reference_anchor=REFERENCE_ANCHOR,
    )


def _is_better(point: ProgressPoint, best: Sequence[ProgressPoint]) -> bool:
    if point.bd_rate_percent is None:
        return False
    return not best or point.bd_rate_percent < (best[-1].bd_rate_percent or 0.0)


def _thinned(
    points: Sequence[ProgressPoint], best: Sequence[ProgressPoint]
) -> tuple[ProgressPoint, ...]:
    step = -(-len(points) // MAX_POINTS)
    if step <= 1:
        return tuple(points)
    kept = {point.number for point in best}
    return tuple(
        point for index, point in enumerate(points) if index % step == 0 or point.number in kept
    )
