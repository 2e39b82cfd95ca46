"""Transforms: orthonormal bases, exact inverses, agreement with the standards and with scipy."""

import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox.transform import (
    COEFFICIENT_SCALE,
    DCT2,
    DST7,
    basis,
    forward,
    inverse,
)

SIZES = st.integers(1, 5)
KINDS = st.sampled_from([DCT2, DST7])


@pytest.mark.parametrize("kind", [DCT2, DST7])
@pytest.mark.parametrize("size", [2, 4, 8, 16, 32])
def test_bases_are_orthonormal(kind, size):
    rows = basis(kind, size) / 1024
    np.testing.assert_allclose(rows @ rows.T, np.eye(size), atol=4e-3)


def test_bases_follow_the_standards():
    # H.266 clause 8.7.4.5: DST-VII of length 4, scaled there by 128 instead of 1024.
    expected = [[29, 55, 74, 84], [74, 74, 0, -74], [84, -29, -74, 55], [55, -84, 74, -29]]
    np.testing.assert_allclose(basis(DST7, 4) / 8, expected, atol=0.7)
    # H.265 clause 8.6.4.2, first rows of the DCT of length 4, scaled by 128.
    np.testing.assert_allclose(basis(DCT2, 4) / 8, HEVC_DCT4, atol=1.5)


HEVC_DCT4 = [[64, 64, 64, 64], [83, 36, -36, -83], [64, -64, -64, 64], [36, -83, 83, -36]]


@settings(max_examples=60)
@given(SIZES, SIZES, KINDS, KINDS, st.integers(0, 2**32 - 1))
def test_inverse_undoes_forward(log2_height, log2_width, vertical, horizontal, seed):
    height, width = 1 << log2_height, 1 << log2_width
    residual = np.random.default_rng(seed).integers(-255, 256, (height, width))
    block = np.zeros((32, 32), np.int32)
    block[:height, :width] = residual
    forward(block, log2_height, log2_width, vertical, horizontal)
    inverse(block, log2_height, log2_width, vertical, horizontal)
    assert abs(block[:height, :width] - residual).max() <= 2
    assert not block[height:].any()
    assert not block[:, width:].any()


@settings(max_examples=30)
@given(SIZES, SIZES, st.integers(0, 2**32 - 1))
def test_forward_is_scipys_dct(log2_height, log2_width, seed):
    height, width = 1 << log2_height, 1 << log2_width
    residual = np.random.default_rng(seed).integers(-255, 256, (height, width))
    block = np.zeros((32, 32), np.int32)
    block[:height, :width] = residual
    forward(block, log2_height, log2_width, DCT2, DCT2)
    expected = scipy.fft.dctn(residual, norm="ortho") * COEFFICIENT_SCALE
    assert abs(block[:height, :width] - expected).max() <= 0.006 * abs(expected).max() + 2


@settings(max_examples=30)
@given(SIZES, SIZES, KINDS, KINDS, st.integers(0, 2**32 - 1))
def test_inverse_never_overflows(log2_height, log2_width, vertical, horizontal, seed):
    rng = np.random.default_rng(seed)
    block = rng.choice(np.array([-(2**31) + 1, -32768, 32767, 2**31 - 1], np.int32), (32, 32))
    block = np.ascontiguousarray(block)
    clipped = np.clip(block, -32767, 32767).astype(object)  # Python's integers cannot overflow
    rows, columns = (
        basis(kind, 1 << size).astype(object)
        for kind, size in ((horizontal, log2_width), (vertical, log2_height))
    )
    stage = columns.T @ clipped[: 1 << log2_height, : 1 << log2_width]
    stage = np.vectorize(lambda v: min(max((v + 128) >> 8, -131071), 131071), [object])(stage)
    expected = np.vectorize(lambda v: (v + 8192) >> 14, [object])(stage @ rows)
    inverse(block, log2_height, log2_width, vertical, horizontal)
    np.testing.assert_array_equal(
        block[: 1 << log2_height, : 1 << log2_width], expected.astype(np.int64)
    )


def test_golden_block():
    block = np.zeros((32, 32), np.int32)
    block[:4, :4] = np.arange(16).reshape(4, 4) * 4
    forward(block, 2, 2, DCT2, DCT2)
    # By hand: DC = mean 30 * 4 * scale 4; first row and column are odd cosines of linear ramps.
    assert block[0, 0] == 480
    assert block[0, 1] == pytest.approx(-71.4, abs=1)
    assert block[1, 0] == pytest.approx(-285.5, abs=1)
    assert abs(block[1:4, 1:4]).max() <= 1
