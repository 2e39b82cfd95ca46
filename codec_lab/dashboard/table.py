"""A page of the table of experiments: filtered, sorted, counted."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from codec_lab.dashboard.experiment_views import ExperimentPage, SortOrder
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.roster import Roster
from codec_lab.phase import Phase, Status
from codec_lab.tiers import REFERENCE_ANCHOR

_KEYS: dict[str, Callable[[ListedExperiment], Any]] = {
    "updated_at": lambda row: row.updated_at,
    "number": lambda row: row.number,
    "bd_rate_percent": lambda row: row.bd_rate_percent,
    "cost_usd": lambda row: row.cost_usd,
}


class Wanted(NamedTuple):
    """Which rows are wanted.

    Attributes
    ----------
    status, phase
        Of this one alone, where given.
    text : str or None
        In the identifier or the name, in upper or lower case.
    skip, limit : int
        Rows before the page, and on it.
    """

    status: Status | None = None
    phase: Phase | None = None
    text: str | None = None
    sort: SortOrder = SortOrder.UPDATED_DOWN
    skip: int = 0
    limit: int = 50

    def of(self, rows: Sequence[ListedExperiment]) -> Sequence[ListedExperiment]:
        """Give the rows that are wanted, in their order."""
        if self.status is not None:
            rows = [row for row in rows if row.status is self.status]
        if self.phase is not None:
            rows = [row for row in rows if row.phase is self.phase]
        if self.text:
            text = self.text.casefold()
            rows = [row for row in rows if text in row.searched]
        return rows


def experiment_page(roster: Roster, wanted: Wanted) -> ExperimentPage:
    """Make a page; rows that have no value of what is sorted by come last."""
    found = wanted.of(roster.once(_ORDERS[wanted.sort]))
    end = wanted.skip + wanted.limit
    return ExperimentPage(
        items=tuple(row.row() for row in found[wanted.skip : end]),
        total=len(found),
        next_cursor=str(end) if end < len(found) else None,
        needs_human=roster.counts[Status.NEEDS_HUMAN],
        reference_anchor=REFERENCE_ANCHOR,
    )


def _in_order(rows: Sequence[ListedExperiment], order: SortOrder) -> Sequence[ListedExperiment]:
    key = _KEYS[order.removeprefix("-")]
    newest_first = sorted(rows, key=lambda row: row.number, reverse=True)
    known = [row for row in newest_first if key(row) is not None]
    known.sort(key=key, reverse=order.startswith("-"))
    return known + [row for row in newest_first if key(row) is None]


_ORDERS = {order: partial(_in_order, order=order) for order in SortOrder}
