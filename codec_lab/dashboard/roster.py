"""All experiments of a campaign in short."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar, overload

from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.phase import Status

_Derived = TypeVar("_Derived")


class Roster(Sequence[ListedExperiment]):
    """A campaign's experiments in no order; it never changes.

    Many questions are answered between two changes of a campaign, so what is made of all
    experiments is made once (``once``). When some have moved, ``with_moved`` gives the next roster.

    Parameters
    ----------
    rows : iterable of ListedExperiment
        The experiments; of two with the same identifier the last counts.
    """

    def __init__(self, rows: Iterable[ListedExperiment] = ()) -> None:
        self._by_id = {row.experiment_id: row for row in rows}
        self._rows = tuple(self._by_id.values())
        self._made: dict[Callable[[Roster], Any], Any] = {}

    def with_moved(self, moved: Iterable[ListedExperiment]) -> "Roster":
        """Give the roster in which these experiments are new or as they are now."""
        changed = [row for row in moved if self._by_id.get(row.experiment_id) != row]
        return Roster((*self._rows, *changed)) if changed else self

    def find(self, experiment_id: str) -> ListedExperiment | None:
        """Find an experiment by its identifier."""
        return self._by_id.get(experiment_id)

    def once(self, derive: "Callable[[Roster], _Derived]") -> _Derived:
        """Give what a function makes of the experiments, and make it no second time."""
        if derive not in self._made:
            self._made[derive] = derive(self)
        made: _Derived = self._made[derive]
        return made

    @cached_property
    def counts(self) -> Counter[Status]:
        """The experiments of each status."""
        return Counter(row.status for row in self._rows)

    @cached_property
    def best(self) -> ListedExperiment | None:
        """The first experiment with the lowest BD-rate; None while there is no BD-rate."""
        measured = (row for row in self._rows if row.bd_rate_percent is not None)
        return min(measured, key=lambda row: (row.bd_rate_percent, row.number), default=None)

    def __iter__(self) -> Iterator[ListedExperiment]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> ListedExperiment: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ListedExperiment]: ...

    def __getitem__(self, index: int | slice) -> ListedExperiment | Sequence[ListedExperiment]:
        return self._rows[index]
