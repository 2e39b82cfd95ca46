"""BD-rate against the published implementation, and the laws it must obey."""

import math
from random import Random

import bjontegaard
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codec_lab.bd_rate import MIN_OVERLAP_PERCENT, RateQuality, bd_rate

# carphone, 33 frames: x264 and x265 medium at CRF 22, 27, 32, 37 and 42 (bytes, PSNR-Y in dB),
# measured with PyAV 18.1.0.
X264 = ((21528, 40.08), (11410, 37.06), (6246, 34.04), (3624, 31.06), (2111, 28.13))
X265 = ((16934, 38.86), (8592, 35.53), (4481, 32.47), (2559, 29.58), (1543, 26.74))


def curve_of(points: tuple[tuple[float, float], ...]) -> list[RateQuality]:
    return [RateQuality(rate, quality) for rate, quality in points]


def percent_of(anchor: list[RateQuality], tested: list[RateQuality]) -> float:
    percent = bd_rate(anchor, tested).percent
    assert percent is not None
    return percent


@st.composite
def rising_curves(draw: st.DrawFn) -> list[RateQuality]:
    count = draw(st.integers(4, 7))
    quality = draw(st.floats(25, 32))
    rate = draw(st.floats(1e4, 1e6))
    points = []
    for _ in range(count):
        points.append(RateQuality(rate, quality))
        rate *= draw(st.floats(1.1, 2.9))
        quality += draw(st.floats(0.5, 5))
    return points


@given(rising_curves(), rising_curves())
def test_agrees_with_the_bjontegaard_package(
    anchor: list[RateQuality], tested: list[RateQuality]
) -> None:
    delta = bd_rate(anchor, tested)
    assume(delta.percent is not None)

    oracle = bjontegaard.bd_rate(
        [point.bitrate_bps for point in anchor],
        [point.quality for point in anchor],
        [point.bitrate_bps for point in tested],
        [point.quality for point in tested],
        method="pchip",
        require_matching_points=False,
        min_overlap=0,
    )

    assert delta.percent == pytest.approx(oracle, rel=1e-9, abs=1e-9)


def test_agrees_on_real_curves() -> None:
    # bjontegaard 1.3.0, method="pchip"
    assert percent_of(curve_of(X264), curve_of(X265)) == pytest.approx(
        -1.9309412347885302, abs=1e-6
    )


@given(rising_curves())
def test_a_curve_equals_itself(curve: list[RateQuality]) -> None:
    assert bd_rate(curve, curve) == (pytest.approx(0, abs=1e-9), pytest.approx(100), None)


@given(rising_curves(), st.floats(0.1, 10))
def test_scaling_the_rate_is_the_bd_rate(curve: list[RateQuality], factor: float) -> None:
    scaled = [RateQuality(point.bitrate_bps * factor, point.quality) for point in curve]

    assert percent_of(curve, scaled) == pytest.approx(100 * (factor - 1), rel=1e-9, abs=1e-7)


@given(rising_curves(), rising_curves())
def test_swapping_anchor_and_tested_inverts_the_ratio(
    one: list[RateQuality], other: list[RateQuality]
) -> None:
    there, back = bd_rate(one, other), bd_rate(other, one)
    assume(there.percent is not None)
    assume(back.percent is not None)
    assert there.percent is not None
    assert back.percent is not None

    assert (1 + there.percent / 100) * (1 + back.percent / 100) == pytest.approx(1, rel=1e-9)
    assert there.overlap_percent == back.overlap_percent


@given(rising_curves(), st.randoms())
def test_the_order_of_points_does_not_matter(curve: list[RateQuality], random: Random) -> None:
    shuffled = list(curve)
    random.shuffle(shuffled)

    assert bd_rate(curve_of(X264), shuffled) == bd_rate(curve_of(X264), curve)


@given(rising_curves(), rising_curves())
def test_the_answer_is_finite_or_absent_with_a_reason(
    anchor: list[RateQuality], tested: list[RateQuality]
) -> None:
    delta = bd_rate(anchor, tested)

    assert (delta.percent is None) == (delta.reason is not None)
    assert 0 <= delta.overlap_percent <= 100
    if delta.percent is not None:
        assert math.isfinite(delta.percent)
        assert delta.overlap_percent >= MIN_OVERLAP_PERCENT


def test_curves_that_do_not_meet_have_no_bd_rate() -> None:
    far = [RateQuality(point.bitrate_bps, point.quality + 20) for point in curve_of(X264)]

    delta = bd_rate(curve_of(X264), far)

    assert delta == (None, 0.0, "the curves share 0 % of their quality")


def test_little_overlap_is_told_in_percent() -> None:
    anchor = [RateQuality(10.0**k, 30 + k) for k in range(5)]
    tested = [RateQuality(10.0**k, 33 + k) for k in range(5)]

    assert bd_rate(anchor, tested) == (None, 25.0, "the curves share 25 % of their quality")


def test_a_narrow_range_of_the_anchors_quality_is_no_comparison() -> None:
    """carphone, 33 frames, x264 medium: CRF 24 to 27 alone is 1.4 % better than x265."""
    narrow = ((16737, 38.84), (14859, 38.24), (12909, 37.63), (11395, 37.07))

    delta = bd_rate(curve_of(X265), curve_of(narrow))

    assert delta == (
        None,
        pytest.approx(100.0),
        "the curves share 15 % of the anchor's quality, 50 % are needed",
    )
    assert bd_rate(curve_of(X265), curve_of(narrow), min_anchor_share_percent=10).percent


# carphone, 33 frames: the seed at its quality 24 between a grey mosaic and two lossless points.
GAPS = ((182, 16.2), (39_059, 35.37), (3_683_240, 92.2), (3_711_670, 100.0))
ANCHOR = ((11_209, 26.74), (123_017, 38.86), (250_000, 42.11))


def test_points_far_apart_say_nothing_of_the_rates_between_them() -> None:
    """A chord between them would lie 48 % below the rates of that very codec."""
    anchor = curve_of((ANCHOR[0], (62_417, 35.53), *ANCHOR[1:]))

    delta = bd_rate(anchor, curve_of(GAPS))

    reason = "points of the tested curve are 214.6 times apart in rate, at most "
    assert delta == (None, 100.0, reason + "3")
    screen = bd_rate(curve_of(ANCHOR), curve_of(GAPS[:3]), min_points=3)
    assert screen == (None, 100.0, reason + "9")


def test_points_far_apart_beyond_what_is_compared_do_no_harm() -> None:
    best = (40 * X265[0][0], 60.0)

    assert bd_rate(curve_of(X264), curve_of(X265)).percent is not None
    assert bd_rate(curve_of(X264), [*curve_of(X265), RateQuality(*best)]).percent is None
    anchor = [point for point in curve_of(X264) if point.quality < X265[0][1]]
    assert bd_rate(anchor, [*curve_of(X265), RateQuality(*best)]).percent is not None


def test_three_points_are_too_few() -> None:
    delta = bd_rate(curve_of(X264), curve_of(X265[:3]))

    assert delta == (None, 0.0, "the tested curve has 3 points, 4 are needed")


def test_a_curve_that_falls_has_no_bd_rate() -> None:
    fallen = [*curve_of(X264[1:]), RateQuality(50_000, 36.0)]

    assert (
        bd_rate(fallen, curve_of(X265)).reason == "the anchor's curve does not rise with the rate"
    )
