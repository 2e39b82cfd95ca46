"""Chroma from luma, overlapped compensation and global motion."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import (
    chroma_from_luma,
    global_motion,
    interpolation,
    motion_search,
    overlapped,
    range_coder,
)


def chroma_block(luma, chroma, y, x, height, width, above=1, left=1):
    model, out = np.zeros(2, np.int64), np.zeros((height, width), np.uint8)
    chroma_from_luma.line(luma, chroma, y, x, height, width, above, left, model)
    chroma_from_luma.predict(luma, y, x, height, width, model, out, 0, 0)
    return out, model


@settings(max_examples=40)
@given(
    st.integers(-60, 60), st.integers(60, 160), st.sampled_from([8, 16]),
    st.sampled_from([8, 16]), st.sampled_from([(1, 1), (1, 0), (0, 1)]),
)  # fmt: skip
def test_a_line_between_luma_and_chroma_is_found(slope, offset, height, width, sides):
    small = np.random.default_rng(slope + offset).integers(60, 160, (64, 64), np.uint8)
    luma = small.repeat(2, 0).repeat(2, 1)
    reduced = np.array(
        [[chroma_from_luma.reduced(luma, r, c) for c in range(64)] for r in range(40)]
    )
    chroma = np.zeros((64, 64), np.uint8)
    chroma[:40] = np.clip((slope * (reduced - 110) / 64) + offset, 0, 255).round()
    out, _ = chroma_block(luma, chroma, 16, 16, height, width, *sides)
    error = abs(out.astype(int) - chroma[16 : 16 + height, 16 : 16 + width])
    # Where the neighbours hardly differ the line is short and its slope coarse.
    assert np.median(error) <= 6
    assert error.mean() < 12


def test_reduction_is_the_standards():
    luma = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8).astype(np.uint8)
    p = luma.astype(int)
    # H.266 equation 359: (p[2x-1] + 2 p[2x] + p[2x+1], both rows, + 4) >> 3.
    expected = (p[2, 3] + 2 * p[2, 4] + p[2, 5] + p[3, 3] + 2 * p[3, 4] + p[3, 5] + 4) >> 3
    assert chroma_from_luma.reduced(luma, 1, 2) == expected


def test_nothing_decoded_predicts_grey_and_flat_luma_the_mean():
    luma, chroma = np.full((32, 32), 90, np.uint8), np.full((16, 16), 70, np.uint8)
    assert (chroma_block(luma, chroma, 4, 4, 4, 4, 0, 0)[0] == 128).all()
    assert (chroma_block(luma, chroma, 4, 4, 4, 4)[0] == 70).all()


@given(st.integers(0, 999), st.sampled_from([2, 4, 16]))
def test_any_neighbours_give_a_bounded_line(seed, size):
    rng = np.random.default_rng(seed)
    luma, chroma = (
        rng.integers(0, 256, (64, 64), np.uint8),
        rng.integers(0, 256, (32, 32), np.uint8),
    )
    _, model = chroma_block(luma, chroma, 8, 8, size, size)
    assert abs(model[0]) <= 255 << 6


def test_masks_are_av1s():
    # AV1 clause 7.11.3.10: Obmc_Mask_2 and Obmc_Mask_8.
    assert overlapped.MASKS[1, :2].tolist() == [45, 64]
    assert overlapped.MASKS[3, :8].tolist() == [36, 42, 48, 53, 57, 61, 64, 64]
    assert (np.diff(overlapped.MASKS[:, :-1]) >= 0).all()


@given(st.sampled_from([4, 8, 16, 32, 64]), st.sampled_from([4, 8, 16, 32, 64]), st.integers(0, 1))
def test_blending_goes_from_the_neighbour_to_the_block(height, width, side):
    target = np.full((80, 80), 200, np.uint8)
    overlapped.blend(target, 8, 8, height, width, np.full((64, 64), 100, np.uint8), side)
    block = target[8 : 8 + height, 8 : 8 + width].astype(int)
    block = block if side == overlapped.ABOVE else block.T
    depth = block.shape[0] // 2
    assert 140 < block[0, 0] <= 171
    assert (np.diff(block, axis=0) >= 0).all()
    assert (block[depth:] == 200).all()
    assert (block == block[:, :1]).all()
    target[8 : 8 + height, 8 : 8 + width] = 200
    assert (target == 200).all()


def test_equal_predictions_stay():
    plane = np.random.default_rng(1).integers(0, 256, (16, 16), np.uint8)
    target = plane.copy()
    overlapped.blend(target, 0, 0, 16, 16, plane, overlapped.ABOVE)
    overlapped.blend(target, 0, 0, 16, 16, plane, overlapped.LEFT)
    np.testing.assert_array_equal(target, plane)


def field(parameters, rows=12, columns=16, size=16):
    vectors = np.zeros((rows, columns, 2), np.int16)
    global_motion.motion_field(parameters, size, vectors)
    return vectors


@settings(max_examples=40)
@given(
    st.lists(st.integers(-60, 60), min_size=2, max_size=2),
    st.lists(st.floats(-0.1, 0.1), min_size=4, max_size=4),
    st.integers(0, 50),
)
def test_a_model_is_found_under_foreign_motion(constants, slopes, foreign_percent):
    true = np.array([[constants[0], *slopes[:2]], [constants[1], *slopes[2:]]]) * global_motion.ONE
    vectors = field(true.astype(np.int64))
    expected = vectors.copy()
    foreign = int(vectors.shape[0] * foreign_percent / 100 * 0.7)
    vectors[:foreign, :10] += np.array([37, -51], np.int16)
    found = field(global_motion.estimate(vectors, 16))
    assert abs(found.astype(int) - expected)[foreign:].max() <= 2


def test_a_pan_is_a_translation():
    vectors = np.full((9, 11, 2), (6, -13), np.int16)
    vectors[4, 4] = 80
    model = global_motion.estimate(vectors, 16, translation=True)
    assert not model[:, 1:].any()
    np.testing.assert_array_equal(model[:, 0], np.array([6, -13]) * global_motion.ONE)


@given(st.lists(st.integers(-65_535, 65_535), min_size=6, max_size=6))
def test_parameters_are_read_as_written(numbers):
    parameters = np.array(numbers).reshape(2, 3) * np.array([1 << 12, 16, 16])
    encoder = range_coder.encoder(global_motion.CONTEXTS, 1000)
    global_motion.code_parameters(encoder, 0, parameters)
    decoder = range_coder.decoder(global_motion.CONTEXTS, range_coder.finish(encoder))
    read = global_motion.code_parameters(decoder, 0, np.zeros((2, 3), np.int64))
    np.testing.assert_array_equal(read, parameters)


def test_a_zoom_predicts_better_than_any_shift():
    y, x = np.mgrid[0:144, 0:176].astype(float)

    def scene(y, x):
        return (128 + 50 * np.sin(x / 6 + y / 17) + 40 * np.cos(y / 7)).astype(np.uint8)

    before, now = scene(y, x), scene(y * 1.03 - 2, x * 1.03 - 2.6)
    planes = interpolation.reference([before, before[::2, ::2].copy(), before[::2, ::2].copy()])[0]
    vectors = np.zeros((9, 11, 2), np.int16)
    motion_search.search_frame(now, planes, 16, 8, 1.0, vectors)
    errors = []
    for translation in (False, True):
        model = global_motion.estimate(vectors, 16, translation)
        fine = field(model, 36, 44, 4)
        out = np.zeros_like(now)
        global_motion.compensate(planes, fine, 4, out)
        errors.append(np.mean((out.astype(int) - now) ** 2))
    assert errors[0] < 0.1 * errors[1]
    assert errors[0] == pytest.approx(0, abs=60)
