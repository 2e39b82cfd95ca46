"""A page of the table of experiments: filtered, sorted, counted."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from codec_lab.dashboard.experiment_views import ExperimentPage, SortOrder
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.phase import Phase, Status
from codec_lab.tiers import REFERENCE_ANCHOR

_KEYS: dict[str, Callable[[ListedExperiment], Any]] = {
    "updated_at": lambda row: row.updated_at,
    "number": lambda row: row.number,
    "bd_rate_percent": lambda row: row.bd_rate_percent,
    "cost_usd": lambda row: row.model_cost_usd,
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

    def match(self, row: ListedExperiment) -> bool:
        """Tell whether a row is wanted."""
        if self.status not in {None, row.status} or self.phase not in {None, row.phase}:
            return False
        if not self.text:
            return True
        text = self.text.casefold()
        return text in row.experiment_id.casefold() or text in row.name.casefold()


def experiment_page(rows: Sequence[ListedExperiment], wanted: Wanted) -> ExperimentPage:
    """Make a page; rows that have no value of what is sorted by come last."""
    found = [row for row in rows if wanted.match(row)]
    key = _KEYS[wanted.sort.removeprefix("-")]
    found.sort(key=lambda row: row.number, reverse=True)
    known = [row for row in found if key(row) is not None]
    known.sort(key=key, reverse=wanted.sort.startswith("-"))
    found = known + [row for row in found if key(row) is None]
    end = wanted.skip + wanted.limit
    return ExperimentPage(
        items=tuple(row.row() for row in found[wanted.skip : end]),
        total=len(found),
        next_cursor=str(end) if end < len(found) else None,
        needs_human=sum(row.status is Status.NEEDS_HUMAN for row in rows),
        reference_anchor=REFERENCE_ANCHOR,
    )
