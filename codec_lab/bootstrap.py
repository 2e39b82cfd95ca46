"""How far a mean over clips can be trusted: the bootstrap's percentile interval.

B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall (1993),
chapters 6 and 13. What is drawn, with replacement, is whole clips: the rate points of one clip are
not independent of each other. With few clips the interval is too narrow rather than too wide.
"""

import random
from collections.abc import Mapping, Sequence
from math import fsum
from typing import NamedTuple

CONFIDENCE_PERCENT = 95.0
MIN_CLIPS = 3
"""Two clips have three different resamples: no interval."""

_RESAMPLES = 10_000
_SEED = 1993  # equal values give equal intervals, on every machine and every day


class Interval(NamedTuple):
    """A 95 % interval of a mean over clips, or the reason why there is none.

    Attributes
    ----------
    low, high : float or None
        Its ends, in the unit of the values.
    reason : str or None
        Why they are absent.
    """

    low: float | None
    high: float | None
    reason: str | None


def mean_interval(values: Sequence[float | None]) -> Interval:
    """Give the interval of a mean over clips.

    Parameters
    ----------
    values : sequence of float or None
        One for each clip, e.g. its BD-rate in percent; None where it is not known.

    Returns
    -------
    Interval
        Absent for fewer than ``MIN_CLIPS`` clips, or if a value is not known: to leave a clip out
        would be a choice of clips.
    """
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        unknown = len(values) - len(known)
        return Interval(None, None, f"not known on {unknown} of {len(values)} clips")
    if len(known) < MIN_CLIPS:
        return Interval(None, None, f"fewer than {MIN_CLIPS} clips")
    generator = random.Random(_SEED)  # noqa: S311
    known.sort()  # so that the order of the clips does not matter
    count = len(known)
    drawn = iter(generator.choices(known, k=_RESAMPLES * count))  # at once: an API waits for it
    means = sorted(fsum(resample) / count for resample in zip(*[drawn] * count, strict=True))
    tail = (100 - CONFIDENCE_PERCENT) / 200
    return Interval(_quantile(means, tail), _quantile(means, 1 - tail), None)


def paired_interval(
    candidate: Mapping[str, float | None], incumbent: Mapping[str, float | None]
) -> Interval:
    """Give the interval of the mean difference between two candidates on the same clips.

    Pairing takes out how hard the clips are, which both candidates share.

    Parameters
    ----------
    candidate, incumbent : mapping of str to float or None
        Each one's value by clip, e.g. BD-rates in percent against one anchor.

    Returns
    -------
    Interval
        Of ``candidate - incumbent``; of BD-rates one below zero is an improvement. Absent as in
        ``mean_interval``, and where the clips are not the same.
    """
    if candidate.keys() != incumbent.keys():
        return Interval(None, None, "they were not measured on the same clips")
    differences = []
    for clip in sorted(candidate):
        one, other = candidate[clip], incumbent[clip]
        differences.append(None if one is None or other is None else one - other)
    return mean_interval(differences)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Interpolate between order statistics (Hyndman & Fan 1996, definition 7)."""
    position = share * (len(ordered) - 1)
    index = min(int(position), len(ordered) - 2)
    below, above = ordered[index], ordered[index + 1]
    return below + (position - index) * (above - below)
