"""VMAF and VMAF-NEG by libvmaf in the ffmpeg program, both models in one pass.

Z. Li et al., "Toward a practical perceptual video quality metric", Netflix Technology Blog (2016);
the models are the program's built-in ``vmaf_v0.6.1`` and ``vmaf_v0.6.1neg`` ("no enhancement gain",
which does not reward sharpening).
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_lab.errors import BenchError
from codec_worker import ffmpeg_program
from codec_worker.contract import Clip, Planes

MIN_SIZE = 32
"""Smaller pictures crash libvmaf: its fourth scale has less than four samples."""

_MODELS = "version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=vmaf_neg"


class Vmaf(NamedTuple):
    """Scores of each frame, 0 to 100.

    Attributes
    ----------
    vmaf, vmaf_neg : ndarray of float64, (n,)
    """

    vmaf: NDArray[np.float64]
    vmaf_neg: NDArray[np.float64]


def absence(width: int, height: int) -> str | None:
    """Say why VMAF cannot be measured here, in a few words; None if it can."""
    reason = ffmpeg_program.missing("libvmaf")
    if reason is None and min(width, height) < MIN_SIZE:
        reason = f"{width}×{height} is below {MIN_SIZE}×{MIN_SIZE}"
    return None if reason is None else f"VMAF was not measured: {reason}"


def measure(source: Clip, decoded: Planes) -> Vmaf | None:
    """Measure a decoded clip against its source.

    Both travel in one raw video, the decoded picture above the source's, and are cut apart in the
    filter graph: they cannot drift apart in time, which would give a false score. One thread.

    Returns
    -------
    Vmaf or None
        None where ``absence`` has a reason.

    Raises
    ------
    BenchError
        If the program fails or takes too long.
    """
    count, height, width = source.y.shape
    if absence(width, height) is not None:
        return None
    graph = (
        f"split[a][b];[a]crop={width}:{height}:0:0[decoded];[b]crop={width}:{height}:0:{height}"
        "[source];[decoded][source]libvmaf=n_threads=0:log_fmt=json:log_path=/dev/stdout"
        f":model='{_MODELS}'"
    )
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{2 * height}", "-r", "25")
    arguments = (*raw, "-i", "pipe:0", "-filter_complex_threads", "1", "-filter_complex", graph)
    log = ffmpeg_program.run(
        (*arguments, "-f", "null", "-"), _stacked(source, decoded), 60 + source.y.size / 1e6
    )
    try:
        frames = [frame["metrics"] for frame in json.loads(log)["frames"]]
        scores = Vmaf(*(np.array([f[name] for f in frames], np.float64) for name in Vmaf._fields))
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError("The ffmpeg program's VMAF log cannot be read.") from error
    if len(frames) != count or not np.isfinite(scores).all():
        raise BenchError(f"The ffmpeg program gave {len(frames)} VMAF scores for {count} frames.")
    return scores


def _stacked(source: Clip, decoded: Planes) -> Iterator[memoryview]:
    pairs = zip(
        ffmpeg_program.raw_planes(decoded), ffmpeg_program.raw_planes(source[:3]), strict=True
    )
    for above, below in pairs:
        yield above
        yield below
