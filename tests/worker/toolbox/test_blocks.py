"""Scan, quantisation, coefficients, intra, interpolation, search and schedules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import (
    distortion,
    gop,
    interpolation,
    intra,
    motion_search,
    quantisation,
    range_coder,
    rdoq,
    residual,
    scan,
)
from codec_worker.toolbox.vector_prediction import scaled

SIZES = st.integers(1, 5)


@pytest.mark.parametrize("log2_height", range(1, 6))
@pytest.mark.parametrize("log2_width", range(1, 6))
def test_scan_visits_every_position_once(log2_height, log2_width):
    positions = scan.block_scan(log2_height, log2_width)
    places = positions[:, 0] * (1 << log2_width) + positions[:, 1]
    assert sorted(places) == list(range(1 << (log2_height + log2_width)))


def test_scan_of_4x4_is_hevcs():
    # H.265 clause 6.5.3, figure 6-5: up-right diagonal.
    expected = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)]
    assert [tuple(row) for row in scan.block_scan(2, 2)[:10]] == expected


def test_steps_double_every_six():
    assert quantisation.step(4) == pytest.approx(1, abs=0.01)
    for qp in range(quantisation.MAX_QP - 5):
        assert quantisation.step(qp + 6) == 2 * quantisation.step(qp)


@settings(max_examples=40)
@given(st.integers(0, 51), st.integers(0, 2**32 - 1))
def test_quantisation_errs_by_half_a_step_at_most(qp, seed):
    coefficients = np.random.default_rng(seed).integers(-20_000, 20_000, (32, 32), np.int32)
    block = coefficients.copy()
    quantisation.quantise(block, 32, 32, qp, 0.5)
    quantisation.dequantise(block, 32, 32, qp)
    assert abs(block - coefficients).max() <= quantisation.step(qp) * 4 / 2 + 1


@settings(max_examples=60)
@given(SIZES, SIZES, st.integers(0, 1), st.floats(0.01, 1), st.integers(0, 3), st.integers(0, 999))
def test_levels_survive(log2_height, log2_width, luma, density, magnitude, seed):
    rng = np.random.default_rng(seed)
    levels = np.zeros((32, 32), np.int32)
    shape = 1 << log2_height, 1 << log2_width
    values = rng.integers(-(10**magnitude), 10**magnitude + 1, shape) * (
        rng.random(shape) < density
    )
    values[rng.integers(shape[0]), rng.integers(shape[1])] = 7 * 10**magnitude
    levels[: shape[0], : shape[1]] = values
    encoder = range_coder.encoder(residual.CONTEXTS, 20_000)
    residual.code_levels(encoder, 0, luma, levels, log2_height, log2_width)
    decoder = range_coder.decoder(residual.CONTEXTS, range_coder.finish(encoder))
    decoded = np.full((32, 32), 9, np.int32)
    residual.code_levels(decoder, 0, luma, decoded, log2_height, log2_width)
    np.testing.assert_array_equal(decoded[: shape[0], : shape[1]], values)


@settings(max_examples=30)
@given(SIZES, SIZES, st.binary(max_size=60))
def test_noise_decodes_to_bounded_levels(log2_height, log2_width, noise):
    decoder = range_coder.decoder(residual.CONTEXTS, noise)
    levels = np.zeros((32, 32), np.int32)
    residual.code_levels(decoder, 0, 1, levels, log2_height, log2_width)
    assert abs(levels).max() <= residual.MAX_LEVEL


@settings(max_examples=40)
@given(SIZES, SIZES, st.integers(10, 40), st.integers(0, 999))
def test_optimised_levels_cost_less_than_rounded_ones(log2_height, log2_width, qp, seed):
    height, width = 1 << log2_height, 1 << log2_width
    rng = np.random.default_rng(seed)
    block = np.zeros((32, 32), np.int32)
    block[:height, :width] = rng.laplace(0, 4 * quantisation.step(qp), (height, width))
    contexts = range_coder.contexts(residual.CONTEXTS)
    weight = 0.6 * 2 ** ((qp - 12) / 3)

    def cost(levels: np.ndarray) -> float:
        rebuilt = levels.copy()
        quantisation.dequantise(rebuilt, height, width, qp)
        error = ((rebuilt - block)[:height, :width].astype(float) ** 2).sum() / 16
        if not levels.any():
            return error
        counter = range_coder.price(range_coder.Coder(np.zeros(16), np.zeros(1), contexts))
        residual.code_levels(counter, 0, 1, levels, log2_height, log2_width)
        return error + weight * counter.state[range_coder.BITS] / range_coder.BIT_PRICE

    rounded = block.copy()
    quantisation.quantise(rounded, height, width, qp, 0.5)
    chosen = np.zeros((32, 32), np.int32)
    count = rdoq.optimise(block, chosen, log2_height, log2_width, qp, weight, contexts, 0, 1)
    assert count == np.count_nonzero(chosen[:height, :width])
    # Levels are chosen one after the other, so a tiny block may miss the best by a little.
    assert cost(chosen) <= cost(rounded) * 1.02


def test_optimisation_without_weight_rounds_and_with_all_weight_drops():
    rng = np.random.default_rng(5)
    block = rng.laplace(0, 100, (32, 32)).astype(np.int32)
    contexts = range_coder.contexts(residual.CONTEXTS)
    rounded, chosen = block.copy(), np.zeros((32, 32), np.int32)
    quantisation.quantise(rounded, 32, 32, 22, 0.5)
    rdoq.optimise(block, chosen, 5, 5, 22, 0.0, contexts, 0, 1)
    assert (chosen != rounded).mean() < 0.01  # but for ties
    assert rdoq.optimise(block, chosen, 5, 5, 22, 1e9, contexts, 0, 1) == 0
    assert not chosen.any()


def prediction(plane, mode, y=16, x=16, height=8, width=8):
    cells = np.zeros((16, 16, 1), np.int16)
    border = np.empty(2 * (height + width) + 1, np.int32)
    intra.gather(plane, cells, 4, y, x, height, width, border)
    out = np.zeros((height, width), np.uint8)
    intra.predict(border, height, width, mode, 1, out, 0, 0)
    return out


@pytest.mark.parametrize("mode", range(intra.MODES))
@pytest.mark.parametrize("shape", [(2, 2), (4, 8), (8, 8), (32, 4), (32, 32)])
def test_flat_surroundings_predict_flat(mode, shape):
    plane = np.full((64, 64), 77, np.uint8)
    assert (prediction(plane, mode, 16, 16, *shape) == 77).all()


def test_directions_continue_their_lines():
    columns = np.tile(np.arange(64, dtype=np.uint8) * 3, (64, 1))
    np.testing.assert_array_equal(prediction(columns, intra.VERTICAL), columns[16:24, 16:24])
    rows = np.ascontiguousarray(columns.T)
    np.testing.assert_array_equal(prediction(rows, intra.HORIZONTAL), rows[16:24, 16:24])
    y, x = np.mgrid[0:64, 0:64]
    falling = ((x - y) * 2 + 128).clip(0, 255).astype(np.uint8)
    assert abs(prediction(falling, 18).astype(int) - falling[16:24, 16:24]).max() <= 1
    rising = ((x + y) * 2).clip(0, 255).astype(np.uint8)
    assert abs(prediction(rising, 34).astype(int) - rising[16:24, 16:24]).max() <= 2


def test_border_without_neighbours_is_grey():
    cells = np.full((16, 16, 1), -1, np.int16)
    border = np.empty(33, np.int32)
    intra.gather(np.zeros((64, 64), np.uint8), cells, 4, 0, 0, 8, 8, border)
    assert (border == 128).all()


def filtered(plane, fy, fx, y, x):
    """One quarter sample by the definition of H.265 clause 8.5.3.3.3.1."""
    padded = np.pad(plane.astype(int), 60, "edge")[y + 57 : y + 65, x + 57 : x + 65]
    taps = interpolation.LUMA_FILTERS
    return min(max((int(taps[fy] @ padded @ taps[fx]) + 2048) >> 12, 0), 255)


def test_quarter_planes_follow_the_definition():
    rng = np.random.default_rng(2)
    plane = rng.integers(0, 256, (24, 40), np.uint8)
    margin = interpolation.MARGIN
    planes = np.zeros((16, 24 + 2 * margin, 40 + 2 * margin), np.uint8)
    interpolation.quarter_planes(plane, planes)
    np.testing.assert_array_equal(planes[0], np.pad(plane, margin, "edge"))
    for fy, fx, y, x in rng.integers([0, 0, 0, 0], [4, 4, 24, 40], (60, 4)):
        assert planes[4 * fy + fx, y + margin, x + margin] == filtered(plane, fy, fx, y, x)


@settings(max_examples=60)
@given(st.integers(-70_000, 70_000), st.integers(-70_000, 70_000), st.sampled_from([4, 16, 64]))
def test_any_vector_stays_inside(vy, vx, size):
    planes = interpolation.reference([np.full((64, 64), 9, np.uint8)] + 2 * [BLOCK])
    out = np.zeros((64, 64), np.uint8)
    interpolation.luma_block(planes[0], 0, 0, vy, vx, size, size, out, 0, 0)
    assert (out[:size, :size] == 9).all()
    half = size // 2
    interpolation.chroma_block(planes[1], 0, 0, vy, vx, half, half, out, 0, 0)
    assert (out[:half, :half] == 33).all()


BLOCK = np.full((32, 32), 33, np.uint8)


@settings(max_examples=25)
@given(st.integers(-40, 40), st.integers(-40, 40))
def test_search_finds_a_known_quarter_sample_shift(vy, vx):
    y, x = np.mgrid[0:96, 0:96]
    scene = 128 + 60 * np.sin(x / 9 + y / 23) + 50 * np.cos(y / 11 - x / 31)
    plane = scene.astype(np.uint8)
    margin = interpolation.MARGIN
    planes = np.zeros((16, 96 + 2 * margin, 96 + 2 * margin), np.uint8)
    interpolation.quarter_planes(plane, planes)
    current = np.zeros((96, 96), np.uint8)
    interpolation.luma_block(planes, 32, 32, vy, vx, 32, 32, current, 32, 32)
    best = np.zeros(2, np.int64)
    candidates = np.zeros((1, 2), np.int16)
    motion_search.search_block(current, 32, 32, 32, 32, planes, candidates, 1, 8, 0.1, best)
    assert motion_search.distance(current, 32, 32, planes, *best, 32, 32, 0) <= 32 * 32 // 2


def test_distortions_agree_with_numpy():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 256, (2, 40, 40), np.uint8)
    difference = a[3:19, 5:37].astype(int) - b[8:24, 2:34]
    window = 3, 5
    assert distortion.sad(a, *window, b, 8, 2, 16, 32) == abs(difference).sum()
    assert distortion.ssd(a, *window, b, 8, 2, 16, 32) == (difference**2).sum()
    hadamard = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    blocks = difference.reshape(4, 4, 8, 4).swapaxes(1, 2)
    expected = (abs(hadamard @ blocks @ hadamard).sum() + 1) // 2
    assert distortion.satd(a, *window, b, 8, 2, 16, 32) == expected


@given(st.integers(-32768, 32767), st.integers(1, 64))
def test_vectors_scale_symmetrically(vector, distance):
    assert scaled(vector, distance, distance) == vector
    assert scaled(vector, -distance, distance) == min(max(-vector, -32768), 32767)
    doubled = scaled(vector, 2 * distance, distance)
    assert doubled == min(max(2 * vector, -32768), 32767)


@settings(max_examples=60)
@given(st.integers(1, 70), st.sampled_from([2, 4, 8, 16]), st.integers(1, 4), st.booleans())
def test_schedules_code_each_frame_once_from_held_references(count, size, per_list, low):
    steps = gop.low_delay(count, per_list) if low else gop.hierarchical(count, size, per_list)
    assert sorted(step.frame for step in steps) == list(range(count))
    held = {}
    for place, step in enumerate(steps):
        assert step.intra == (place == 0)
        for axis in range(2):
            assert len(step.references[axis]) <= per_list
            assert [held[slot] for slot in step.slots[axis]] == list(step.references[axis])
        if low:
            assert all(other < step.frame for other in step.references[0])
        if step.slot >= 0:
            held[step.slot] = step.frame
    assert len(held) <= gop.slot_count(steps)
