"""Filters with transmitted parameters: the decoder repeats them, tiles and sets are worth it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import filter_switches, range_coder
from codec_worker.toolbox.loop_filters import LoopFilters


def scene(height: int, width: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A source and a blurred, noisy picture of it."""
    rng = np.random.default_rng(seed)
    source, decoded = [], []
    for shift in (0, 1, 1):
        y, x = np.mgrid[0 : height >> shift, 0 : width >> shift]
        plane = 128 + 40 * np.sin(x / 3 + y / 9) + 25 * ((x // 11 + y // 8) % 2)
        blur = (plane + np.roll(plane, 1, 1) + np.roll(plane, -1, 1)) / 3
        source.append(plane.clip(0, 255).astype(np.uint8))
        noisy = blur + rng.normal(0, 2, plane.shape)
        decoded.append(noisy.clip(0, 255).astype(np.uint8))
    return source, decoded


def total_error(first, second) -> int:
    return sum(int(((a.astype(int) - b) ** 2).sum()) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(("wiener", "directional"), [(1, 0), (0, 1), (1, 1), (0, 0)])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (72, 136), (128, 64)])
def test_decoder_repeats_the_filters_of_several_frames(height, width, wiener, directional):
    frames = [scene(height, width, index) for index in range(3)]
    weights = np.array([20.0, 20.0, 20.0])
    encoder = range_coder.encoder(1, 100_000)
    filters = LoopFilters(bool(wiener), bool(directional), 8)
    written = [filters.run(encoder, decoded, source, weights) for source, decoded in frames]
    decoder = range_coder.decoder(1, range_coder.finish(encoder))
    filters = LoopFilters(bool(wiener), bool(directional), 8)
    for (source, decoded), expected in zip(frames, written, strict=True):
        read = filters.run(decoder, decoded, decoded, weights)
        for plane, other in zip(read, expected, strict=True):
            np.testing.assert_array_equal(plane, other)
        if wiener and height > 16:
            assert total_error(expected, source) < 0.8 * total_error(decoded, source)
        else:
            assert total_error(expected, source) <= total_error(decoded, source)
    assert not range_coder.overrun(decoder)


def test_a_set_serves_the_next_frame_at_a_small_price():
    source, decoded = scene(128, 128, 0)
    filters = LoopFilters(True, False, 8)
    sizes = []
    for _ in range(2):
        coder = range_coder.encoder(1, 100_000)
        filters.run(coder, decoded, source, np.full(3, 20.0))
        sizes.append(len(range_coder.finish(coder)))
    assert sizes[1] < sizes[0] / 4


def test_dear_bits_switch_every_filter_off():
    source, decoded = scene(64, 64, 0)
    coder = range_coder.encoder(1, 1000)
    result = LoopFilters(True, True, 8).run(coder, decoded, source, np.full(3, 1e9))
    assert total_error(result, decoded) == 0
    assert len(range_coder.finish(coder)) <= 2


@settings(max_examples=30)
@given(st.binary(min_size=0, max_size=200), st.integers(0, 1))
def test_noise_as_parameters_ends_orderly(noise, times):
    decoder = range_coder.decoder(1, noise)
    filters = LoopFilters(True, True, 8)
    planes = scene(24, 40, 0)[1]
    for _ in range(1 + 3 * times):
        planes = filters.run(decoder, planes, planes, np.ones(3))
    assert [plane.shape for plane in planes] == [(24, 40), (12, 20), (12, 20)]
    assert all(plane.dtype == np.uint8 for plane in planes)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**31))
def test_switches_are_read_as_written(rows, columns, seed):
    flags = np.random.default_rng(seed).integers(0, 2, (rows, columns), np.uint8)
    encoder = range_coder.encoder(filter_switches.CONTEXTS, 1000)
    filter_switches.code_switches(encoder, 0, flags.copy())
    decoder = range_coder.decoder(filter_switches.CONTEXTS, range_coder.finish(encoder))
    read = np.zeros_like(flags)
    filter_switches.code_switches(decoder, 0, read)
    np.testing.assert_array_equal(read, flags)


def test_tiles_split_the_error_and_spread_covers_the_plane():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 256, (2, 72, 136), np.uint8)
    errors = filter_switches.tile_errors(a, b, 64)
    assert errors.shape == (2, 3)
    assert errors.sum() == ((a.astype(int) - b) ** 2).sum()
    assert errors[1, 2] == ((a[64:, 128:].astype(int) - b[64:, 128:]) ** 2).sum()
    flags = np.array([[0, 1, 0], [1, 0, 0]], np.uint8)
    each = filter_switches.spread(flags, 64, 4, 72, 136)
    assert each.shape == (18, 34)
    assert each[15, 16] == 1
    assert each[16, 15] == 1
    assert each.sum() == 16 * 16 + 2 * 16
