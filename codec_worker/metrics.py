"""Quality of a decoded clip, in the conventions of ``docs/evaluation.md``."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_worker.contract import Clip, Planes
from codec_worker.video import FrameQuality, compare

IDENTICAL_DB = 100.0
"""PSNR of identical planes, and the most that any frame can have."""


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
    frames : FrameQuality
        The same frame by frame.
    """

    psnr_y_db: float
    psnr_u_db: float
    psnr_v_db: float
    psnr_yuv_db: float
    ssim_y: float
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
        If the shapes differ.
    """
    measured = compare((source.y, source.u, source.v), decoded)
    psnr_db: NDArray[np.float64] = np.minimum(measured.psnr_db, IDENTICAL_DB)
    y, u, v = (float(mean) for mean in psnr_db.mean(axis=0))
    return Quality(
        psnr_y_db=y,
        psnr_u_db=u,
        psnr_v_db=v,
        psnr_yuv_db=(6 * y + u + v) / 8,
        ssim_y=float(measured.ssim_y.mean()),
        frames=FrameQuality(psnr_db, measured.ssim_y),
    )


def bitrate_bps(size_bytes: int, clip: Clip) -> float:
    """Bits per second of a bitstream of a clip."""
    return 8 * size_bytes * clip.fps / len(clip.y)
