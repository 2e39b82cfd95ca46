"""Film grain: the same everywhere, as strong and as coarse as described."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import film_grain
from codec_worker.toolbox.film_grain import Grain

GOLDEN_SHA256 = "2bc7713407c75bf2f8c31aa7ed9f2389141fb8e4b3c2980282f61c13e4561371"


def described(strength: int = 64, towards_left: int = 0, seed: int = 1234) -> Grain:
    coefficients = np.zeros(film_grain.COEFFICIENTS, np.int64)
    coefficients[-1] = towards_left
    return Grain(coefficients, np.full(film_grain.BANDS, strength, np.int64), seed)


def test_shift_register_is_av1s():
    # AV1 clause 7.18.3.2: bits 0, 1, 3 and 12 are added into bit 15.
    assert film_grain.next_random(0b0001) == 0x8000
    assert film_grain.next_random(0b1011) == 0x8005
    assert film_grain.next_random(0x1000) == 0x8800
    register, seen = 1, set()
    while register not in seen:
        seen.add(register)
        register = film_grain.next_random(register)
    assert len(seen) == 65_535


@settings(max_examples=10)
@given(st.integers(0, 100), st.integers(1, 65_535))
def test_template_has_unit_strength(towards_left, seed):
    piece = film_grain.template(described(0, towards_left, seed))
    assert piece.std() == pytest.approx(1024, rel=0.02)
    assert abs(piece.mean()) < 200


def test_golden_grain():
    # Made by this module; fixes the grain against any change of its arithmetic.
    plane = np.arange(64 * 48, dtype=np.int64).reshape(48, 64).astype(np.uint8)
    grown = film_grain.add(plane, described(40, 60), 3)
    assert hashlib.sha256(grown.tobytes()).hexdigest() == GOLDEN_SHA256


def test_strength_is_in_sixteenths_of_a_sample():
    plane = np.full((128, 128), 120, np.uint8)
    noise = film_grain.add(plane, described(64), 0).astype(float) - plane
    assert noise.std() == pytest.approx(4.0, rel=0.1)
    assert abs(noise.mean()) < 0.5


def test_strength_follows_the_brightness():
    plane = np.repeat(np.array([[40, 200]], np.uint8), 64, 1).repeat(64, 0)
    strengths = np.zeros(film_grain.BANDS, np.int64)
    strengths[200 >> 5] = 48
    grown = film_grain.add(plane, described()._replace(strengths=strengths), 0)
    np.testing.assert_array_equal(grown[:, :64], plane[:, :64])
    assert grown[:, 64:].std() > 2


def test_frames_differ_and_repeat():
    plane = np.full((64, 64), 120, np.uint8)
    first, again, other = (film_grain.add(plane, described(), frame) for frame in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


@pytest.mark.parametrize("towards_left", [0, 60, 90])
def test_estimate_recovers_a_description(towards_left):
    smooth = np.full((160, 160), 100, np.uint8)
    grown = film_grain.add(smooth, described(80, towards_left), 0)
    found = film_grain.estimate(grown, smooth, 1)
    assert found.strengths[100 >> 5] == pytest.approx(80, rel=0.1)
    assert found.coefficients[-1] == pytest.approx(towards_left, abs=16)
    assert abs(found.coefficients[:-1]).max() < 24


@given(st.integers(8, 40), st.integers(8, 40), st.integers(0, 999))
@settings(max_examples=20)
def test_any_plane_gives_a_bounded_description(height, width, seed):
    rng = np.random.default_rng(seed)
    source, smooth = rng.integers(0, 256, (2, height, width), np.uint8)
    grain = film_grain.estimate(source, smooth, 1)
    assert abs(grain.coefficients).sum() <= 128
    assert grain.strengths.min() >= 0
    assert film_grain.add(smooth, grain, 0).shape == (height, width)
