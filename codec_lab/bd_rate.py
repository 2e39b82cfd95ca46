"""Bjøntegaard delta rate by piecewise cubic Hermite interpolation.

G. Bjøntegaard, "Calculation of average PSNR differences between RD-curves", ITU-T VCEG-M33
(2001); interpolation by F. N. Fritsch and J. Butland, "A method for constructing local monotone
piecewise cubic interpolants", SIAM J. Sci. Stat. Comput. 5 (1984), as JVET-H0030 recommends.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from codec_lab.verdict import Metric

MIN_OVERLAP_PERCENT = 50.0
"""Below it the answer would rest on the ends of the curves: it is "not available"."""

MIN_ANCHOR_SHARE_PERCENT = 50.0
"""The least part of the anchor's range of quality that is compared: otherwise who is judged could
choose the range where it does best. Seeds at the default qualities reach 56 to 86 % in PSNR."""

MIN_UNEVEN_SHARE_PERCENT = 25.0
"""The same for metrics whose range is not used evenly, as they come close to their greatest value
or rise faster than PSNR: seeds reach 48 % in XPSNR, 42 % in SSIM and 35 % in VMAF."""

_EVEN = frozenset({Metric.PSNR_Y, Metric.PSNR_YUV})

MIN_POINTS = 4
"""Points of a curve for a BD-rate that is shown; a screen is content with three."""

MAX_RATE_STEP = 3.0
"""How many times the rate of a point of the tested curve the next one may have, where they enclose
some of the quality that is compared. Between distant points the true curve lies far above the
interpolated one: a seed with four points chosen for it would seem 1.6 % better than it is within
this step, 48 % without any. Seeds and anchors take steps of 1.4 to 2.3."""

MAX_SCREEN_RATE_STEP = MAX_RATE_STEP**2
"""The same for three points, which leave out one of a plan's four."""


def least_anchor_share_percent(metric: Metric) -> float:
    """Say how much of the anchor's range of a metric must be compared."""
    return MIN_ANCHOR_SHARE_PERCENT if metric in _EVEN else MIN_UNEVEN_SHARE_PERCENT


class RateQuality(NamedTuple):
    """A point of a rate-distortion curve: bits per second and quality."""

    bitrate_bps: float
    quality: float


class DeltaRate(NamedTuple):
    """A BD-rate, or the reason why there is none.

    Attributes
    ----------
    percent : float or None
        Mean rate difference at equal quality, negative where the tested curve saves rate.
    overlap_percent : float
        Shared part of the smaller of the two quality ranges.
    reason : str or None
        Why ``percent`` is absent.
    """

    percent: float | None
    overlap_percent: float
    reason: str | None


class _Interpolant:
    """log10(rate) as a monotone function of quality."""

    def __init__(self, curve: Sequence[RateQuality]) -> None:
        self.x = [point.quality for point in curve]
        self.y = [math.log10(point.bitrate_bps) for point in curve]
        self.h = [b - a for a, b in pairwise(self.x)]
        self.delta = [(b - a) / h for (a, b), h in zip(pairwise(self.y), self.h, strict=True)]
        self.slope = self._slopes()

    def _slopes(self) -> list[float]:
        h, delta = self.h, self.delta
        inner = []
        for k in range(1, len(h)):
            if delta[k - 1] * delta[k] <= 0:
                inner.append(0.0)
                continue
            w1, w2 = 2 * h[k] + h[k - 1], h[k] + 2 * h[k - 1]
            inner.append((w1 + w2) / (w1 / delta[k - 1] + w2 / delta[k]))
        first = _end_slope(h[0], h[1], delta[0], delta[1])
        last = _end_slope(h[-1], h[-2], delta[-1], delta[-2])
        return [first, *inner, last]

    def _antiderivative(self, k: int, t: float) -> float:
        h, delta, m0, m1 = self.h[k], self.delta[k], self.slope[k], self.slope[k + 1]
        c2 = (3 * delta - 2 * m0 - m1) / h
        c3 = (m0 + m1 - 2 * delta) / h**2
        return self.y[k] * t + m0 * t**2 / 2 + c2 * t**3 / 3 + c3 * t**4 / 4

    def integral(self, low: float, high: float) -> float:
        total = 0.0
        first = max(bisect_right(self.x, low) - 1, 0)
        for k in range(first, len(self.h)):
            a, b = max(low, self.x[k]), min(high, self.x[k + 1])
            if b <= a:
                break
            total += self._antiderivative(k, b - self.x[k])
            total -= self._antiderivative(k, a - self.x[k])
        return total


