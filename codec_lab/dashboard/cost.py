"""What a campaign spent, in parts."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal

from codec_lab.campaign import Campaign, Control
from codec_lab.dashboard.campaign_views import CostShare, CostView
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.roster import Roster


def cost(campaign: Campaign, control: Control, roster: Roster) -> CostView:
    """Sum up what the experiments cost."""
    total = campaign.model_cost_usd
    mean = total / len(roster) if roster else None
    left = None
    if control.budget_usd is not None and mean:
        left = max(0, int((control.budget_usd - total) / mean))
    return CostView(
        total_usd=float(total),
        budget_usd=None if control.budget_usd is None else float(control.budget_usd),
        by_model=roster.once(_by_mind),
        by_phase=(),
        by_status=roster.once(_by_status),
        by_day=roster.once(_by_day),
        usd_per_percent_saved=_per_percent(total, roster.once(_saved_percent)),
        usd_per_experiment=None if mean is None else float(mean),
        experiments_left=left,
    )


def _by_mind(rows: Sequence[ListedExperiment]) -> tuple[CostShare, ...]:
    return _shares(rows, lambda row: str(row.mind or "none yet"))


def _by_status(rows: Sequence[ListedExperiment]) -> tuple[CostShare, ...]:
    return _shares(rows, lambda row: row.status)


def _by_day(rows: Sequence[ListedExperiment]) -> tuple[CostShare, ...]:
    return _shares(rows, lambda row: row.updated_at.date().isoformat())


def _shares(
    rows: Sequence[ListedExperiment], label: Callable[[ListedExperiment], str]
) -> tuple[CostShare, ...]:
    grouped: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows:
        grouped[label(row)].append(row.model_cost_usd)
    return tuple(
        CostShare(label=name, usd=float(sum(costs)), experiments=len(costs))
        for name, costs in sorted(grouped.items())
    )


def _saved_percent(rows: Sequence[ListedExperiment]) -> float:
    """Say how far the BD-rate went down since the first that was measured."""
    measured = [
        row.bd_rate_percent
        for row in sorted(rows, key=lambda row: row.number)
        if row.bd_rate_percent is not None
    ]
    return measured[0] - min(measured) if measured else 0.0


def _per_percent(total: Decimal, saved_percent: float) -> float | None:
    return float(total) / saved_percent if saved_percent > 0 else None
