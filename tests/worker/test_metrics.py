"""PSNR and SSIM against independent implementations, and the conventions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from codec_worker.contract import Clip
from codec_worker.metrics import bitrate_bps, measure
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

    assert quality[:5] == (100, 100, 100, 100, 1)


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


@settings(max_examples=25, deadline=None)
@given(st.floats(0.5, 60), st.integers(8, 41).map(lambda half: 2 * half), st.integers(0, 99))
def test_psnr_agrees_with_its_definition(deviation: float, width: int, seed: int) -> None:
    clip = moving_clip(frames=3, width=width)
    decoded = noisy(clip, deviation, seed)

    quality = measure(clip, decoded[:3])

    for index, (plane, other) in enumerate(zip(clip[:3], decoded[:3], strict=True)):
        expected = [psnr_db(a, b) for a, b in zip(plane, other, strict=True)]
        assert quality.frames.psnr_db[:, index] == pytest.approx(expected, abs=1e-5)
        assert quality[index] == pytest.approx(np.mean(expected), abs=1e-5)


def test_weights_are_6_1_1() -> None:
    clip = moving_clip()
    decoded = noisy(clip, 5)

    quality = measure(clip, decoded[:3])

    y, u, v, yuv, _, _ = quality
    assert yuv == pytest.approx((6 * y + u + v) / 8)


@pytest.mark.parametrize("deviation", [1, 8, 40])
def test_ssim_agrees_with_its_definition(deviation: float) -> None:
    clip = moving_clip(frames=3, height=64, width=80)
    decoded = noisy(clip, deviation)

    quality = measure(clip, decoded[:3])

    expected = [ssim(a, b) for a, b in zip(clip.y, decoded.y, strict=True)]
    assert quality.frames.ssim_y == pytest.approx(expected, abs=2e-5)
    assert quality.ssim_y == pytest.approx(np.mean(expected), abs=2e-5)


def test_which_side_is_the_source_does_not_matter_to_these_metrics() -> None:
    clip = moving_clip()
    decoded = noisy(clip, 10)

    assert measure(clip, decoded[:3])[:5] == pytest.approx(measure(decoded, clip[:3])[:5])


def test_bitrate() -> None:
    clip = moving_clip(frames=50)._replace(fps=25.0)  # two seconds

    assert bitrate_bps(1000, clip) == 4000
