"""What a campaign spent, in parts."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal

from codec_lab.campaign import Campaign, Control
from codec_lab.dashboard.campaign_views import CostShare, CostView
from codec_lab.dashboard.listed_experiment import ListedExperiment


def cost(campaign: Campaign, control: Control, rows: Sequence[ListedExperiment]) -> CostView:
    """Sum up what the experiments cost."""
    total = campaign.model_cost_usd
    mean = total / len(rows) if rows else None
    left = None
    if control.budget_usd is not None and mean:
        left = max(0, int((control.budget_usd - total) / mean))
    return CostView(
        total_usd=float(total),
        budget_usd=None if control.budget_usd is None else float(control.budget_usd),
        by_model=_shares(rows, lambda row: str(row.mind or "none yet")),
        by_phase=(),
        by_status=_shares(rows, lambda row: row.status),
        by_day=_shares(rows, lambda row: f"{row.updated_at:%Y-%m-%d}"),
        usd_per_percent_saved=_per_percent(total, rows),
        usd_per_experiment=None if mean is None else float(mean),
        experiments_left=left,
    )


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


def _per_percent(total: Decimal, rows: Sequence[ListedExperiment]) -> float | None:
    measured = [
        row.bd_rate_percent
        for row in sorted(rows, key=lambda row: row.number)
        if row.bd_rate_percent is not None
    ]
    saved = measured[0] - min(measured) if measured else 0.0
    return float(total) / saved if saved > 0 else None