def _end_slope(h0: float, h1: float, delta0: float, delta1: float) -> float:
    slope = ((2 * h0 + h1) * delta0 - h0 * delta1) / (h0 + h1)
    if slope * delta0 <= 0:
        return 0.0
    if delta0 * delta1 <= 0 and abs(slope) > 3 * abs(delta0):
        return 3 * delta0
    return slope


def bd_rate(
    anchor: Sequence[RateQuality],
    tested: Sequence[RateQuality],
    min_points: int = MIN_POINTS,
    min_anchor_share_percent: float = MIN_ANCHOR_SHARE_PERCENT,
) -> DeltaRate:
    """Compare two rate-distortion curves.

    Parameters
    ----------
    anchor, tested : sequence of RateQuality
        The points of each, in any order.
    min_points : int
        How many each needs, at least three.
    min_anchor_share_percent : float
        How much of the anchor's range of quality both must cover.

    Returns
    -------
    DeltaRate
        Never an extrapolation: where the curves share less than ``MIN_OVERLAP_PERCENT`` of the
        smaller quality range or too little of the anchor's, where points of the tested curve lie
        too far apart in rate, or a curve does not rise, ``percent`` is absent and ``reason`` says
        why.
    """
    curves = []
    for name, points in (("anchor's", anchor), ("tested", tested)):
        curve = sorted(points, key=lambda point: point.bitrate_bps)
        if len(curve) < min_points:
            reason = f"the {name} curve has {len(curve)} points, {min_points} are needed"
            return DeltaRate(None, 0.0, reason)
        if any(b.quality <= a.quality for a, b in pairwise(curve)):
            return DeltaRate(None, 0.0, f"the {name} curve does not rise with the rate")
        curves.append(curve)
    low = max(curve[0].quality for curve in curves)
    high = min(curve[-1].quality for curve in curves)
    smaller_range = min(curve[-1].quality - curve[0].quality for curve in curves)
    overlap_percent = max(0.0, min(100.0, 100 * (high - low) / smaller_range))
    if overlap_percent < MIN_OVERLAP_PERCENT:
        return DeltaRate(
            None, overlap_percent, f"the curves share {overlap_percent:.0f} % of their quality"
        )
    share_percent = 100 * (high - low) / (curves[0][-1].quality - curves[0][0].quality)
    if share_percent < min_anchor_share_percent:
        return DeltaRate(
            None,
            overlap_percent,
            f"the curves share {share_percent:.0f} % of the anchor's quality, "
            f"{min_anchor_share_percent:.0f} % are needed",
        )
    step = _greatest_rate_step(curves[1], low, high)
    max_step = MAX_RATE_STEP if min_points >= MIN_POINTS else MAX_SCREEN_RATE_STEP
    if step > max_step:
        reason = f"points of the tested curve are {step:.1f} times apart in rate"
        return DeltaRate(None, overlap_percent, f"{reason}, at most {max_step:.0f}")
    of_anchor, of_tested = (_Interpolant(curve).integral(low, high) for curve in curves)
    mean_difference = (of_tested - of_anchor) / (high - low)
    return DeltaRate(100 * (10**mean_difference - 1), overlap_percent, None)


def _greatest_rate_step(curve: Sequence[RateQuality], low: float, high: float) -> float:
    """Give the greatest ratio of neighbours' rates that enclose some quality between two."""
    return max(
        b.bitrate_bps / a.bitrate_bps
        for a, b in pairwise(curve)
        if b.quality > low and a.quality < high
    )
