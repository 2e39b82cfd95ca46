"""The archive of a campaign: what was measured, the Pareto front, niches and parents.

Quality-diversity after J.-B. Mouret and J. Clune, "Illuminating search spaces by mapping elites"
(2015): a grid over BD-rate and decode time keeps the best of each cell, so that the search does
not run into one corner.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from codec_lab.experiment import Experiment
from codec_lab.model import Sha256

ELITE_SHARE = 0.5
"""How often the best candidate is the parent."""

EXPLORE_SHARE = 0.2
"""How often a niche that had few children is; otherwise the front is exploited."""

BD_RATE_STEP_PERCENT = 10.0
"""Width of a niche in BD-rate; in decode time it is one octave."""


class Niche(NamedTuple):
    """A cell of the grid."""

    bd_rate: int
    decode_time: int | None


class Choice(NamedTuple):
    """A parent and why it was chosen."""

    experiment: Experiment
    reason: str


def with_own(listed: Iterable[Experiment], own: Experiment) -> list[Experiment]:
    """Put an experiment as it is now in the place of its row, for a listing may lag behind."""
    return [*(one for one in listed if one.experiment_id != own.experiment_id), own]


class Archive:
    """What a campaign knows of its candidates.

    Parameters
    ----------
    experiments : iterable of Experiment
        All of the campaign.

    Attributes
    ----------
    measured : tuple of Experiment
        Those with a BD-rate, the lowest first; what repeats another's bitstreams is left out.
    """

    def __init__(self, experiments: Iterable[Experiment]) -> None:
        self._all = tuple(experiments)
        latest_first = sorted(self._all, key=lambda one: one.number, reverse=True)
        self._first_of = {one.candidate_sha256: one for one in latest_first if one.candidate_sha256}
        ranked = [
            one
            for one in self._all
            if one.bd_rate_percent is not None
            and one.repeats is None
            and one.proposal_key is not None
            and one.candidate_sha256 is not None
        ]
        self.measured = tuple(sorted(ranked, key=lambda one: (_bd_rate(one), one.number)))

    @property
    def candidates(self) -> frozenset[Sha256]:
        """Hashes of all candidates, measured or not."""
        return frozenset(one.candidate_sha256 for one in self._all if one.candidate_sha256)

    @property
    def sources(self) -> frozenset[Sha256]:
        """Hashes of what all their sources say."""
        return frozenset(one.source_sha256 for one in self._all if one.source_sha256)

    @property
    def front(self) -> tuple[Experiment, ...]:
        """The Pareto front: no other candidate is as good in BD-rate and decodes as fast."""
        front: list[Experiment] = []
        order = sorted(self.measured, key=lambda one: (_bd_rate(one), _decode_s(one)))
        for one in order:  # no better in BD-rate than those before, so it must be faster
            if not front or _decode_s(one) < _decode_s(front[-1]):
                front.append(one)
        return tuple(front)

    @property
    def niches(self) -> dict[Niche, Experiment]:
        """The best candidate of each cell."""
        best: dict[Niche, Experiment] = {}
        for one in self.measured:
            best.setdefault(niche_of(one), one)
        return best

    def lineage(self, experiment: Experiment) -> tuple[Experiment, ...]:
        """Give an experiment and its ancestors, the youngest first."""
        line = [experiment]
        while (parent := self.parent_of(line[-1])) and parent not in line:
            line.append(parent)
        return tuple(line)

    def parent_of(self, experiment: Experiment) -> Experiment | None:
        """Find the first experiment of the candidate that another was made from."""
        parent = self._first_of.get(experiment.parent_sha256 or "")
        return None if parent is experiment else parent

    def screened_points(self, experiment: Experiment) -> float | None:
        """Give the points of BD-rate by which a stopped candidate was worse than its parent.

        Returns
        -------
        float or None
            As the screen measured both; None if it did not, or did not end the experiment.
        """
        parent = self.parent_of(experiment)
        if parent is None or experiment.stop_reason is None:
            return None
        own, of_parent = experiment.screen_bd_rate_percent, parent.screen_bd_rate_percent
        return None if own is None or of_parent is None else own - of_parent

    def repeated_by(self, outputs_sha256: Sha256 | None, number: int) -> Experiment | None:
        """Find the first experiment before ``number`` that wrote the same bitstreams."""
        earlier = (one for one in self._all if one.number < number and outputs_sha256 is not None)
        same = [one for one in earlier if one.outputs_sha256 == outputs_sha256]
        return min(same, key=lambda one: one.number, default=None)

    def choose_parent(self, seed: str) -> Choice | None:
        """Choose the next design's parent: the elite, a niche to explore, or the front.

        Parameters
        ----------
        seed : str
            Equal seeds choose alike, so that a retry chooses the same parent.

        Returns
        -------
        Choice or None
            None while nothing is measured.
        """
        if not self.measured:
            return None
        generator = random.Random(seed)  # noqa: S311
        draw, best, front = generator.random(), self.measured[0], self.front
        if draw < ELITE_SHARE or len(self.measured) == 1:
            return Choice(best, f"{_named(best)} is the best so far.")
        if draw < ELITE_SHARE + EXPLORE_SHARE:
            children = Counter(one.parent_sha256 for one in self._all)
            fewest = min(children[one.candidate_sha256] for one in self.niches.values())
            rare = [one for one in self.niches.values() if children[one.candidate_sha256] == fewest]
            chosen = generator.choice(rare)
            return Choice(chosen, f"{_named(chosen)} is explored: its niche had few children.")
        others = [one for one in front if one is not best] or list(self.measured[1:])
        weights = [1 / rank for rank in range(1, len(others) + 1)]
        chosen = generator.choices(others, weights)[0]
        return Choice(chosen, f"{_named(chosen)} is exploited: it is next to the best.")


def niche_of(experiment: Experiment) -> Niche:
    """Give the cell of a measured candidate."""
    decode_s = experiment.decode_cpu_s_per_frame
    return Niche(
        math.floor(_bd_rate(experiment) / BD_RATE_STEP_PERCENT),
        math.floor(math.log2(1000 * decode_s)) if decode_s else None,
    )


def _bd_rate(experiment: Experiment) -> float:
    return math.inf if experiment.bd_rate_percent is None else experiment.bd_rate_percent


def _decode_s(experiment: Experiment) -> float:
    known = experiment.decode_cpu_s_per_frame
    return math.inf if known is None else known


def _named(experiment: Experiment) -> str:
    return f"{experiment.experiment_id} (BD-rate {_bd_rate(experiment):+.1f} %)"
