"""All experiments of a campaign in short."""

from collections.abc import Sequence

from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.roster import Roster
from codec_lab.phase import Status
from tests.unit.builders import experiment


def row(number: int, **changes: object) -> ListedExperiment:
    return ListedExperiment.of(experiment(number, **changes))


def test_what_is_made_of_all_is_made_once_and_again_when_one_has_moved() -> None:
    made: list[int] = []

    def count(rows: Sequence[ListedExperiment]) -> int:
        made.append(len(rows))
        return len(rows)

    roster = Roster([row(1), row(2)])
    assert [roster.once(count), roster.once(count)] == [2, 2]
    assert roster.with_moved([row(1)]) is roster
    later = roster.with_moved([row(1, run=2), row(3)])
    assert later.once(count) == 3
    assert made == [2, 3]
    assert later.find("default-0001") == row(1, run=2)
    assert roster.find("default-0001") == row(1)
    assert roster.find("default-0003") is None


def test_counts_and_the_best() -> None:
    roster = Roster(
        [
            row(1, status=Status.COMPLETED, bd_rate_percent=-2.0),
            row(3, status=Status.COMPLETED, bd_rate_percent=-5.0),
            row(2, status=Status.COMPLETED, bd_rate_percent=-5.0),
            row(4),
        ]
    )
    assert (roster.counts[Status.COMPLETED], roster.counts[Status.ABANDONED]) == (3, 0)
    assert roster.best == row(2, status=Status.COMPLETED, bd_rate_percent=-5.0)
    assert Roster([row(4)]).best is None
