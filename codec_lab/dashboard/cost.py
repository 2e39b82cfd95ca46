"""What a campaign spent, in parts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from heapq import nlargest

from codec_lab.campaign import Control
from codec_lab.charge import Charge, Service, Statement
from codec_lab.dashboard.campaign_views import (
    CostShare,
    CostView,
    ExperimentCost,
    ModelShare,
    ServiceShare,
)
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.ports import Listing
from codec_lab.dashboard.roster import Roster
from codec_lab.ports import Ledger, Records

DEAREST = 10
"""Experiments that are shown with their cost."""

ON_THIS_MACHINE = "Everything runs on this machine: no AWS service is used."


class CostQueries:
    """Answers about money.

    Parameters
    ----------
    records, ledger, listing
        Where to look.
    on_aws : bool
        Whether AWS runs the lab.
    """

    def __init__(self, *, records: Records, ledger: Ledger, listing: Listing, on_aws: bool) -> None:
        self._records, self._ledger, self._listing = records, ledger, listing
        self._on_aws = on_aws

    def of(self, campaign_id: str) -> CostView:
        """Show what a campaign spent."""
        return cost(
            self._ledger.statement(campaign_id),
            self._records.control(campaign_id),
            self._listing.rows(campaign_id),
            on_aws=self._on_aws,
        )


def cost(statement: Statement, control: Control, roster: Roster, *, on_aws: bool) -> CostView:
    """Sum up what the experiments cost, from the campaign's account.

    Parameters
    ----------
    statement : Statement
        The account.
    control : Control
        The budgets.
    roster : Roster
        What each experiment cost, and what it reached.
    on_aws : bool
        Whether AWS runs the lab; its cost is absent otherwise.
    """
    total = statement.settled_usd
    of_model = [one for one in statement.charges if one.service is Service.CLAUDE]
    of_aws = [one for one in statement.charges if one.service is not Service.CLAUDE]
    mean = total / len(roster) if roster else None
    left = None
    if control.budget_usd is not None and mean:
        left = max(0, int((control.budget_usd - total - statement.reserved_usd) / mean))
    return CostView(
        total_usd=float(total),
        reserved_usd=float(statement.reserved_usd),
        budget_usd=None if control.budget_usd is None else float(control.budget_usd),
        model_usd=float(sum(one.usd for one in of_model)),
        aws_usd=float(sum(one.usd for one in of_aws)) if on_aws else None,
        aws_reason=None if on_aws else ON_THIS_MACHINE,
        by_model=tuple(map(_model_share, of_model)),
        by_service=_by_service(of_aws),
        by_phase=_by_phase(statement.charges),
        by_status=roster.once(_by_status),
        by_day=tuple(
            CostShare(label=f"{day:%Y-%m-%d}", usd=float(usd), count=None)
            for day, usd in sorted(statement.days.items())
        ),
        dearest=roster.once(_dearest),
        usd_per_percent_saved=_per_percent(total, roster.once(_saved_percent)),
        usd_per_experiment=None if mean is None else float(mean),
        experiments_left=left,
    )


def _model_share(charge: Charge) -> ModelShare:
    return ModelShare(
        role=charge.purpose,
        model=charge.model,
        calls=charge.count,
        input_tokens=charge.amounts.get("input_tokens", 0),
        cache_write_tokens=charge.amounts.get("cache_write_tokens", 0),
        cache_read_tokens=charge.amounts.get("cache_read_tokens", 0),
        output_tokens=charge.amounts.get("output_tokens", 0),
        usd=float(charge.usd),
    )


def _by_service(charges: Iterable[Charge]) -> tuple[ServiceShare, ...]:
    sums: dict[Service, Charge] = {}
    for charge in charges:
        known = sums.get(charge.service)
        sums[charge.service] = charge if known is None else known.plus(charge)
    return tuple(
        ServiceShare(
            service=service, count=charge.count, amounts=charge.amounts, usd=float(charge.usd)
        )
        for service, charge in sorted(sums.items())
    )


def _by_phase(charges: Iterable[Charge]) -> tuple[CostShare, ...]:
    parts: dict[str, Decimal] = defaultdict(Decimal)
    for charge in charges:
        parts[charge.purpose] += charge.usd
    return tuple(
        CostShare(label=label, usd=float(usd), count=None) for label, usd in sorted(parts.items())
    )


def _by_status(rows: Sequence[ListedExperiment]) -> tuple[CostShare, ...]:
    grouped: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows:
        grouped[row.status].append(row.cost_usd)
    return tuple(
        CostShare(label=name, usd=float(sum(costs)), count=len(costs))
        for name, costs in sorted(grouped.items())
    )


def _dearest(rows: Sequence[ListedExperiment]) -> tuple[ExperimentCost, ...]:
    paid = (row for row in rows if row.cost_usd)
    return tuple(map(_experiment_cost, nlargest(DEAREST, paid, key=lambda row: row.cost_usd)))


def _experiment_cost(row: ListedExperiment) -> ExperimentCost:
    aws_usd = row.aws_cost_usd
    return ExperimentCost(
        experiment_id=row.experiment_id,
        name=row.name,
        model_usd=float(row.model_cost_usd),
        aws_usd=None if aws_usd is None else float(aws_usd),
        usd=float(row.cost_usd),
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
