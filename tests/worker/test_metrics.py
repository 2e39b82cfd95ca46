"""The metrics against independent implementations, and their conventions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from codec_lab.errors import BenchError
from codec_worker.contract import Clip
from codec_worker.metrics import bitrate_bps, measure, psnr_y_db
from codec_worker.quality_filters import compare
from tests.worker.samples import moving_clip


def noisy(clip: Clip, deviation: float, seed: int = 0) -> Clip:
    rng = np.random.default_rng(seed)
    y, u, v = (
        np.clip(plane + rng.normal(0, deviation, plane.shape), 0, 255).astype(np.uint8)
        for plane in clip[:3]
    )
    return Clip(y, u, v, clip.fps)


def psnr_db(reference: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    error = (reference.astype(float) - decoded) ** 2
    return float(10 * np.log10(255**2 / error.mean()))


def ssim(reference: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """SSIM by its definition (Wang et al. 2004, eq. 13) over 8×8 windows, 4 samples apart."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for row in range(0, reference.shape[0] - 7, 4):
        for column in range(0, reference.shape[1] - 7, 4):
            x, y = (
                plane[row : row + 8, column : column + 8].astype(float).ravel()
                for plane in (reference, decoded)
            )
            covariance = np.cov(x, y)
            values.append(
                (2 * x.mean() * y.mean() + c1)
                * (2 * covariance[0, 1] + c2)
                / (x.mean() ** 2 + y.mean() ** 2 + c1)
                / (covariance[0, 0] + covariance[1, 1] + c2)
            )
    return float(np.mean(values))


def test_identical_planes_have_100_db_and_ssim_1() -> None:
    clip = moving_clip()

    quality = measure(clip, clip[:3])

    assert quality[:6] == (100, 100, 100, 100, 1, 100)


def test_an_error_of_one_everywhere() -> None:
    # MSE 1: 20 log10(255) = 48.1308 dB (ITU-T HSTP-VID-WPOM, clause 5.1)
    clip = moving_clip()
    off = Clip(clip.y ^ 1, clip.u ^ 1, clip.v ^ 1, clip.fps)

    quality = measure(clip, off[:3])

    assert quality[:4] == pytest.approx((48.130804,) * 4, abs=1e-5)


def test_psnr_is_the_mean_of_the_frames_and_not_of_the_errors() -> None:
    clip = moving_clip(frames=2)
    y = clip.y.copy()
    y[1] ^= 16  # MSE 256 in one frame, none in the other
    of_second_frame = 10 * np.log10(255**2 / 256)

    quality = measure(clip, (y, clip.u, clip.v))

    assert quality.psnr_y_db == pytest.approx((100 + of_second_frame) / 2, abs=1e-5)
    assert quality.frames.psnr_db[:, 0] == pytest.approx([100, of_second_frame], abs=1e-5)


@settings(max_examples=25)
@given(st.floats(0.5, 60), st.integers(8, 41).map(lambda half: 2 * half), st.integers(0, 99))
def test_psnr_agrees_with_its_definition(deviation: float, width: int, seed: int) -> None:
    clip = moving_clip(frames=3, width=width)
    decoded = noisy(clip, deviation, seed)

    quality = measure(clip, decoded[:3])

    for index, (plane, other) in enumerate(zip(clip[:3], decoded[:3], strict=True)):
        expected = [psnr_db(a, b) for a, b in zip(plane, other, strict=True)]
        assert quality.frames.psnr_db[:, index] == pytest.approx(expected, abs=1e-5)
        assert quality[index] == pytest.approx(np.mean(expected), abs=1e-5)
    assert psnr_y_db(clip, decoded[:3]) == pytest.approx(quality.psnr_y_db, abs=1e-5)


def test_weights_are_6_1_1() -> None:
    clip = moving_clip()
    decoded = noisy(clip, 5)

    quality = measure(clip, decoded[:3])

    y, u, v, yuv = quality[:4]
    assert yuv == pytest.approx((6 * y + u + v) / 8)


@pytest.mark.parametrize("deviation", [1, 8, 40])
def test_ssim_agrees_with_its_definition(deviation: float) -> None:
    clip = moving_clip(frames=3, height=64, width=80)
    decoded = noisy(clip, deviation)

    quality = measure(clip, decoded[:3])

    expected = [ssim(a, b) for a, b in zip(clip.y, decoded.y, strict=True)]
    assert quality.frames.ssim_y == pytest.approx(expected, abs=2e-5)
    assert quality.ssim_y == pytest.approx(np.mean(expected), abs=2e-5)


