"""The mean BD-rates of an experiment, with how far each can be trusted."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from codec_lab.analyzing import bd_rate_of, mean_bd_rate
from codec_lab.bootstrap import Interval, mean_interval
from codec_lab.clip import ClipRole
from codec_lab.dashboard.experiment_views import MeanBdRate
from codec_lab.verdict import ClipResult, Metric

_cached_interval = lru_cache(maxsize=512)(mean_interval)
"""Measurements never change, and ten thousand resamples take time."""


def mean_bd_rates(results: Sequence[ClipResult]) -> Iterator[MeanBdRate]:
    """Average over the clips of each role, against each anchor, on each metric."""
    for role in ClipRole:
        shown = [result for result in results if result.role is role]
        for anchor in dict.fromkeys(rate.anchor for result in shown for rate in result.bd_rates):
            for metric in Metric:
                interval = _interval(shown, anchor, metric)
                yield MeanBdRate(
                    anchor=anchor,
                    metric=metric,
                    role=role,
                    percent=mean_bd_rate(shown, anchor, metric),
                    low_percent=interval.low,
                    high_percent=interval.high,
                    interval_reason=interval.reason,
                )


def _interval(results: Sequence[ClipResult], anchor: str, metric: Metric) -> Interval:
    if metric is not Metric.PSNR_Y:
        return Interval(None, None, "given on luma PSNR alone")
    rates = (bd_rate_of(result, anchor, metric) for result in results)
    return _cached_interval(tuple(None if rate is None else rate.percent for rate in rates))
