"""PSNR, SSIM and XPSNR by FFmpeg's filters, frame by frame."""

from typing import NamedTuple

import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from codec_lab.errors import BenchError
from codec_worker.contract import Clip, Planes
from codec_worker.video import frames_of, time_base_of

_MIN_XPSNR_AREA = 2025
"""(3840 * 2160) / 64**2: below it XPSNR's blocks have no size, and the filter divides by zero."""


class FilterQuality(NamedTuple):
    """Quality of each frame.

    Attributes
    ----------
    psnr_db : ndarray of float64, (n, 3)
        PSNR of Y, U and V; infinite where the planes are identical.
    ssim_y : ndarray of float64, (n,)
        SSIM of luma.
    xpsnr_db : ndarray of float64, (n, 3)
        XPSNR of Y, U and V; infinite where the planes are identical.
    """

    psnr_db: NDArray[np.float64]
    ssim_y: NDArray[np.float64]
    xpsnr_db: NDArray[np.float64]


def compare(source: Clip, decoded: Planes) -> FilterQuality:
    """Measure a decoded clip against its source.

    Both are raw frames of equal time stamps. PSNR and SSIM take the decoded video first; XPSNR
    takes its weights from the activity of its first input and the frame rate, so that there the
    source comes first, whatever the pads are called. One thread, so that the order of the sums
    does not depend on the machine.

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
    if [plane.shape for plane in source[:3]] != [plane.shape for plane in decoded]:
        raise BenchError("Videos of different shapes cannot be compared.")
    count, height, width = source.y.shape
    has_xpsnr = height * width >= _MIN_XPSNR_AREA
    time_base = time_base_of(source.fps)
    graph = Graph()
    graph.threads = 1
    settings = {
        "video_size": f"{width}x{height}",
        "pix_fmt": "yuv420p",
        "time_base": str(time_base),
        "frame_rate": str(1 / time_base),
    }
    of_decoded, of_source = (graph.add("buffer", **settings) for _ in range(2))
    psnr, ssim, sink = graph.add("psnr"), graph.add("ssim"), graph.add("buffersink")
    outputs = "3" if has_xpsnr else "2"
    sources = graph.add("split", outputs)
    of_source.link_to(sources)
    sources.link_to(psnr, 0, 1)
    psnr.link_to(ssim, 0, 0)
    sources.link_to(ssim, 1, 1)
    ssim.link_to(sink)
    if has_xpsnr:
        xpsnr, xpsnr_sink, both = graph.add("xpsnr"), graph.add("buffersink"), graph.add("split")
        of_decoded.link_to(both)
        both.link_to(psnr, 0, 0)
        sources.link_to(xpsnr, 2, 0)
        both.link_to(xpsnr, 1, 1)
        xpsnr.link_to(xpsnr_sink)
    else:
        of_decoded.link_to(psnr, 0, 0)
    graph.configure()
    quality = FilterQuality(np.empty((count, 3)), np.empty(count), np.empty((count, 3)))
    pairs = zip(frames_of(decoded, time_base), frames_of(source[:3], time_base), strict=True)
    for index, (decoded_frame, source_frame) in enumerate(pairs):
        of_decoded.push(decoded_frame)
        of_source.push(source_frame)
        metadata = sink.pull().metadata
        quality.psnr_db[index] = [float(metadata[f"lavfi.psnr.psnr.{p}"]) for p in "yuv"]
        quality.ssim_y[index] = float(metadata["lavfi.ssim.Y"])
        if has_xpsnr:
            metadata = xpsnr_sink.pull().metadata
            quality.xpsnr_db[index] = [float(metadata[f"lavfi.xpsnr.xpsnr.{p}"]) for p in "yuv"]
    if not has_xpsnr:  # "picture is too small for XPSNR": its authors then take the PSNR
        quality.xpsnr_db[:] = quality.psnr_db
    return quality
