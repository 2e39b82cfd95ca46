"""One point of the curves that stands for an experiment in a table."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from codec_lab.verdict import ClipResult


class OperatingPoint(NamedTuple):
    """Means over clips of the rate points at the second lowest quality.

    Attributes
    ----------
    vmaf : float or None
        Absent unless it was measured on every clip.
    """

    bitrate_bps: float
    psnr_y_db: float
    ssim_y: float
    vmaf: float | None


def operating_point(results: Sequence[ClipResult]) -> OperatingPoint:
    """Average the second rate point of each clip; it is the one whose pictures are kept."""
    points = [sorted(result.points, key=lambda p: p.quality)[1] for result in results]
    vmafs = [point.vmaf for point in points if point.vmaf is not None]
    return OperatingPoint(
        bitrate_bps=fmean(point.bitrate_bps for point in points),
        psnr_y_db=fmean(point.psnr_y_db for point in points),
        ssim_y=fmean(point.ssim_y for point in points),
        vmaf=fmean(vmafs) if len(vmafs) == len(points) else None,
    )
