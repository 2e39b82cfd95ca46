"""How far a campaign came, experiment by experiment."""

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from codec_lab.dashboard.campaign_views import ProgressPoint, ProgressView
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.phase import STOPPED
from codec_lab.tiers import REFERENCE_ANCHOR

MAX_POINTS = 1000
"""More could not be told apart on a screen."""


def progress(rows: Sequence[ListedExperiment]) -> ProgressView:
    """Give the experiments by number with the steps of the best so far."""
    ordered = sorted(rows, key=lambda row: row.number)
    spent_usd = list(accumulate(row.cost_usd for row in ordered))
    best: list[int] = []
    lowest = math.inf
    for index, row in enumerate(ordered):
        if row.bd_rate_percent is not None and row.bd_rate_percent < lowest:
            lowest = row.bd_rate_percent
            best.append(index)
    shown = {
        index: _point(ordered[index], spent_usd[index]) for index in {*best, *_chosen(ordered)}
    }
    return ProgressView(
        points=tuple(shown[index] for index in sorted(shown)),
        best=tuple(shown[index] for index in best),
        total=len(ordered),
        reference_anchor=REFERENCE_ANCHOR,
    )


def _chosen(ordered: Sequence[ListedExperiment]) -> set[int]:
    """Choose evenly from many: of each stretch one that stopped and one that did not."""
    if len(ordered) <= MAX_POINTS:
        return set(range(len(ordered)))
    stretch = -(-2 * len(ordered) // MAX_POINTS)
    chosen: dict[tuple[int, bool], int] = {}
    for index, row in enumerate(ordered):
        chosen.setdefault((index // stretch, row.status in STOPPED), index)
    return set(chosen.values())


def _point(row: ListedExperiment, spent_usd: Decimal) -> ProgressPoint:
    return ProgressPoint(
        experiment_id=row.experiment_id,
        number=row.number,
        at=row.updated_at,
        spent_usd=float(spent_usd),
        status=row.status,
        bd_rate_percent=row.bd_rate_percent,
    )
