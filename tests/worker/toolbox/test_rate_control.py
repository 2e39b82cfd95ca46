"""Rate control: the best quality under a target, frames that add up to one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_worker.toolbox.rate_control import FrameRateControl, RateTargetError, fit_size


def exponential(first_bytes: int, octave: float):
    return lambda quality: bytes(int(first_bytes * 2 ** (quality / octave)))


@given(st.integers(10, 500), st.floats(6, 40), st.integers(10, 200_000))
def test_finds_the_highest_quality_that_fits(first_bytes, octave, target):
    encode = exponential(first_bytes, octave)
    fitting = [quality for quality in range(101) if len(encode(quality)) <= target]
    if not fitting:
        with pytest.raises(RateTargetError, match=str(target)):
            fit_size(encode, target)
        return
    found = fit_size(encode, target)
    assert found.quality == fitting[-1]
    assert found.bitstream == encode(fitting[-1])
    assert found.trials <= 11


@given(st.lists(st.integers(1, 5000), min_size=101, max_size=101), st.integers(0, 250_000))
def test_any_rising_curve_is_met(rises, target):
    sizes = [sum(rises[: quality + 1]) for quality in range(101)]
    fitting = [quality for quality in range(101) if sizes[quality] <= target]
    if fitting:
        assert fit_size(lambda quality: bytes(sizes[quality]), target).quality == fitting[-1]


def test_an_exponential_curve_takes_few_encodings():
    found = fit_size(exponential(100, 12), 100 * 2**5)
    assert found.quality == 60
    assert found.trials <= 4


def test_tolerance_saves_encodings():
    found = fit_size(exponential(100, 12), 100 * 2**5, tolerance=0.6)
    assert 100 * 2**5 * 0.4 <= len(found.bitstream) <= 100 * 2**5
    assert found.trials <= 2


@given(st.floats(1e4, 1e7), st.integers(10, 50), st.integers(20, 60))
def test_frames_of_one_kind_add_up_to_the_target(complexity, first_qp, frames):
    target = frames * complexity * 2 ** (-30 / 6)
    control = FrameRateControl(target, frames, first_qp)
    spent, qps = 0.0, []
    for _ in range(frames):
        qp = control.next_qp()
        bits = complexity * 2 ** (-qp / 6)
        control.coded(bits, qp)
        spent += bits
        qps.append(qp)
    assert all(0 <= qp <= 63 for qp in qps)
    assert all(abs(b - a) <= 3 for a, b in itertools.pairwise(qps))
    # The first frames may have spent most of it already.
    assert spent == pytest.approx(target, rel=0.1) or first_qp < 24


def test_layers_have_their_own_line():
    control = FrameRateControl(32 * 1000.0, 32, 30)
    for index in range(32):
        layer = index % 2
        qp = control.next_qp(layer, offset=2 * layer)
        control.coded((4000.0 if layer == 0 else 500.0) * 2 ** ((30 - qp) / 6), qp, layer)
    assert control.left_frames == 0
    assert abs(control.left_bits) < 0.15 * 32_000
