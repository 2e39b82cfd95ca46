"""Quality of a decoded clip, in the conventions of ``docs/evaluation.md``."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_lab.verdict import RatePoint
from codec_worker import quality_filters, vmaf
from codec_worker.contract import Clip, Planes

IDENTICAL_DB = 100.0
"""PSNR of identical planes, and the most that any frame can have."""


class FrameQuality(NamedTuple):
    """Quality of each frame.

    Attributes
    ----------
    psnr_db, xpsnr_db : ndarray of float64, (n, 3)
        PSNR and XPSNR of Y, U and V.
    ssim_y : ndarray of float64, (n,)
        SSIM of luma.
    vmaf, vmaf_neg : ndarray of float64, (n,), or None
        Absent where ``vmaf.absence`` has a reason.
    """

    psnr_db: NDArray[np.float64]
    ssim_y: NDArray[np.float64]
    xpsnr_db: NDArray[np.float64]
    vmaf: NDArray[np.float64] | None
    vmaf_neg: NDArray[np.float64] | None

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give what was measured, by name."""
        return {name: values for name, values in self._asdict().items() if values is not None}


class Quality(NamedTuple):
    """Quality of a decoded clip.

    Attributes
    ----------
    psnr_y_db, psnr_u_db, psnr_v_db : float
        Mean over the frames of each frame's PSNR, in dB (not the PSNR of the mean error, which
        differs by about 0.1 dB).
    psnr_yuv_db : float
        ``(6 Y + U + V) / 8`` of the means (ITU-T HSTP-VID-WPOM, 6:1:1 weights).
    ssim_y : float
        Mean SSIM of luma (Wang et al., IEEE TIP 13 (2004); 8×8 windows, 4 samples apart).
    xpsnr_y_db : float
        Mean over the frames of each frame's XPSNR of luma, in dB (Helmrich et al., ICASSP 2020).
    vmaf, vmaf_neg : float or None
        Mean over the frames, 0 to 100.
    frames : FrameQuality
        The same frame by frame.
    """

    psnr_y_db: float
    psnr_u_db: float
    psnr_v_db: float
    psnr_yuv_db: float
    ssim_y: float
    xpsnr_y_db: float
    vmaf: float | None
    vmaf_neg: float | None
    frames: FrameQuality


def measure(source: Clip, decoded: Planes) -> Quality:
    """Measure a decoded clip against its source.

    Parameters
    ----------
    source : Clip
        The original.
    decoded : tuple of ndarray of uint8
        Planes of the source's shapes.

    Raises
    ------
    BenchError
        If the shapes differ, or VMAF's program fails.
    """
    measured = quality_filters.compare(source, decoded)
    scores = vmaf.measure(source, decoded)
    frames = FrameQuality(
        psnr_db=np.minimum(measured.psnr_db, IDENTICAL_DB),
        ssim_y=measured.ssim_y,
        xpsnr_db=np.minimum(measured.xpsnr_db, IDENTICAL_DB),
        vmaf=None if scores is None else scores.vmaf,
        vmaf_neg=None if scores is None else scores.vmaf_neg,
    )
    y, u, v = (float(mean) for mean in frames.psnr_db.mean(axis=0))
    return Quality(
        psnr_y_db=y,
        psnr_u_db=u,
        psnr_v_db=v,
        psnr_yuv_db=(6 * y + u + v) / 8,
        ssim_y=float(frames.ssim_y.mean()),
        xpsnr_y_db=float(frames.xpsnr_db[:, 0].mean()),
        vmaf=None if scores is None else float(scores.vmaf.mean()),
        vmaf_neg=None if scores is None else float(scores.vmaf_neg.mean()),
        frames=frames,
    )


def psnr_y_db(source: Clip, decoded: Planes) -> float:
    """Give the luma PSNR alone, in ``measure``'s convention, where nothing else is asked."""
    error = source.y.astype(np.int32) - decoded[0]
    mean_square = np.maximum(np.square(error).mean(axis=(1, 2)), 1e-300)
    return float(np.minimum(10 * np.log10(255**2 / mean_square), IDENTICAL_DB).mean())


def rate_point(knob: int, size_bytes: int, clip: Clip, quality: Quality) -> RatePoint:
    """Put rate and quality of a clip together.

    Parameters
    ----------
    knob : int
        The quality, QP or CRF that was asked for.
    size_bytes : int
        Every byte of the bitstream.
    clip : Clip
        What was encoded.
    quality : Quality
        How well it came back.
    """
    measured = quality._asdict()
    del measured["frames"]
    return RatePoint(
        quality=knob, size_bytes=size_bytes, bitrate_bps=bitrate_bps(size_bytes, clip), **measured
    )


def bitrate_bps(size_bytes: int, clip: Clip) -> float:
    """Bits per second of a bitstream of a clip."""
    return 8 * size_bytes * clip.fps / len(clip.y)
