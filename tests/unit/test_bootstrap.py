"""Bootstrap intervals against an exact enumeration, a published example and the laws they obey."""

from itertools import product
from random import Random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from codec_lab.bootstrap import Interval, mean_interval, paired_interval

# Survival of mice, treatment group, in days (Efron & Tibshirani 1993, table 2.1).
MICE = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0]

percents = st.floats(-95, 200).map(lambda value: round(value, 3))
clips = st.lists(percents, min_size=3, max_size=6)


def ends(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None
    assert interval.high is not None
    assert interval.reason is None
    return interval.low, interval.high


def test_agrees_with_scipy_on_a_published_sample() -> None:
    oracle = stats.bootstrap(
        (MICE,), np.mean, n_resamples=200_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval

    low, high = ends(mean_interval(MICE))

    # 10,000 resamples know these quantiles to a few hundredths of the interval.
    assert low == pytest.approx(oracle.low, abs=2)
    assert high == pytest.approx(oracle.high, abs=2)


def test_agrees_with_all_resamples_of_four_clips() -> None:
    values = [-24.0, -31.2, -12.4, -20.0]
    means = sorted(fmean(drawn) for drawn in product(values, repeat=4))

    low, high = ends(mean_interval(values))

    assert low == pytest.approx(np.quantile(means, 0.025), abs=0.2)
    assert high == pytest.approx(np.quantile(means, 0.975), abs=0.2)


def test_golden() -> None:
    # Of Random(1993), which gives the same sequence in every CPython. All 7**7 resamples have the
    # quantiles 43.43 and 134.43.
    assert ends(mean_interval(MICE)) == pytest.approx((44.142857, 135.142857), abs=1e-6)


@settings(max_examples=30)
@given(clips)
def test_lies_within_the_values_around_their_mean(values: list[float]) -> None:
    low, high = ends(mean_interval(values))

    assert min(values) - 1e-9 <= low <= fmean(values) + 1e-9
    assert fmean(values) - 1e-9 <= high <= max(values) + 1e-9


@settings(max_examples=20)
@given(clips, st.randoms())
def test_does_not_depend_on_the_order_of_clips(values: list[float], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)

    assert mean_interval(shuffled) == mean_interval(values)


@settings(max_examples=20)
@given(clips, st.floats(-50, 50))
def test_moves_with_the_values(values: list[float], shift: float) -> None:
    low, high = ends(mean_interval(values))

    moved = ends(mean_interval([value + shift for value in values]))

    assert moved == pytest.approx((low + shift, high + shift), abs=1e-6)


@settings(max_examples=20)
@given(clips)
def test_a_pair_is_the_mean_of_its_differences(values: list[float]) -> None:
    one = {f"clip{index}": value for index, value in enumerate(values)}
    other = {f"clip{index}": value / 2 for index, value in enumerate(values)}

    assert paired_interval(one, other) == mean_interval([value - value / 2 for value in values])


def test_a_constant_gain_excludes_zero_however_the_clips_differ() -> None:
    incumbent = {"easy": -60.0, "hard": 40.0, "middling": 0.0}
    candidate = {clip: value - 2 for clip, value in incumbent.items()}

    paired = paired_interval(candidate, incumbent)

    assert ends(paired) == pytest.approx((-2, -2))
    alone = ends(mean_interval(list(candidate.values())))
    assert alone[0] < 0 < alone[1]


def test_a_gain_on_some_clips_and_a_loss_on_others_does_not() -> None:
    incumbent = {"a": 0.0, "b": 0.0, "c": 0.0}

    low, high = ends(paired_interval({"a": -3.0, "b": 2.0, "c": -1.0}, incumbent))

    assert low < 0 < high


def test_two_clips_are_too_few() -> None:
    assert mean_interval([-3.0, -4.0]) == (None, None, "fewer than 3 clips")


def test_a_clip_without_a_value_is_not_left_out() -> None:
    assert mean_interval([1.0, None, 2.0, 3.0]).reason == "not known on 1 of 4 clips"


def test_other_clips_are_no_pair() -> None:
    interval = paired_interval({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 1.0, "b": 1.0, "d": 1.0})

    assert interval.reason == "they were not measured on the same clips"
