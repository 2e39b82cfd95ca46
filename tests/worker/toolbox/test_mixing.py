"""Mixing: exact round trips, the right model wins, prices change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import mixing, range_coder

SCRATCH = 0


def coded(bins, models_of, contexts: int) -> tuple[bytes, mixing.Mixer]:
    """Code bins; ``models_of(index, bins before)`` names the contexts that are asked."""
    coder = range_coder.encoder(1, 100_000)
    models = len(models_of(0, []))
    mixer = mixing.mixer(contexts, 1, models)
    for index, value in enumerate(bins):
        asked = np.array(models_of(index, bins[:index]), np.int64)
        mixing.code_mixed(coder, mixer, SCRATCH, asked, 0, int(value))
    return range_coder.finish(coder), mixer


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 7), st.integers(8, 15)), max_size=300),
    st.integers(0, 2),
)
def test_everything_written_is_read_back(symbols, weight_set):
    encoder = range_coder.encoder(1, 10_000)
    written = mixing.mixer(16, 3, 2)
    for value, *models in symbols:
        mixing.code_mixed(encoder, written, SCRATCH, np.array(models), weight_set, value)
    decoder = range_coder.decoder(1, range_coder.finish(encoder))
    read = mixing.mixer(16, 3, 2)
    bins = [
        mixing.code_mixed(decoder, read, SCRATCH, np.array(models), weight_set, 0)
        for _, *models in symbols
    ]
    assert bins == [value for value, *_ in symbols]
    assert not range_coder.overrun(decoder)
    np.testing.assert_array_equal(read.estimates, written.estimates)
    np.testing.assert_array_equal(read.weights, written.weights)


def test_squash_and_stretch_are_lpaqs():
    # squash() and stretch() of lpaq1.c (Mahoney, 2007) at some places.
    for opinion, probability in ((-2047, 1), (-128, 1546), (0, 2047), (128, 2549), (2047, 4094)):
        assert mixing.SQUASH[opinion + 2047] == probability
    assert (np.diff(mixing.SQUASH) >= 0).all()
    assert (np.diff(mixing.STRETCH) >= 0).all()
    opinions = np.arange(-1500, 1501)
    again = mixing.STRETCH[mixing.SQUASH[opinions + 2047]]
    assert abs(mixing.SQUASH[again + 2047] - mixing.SQUASH[opinions + 2047]).max() == 0


def test_a_model_that_knows_is_found_among_models_that_do_not():
    rng = np.random.default_rng(0)
    bins = np.zeros(6000, int)
    for index in range(2, len(bins)):  # the bin before the last is repeated nine times in ten
        bins[index] = bins[index - 2] ^ (rng.random() < 0.1)
    alone, _ = coded(bins, lambda i, b: [b[i - 2] if i > 1 else 0], 2)
    noise = rng.integers(0, 8, len(bins))
    mixed, mixer = coded(
        bins, lambda i, b: [2 + noise[i], b[i - 2] if i > 1 else 0, 10 + i % 5], 15
    )
    assert len(mixed) < 1.1 * len(alone)
    assert mixer.weights[0, 1] > 2 * abs(mixer.weights[0, [0, 2]]).max()


def test_two_half_truths_together_beat_either_alone():
    rng = np.random.default_rng(1)
    left, above = rng.integers(0, 2, (2, 6000))
    chance = np.where(left + above == 2, 0.97, np.where(left + above == 0, 0.03, 0.5))
    bins = (rng.random(6000) < chance).astype(int)
    both, _ = coded(bins, lambda i, b: [left[i], 2 + above[i]], 4)
    one, _ = coded(bins, lambda i, b: [left[i]], 2)
    other, _ = coded(bins, lambda i, b: [2 + above[i]], 4)
    assert len(both) < 0.85 * min(len(one), len(other))


def test_prices_are_the_bits_written_and_change_nothing():
    rng = np.random.default_rng(2)
    coder = range_coder.encoder(1, 10_000)
    counter = range_coder.price(coder)
    mixer = mixing.mixer(4, 1, 2)
    for value in rng.random(5000) < 0.2:
        models = np.array([rng.integers(0, 2), 2 + rng.integers(0, 2)])
        before = mixer.estimates.copy(), mixer.weights.copy()
        mixing.code_mixed(counter, mixer, SCRATCH, models, 0, int(value))
        np.testing.assert_array_equal(mixer.estimates, before[0])
        np.testing.assert_array_equal(mixer.weights, before[1])
        mixing.code_mixed(coder, mixer, SCRATCH, models, 0, int(value))
    bits = counter.state[range_coder.BITS] / range_coder.BIT_PRICE
    assert 8 * len(range_coder.finish(coder)) == pytest.approx(bits, rel=0.01)