def xpsnr_y_db(source: Clip, decoded: NDArray[np.uint8]) -> NDArray[np.float64]:
    """XPSNR of luma by Helmrich et al., ICASSP 2020, with the constants of FFmpeg 8's filter.

    For pictures up to 640×480: the sum of squared errors of each block is weighted by the inverse
    of the block's activity, but by no more than the larger weight of its neighbours.
    """
    y = source.y.astype(int)
    count, height, width = y.shape
    ratio = height * width / (3840 * 2160)
    size = 4 * int(32 * np.sqrt(ratio) + 0.5)
    before = np.concatenate([np.zeros_like(y[:1]), y])
    values = []
    for index in range(count):
        motion = np.abs(before[index + 1] - before[index])
        if source.fps >= 32:
            older = before[index - 1] if index else np.zeros_like(y[0])
            motion = np.abs(before[index + 1] - 2 * before[index] + older)
        rows, columns = range(0, height, size), range(0, width, size)
        weights = np.empty((len(rows), len(columns)))
        errors = np.empty_like(weights)
        for i, top in enumerate(rows):
            for j, left in enumerate(columns):
                bottom, right = min(top + size, height), min(left + size, width)
                spatial = np.mean(
                    [
                        abs(_high_pass(y[index], row, column))
                        for row in range(max(top, 1), min(bottom, height - 1))
                        for column in range(max(left, 1), min(right, width - 1))
                    ]
                )
                block = np.s_[top:bottom, left:right]
                activity = max(spatial + 2 * motion[block].mean(), 4)
                weights[i, j] = 1 / activity
                errors[i, j] = ((y[index][block] - decoded[index][block].astype(int)) ** 2).sum()
        error = (errors * _smoothed(weights)).sum()
        weighted = int(error * np.sqrt(16 * 2 ** (16 - 9) / np.sqrt(max(ratio, 1e-5))) + 0.5)
        values.append(10 * np.log10(height * width * 255**2 / weighted))
    return np.array(values)


def _high_pass(y: NDArray[np.int_], row: int, column: int) -> int:
    kernel = np.array([[-1, -2, -1], [-2, 12, -2], [-1, -2, -1]])
    return int((kernel * y[row - 1 : row + 2, column - 1 : column + 2]).sum())


def _smoothed(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Limit each weight by its left, right and upper neighbours, one after the other in a scan."""
    flat, per_row = weights.ravel().copy(), weights.shape[1]
    for index in range(len(flat)):
        column = index % per_row
        if column == 0:
            limit = flat[index - 2] if index > 1 else 0
        else:
            limit = max(flat[index - 2], flat[index]) if column > 1 else flat[index]
        if index > per_row:
            limit = max(limit, flat[index - 1 - per_row])
        if index > 0:
            flat[index - 1] = min(flat[index - 1], limit)
    flat[-1] = min(flat[-1], max(flat[-2], flat[-1 - per_row]))
    return flat.reshape(weights.shape)


# From 32 frames/s on, motion is the difference of the second order.
@pytest.mark.parametrize("fps", [25.0, 30000 / 1001, 50.0])
def test_xpsnr_agrees_with_its_definition(fps: float) -> None:
    clip = moving_clip(frames=3, height=64, width=80)._replace(fps=fps)
    decoded = noisy(clip, 8)

    quality = measure(clip, decoded[:3])

    expected = xpsnr_y_db(clip, decoded.y)
    assert quality.frames.xpsnr_db[:, 0] == pytest.approx(expected, abs=1e-5)
    assert quality.xpsnr_y_db == pytest.approx(expected.mean(), abs=1e-5)


def test_xpsnr_is_weighted_by_the_source_and_not_by_what_is_judged() -> None:
    """Weights of the decoded picture would reward a codec for making its noise busy."""
    clip = moving_clip(frames=3, height=64, width=80)
    decoded = noisy(clip, 8)

    there = measure(clip, decoded[:3]).frames.xpsnr_db[:, 0]
    back = measure(decoded, clip[:3]).frames.xpsnr_db[:, 0]

    assert back == pytest.approx(xpsnr_y_db(decoded, clip.y), abs=1e-4)
    assert (back - there).min() > 0.5


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 48), (44, 46)])
def test_pictures_too_small_for_xpsnrs_blocks_have_the_psnr(height: int, width: int) -> None:
    """FFmpeg's filter divides by the size of the blocks, which is 0 here, and kills the process."""
    clip = moving_clip(frames=2, height=height, width=width)

    frames = measure(clip, noisy(clip, 5)[:3]).frames

    np.testing.assert_array_equal(frames.xpsnr_db, frames.psnr_db)


def test_which_side_is_the_source_does_not_matter_to_psnr_and_ssim() -> None:
    clip = moving_clip()
    decoded = noisy(clip, 10)

    assert measure(clip, decoded[:3])[:5] == pytest.approx(measure(decoded, clip[:3])[:5])


def test_shapes_must_agree_to_be_compared() -> None:
    clip, smaller = moving_clip(), moving_clip(height=32)

    with pytest.raises(BenchError, match="different shapes"):
        compare(clip, smaller[:3])


def test_compare_ignores_the_padding_of_rows() -> None:
    """82 samples lie in rows of 96 or 128: what is behind them must not count."""
    clip = moving_clip(width=82)
    worse = Clip(clip.y ^ 1, clip.u, clip.v, clip.fps)  # every sample is off by one

    psnr = compare(clip, worse[:3]).psnr_db

    np.testing.assert_allclose(psnr[:, 0], 20 * np.log10(255), atol=1e-5)
    assert np.isinf(psnr[:, 1:]).all()


def test_bitrate() -> None:
    clip = moving_clip(frames=50)._replace(fps=25.0)  # two seconds

    assert bitrate_bps(1000, clip) == 4000
