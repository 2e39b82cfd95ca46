"""Frames as lists of planes: extended to whole blocks for coding, cropped again for output."""

from collections.abc import Sequence

import numpy as np

from codec_worker.toolbox.kernel import U8

Planes = list[U8]  # luma, then two chroma planes of half its sides


def extended(y: U8, u: U8, v: U8, multiple: int) -> Planes:
    """Repeat the right and bottom edges of a 4:2:0 frame up to whole blocks.

    Parameters
    ----------
    y, u, v
        uint8 (h, w), (h/2, w/2), (h/2, w/2).
    multiple
        Even block size in luma samples; the result's sides are multiples of it.

    Returns
    -------
    Planes
        Three C-contiguous uint8 planes.
    """
    result = []
    for plane, block in ((y, multiple), (u, multiple // 2), (v, multiple // 2)):
        missing = [(0, -side % block) for side in plane.shape]
        result.append(np.ascontiguousarray(np.pad(plane, missing, "edge")))
    return result


def blank(height: int, width: int, multiple: int) -> Planes:
    """Return black planes of a frame extended to whole blocks."""
    full = -(-height // multiple) * multiple, -(-width // multiple) * multiple
    half = full[0] // 2, full[1] // 2
    return [np.zeros(shape, np.uint8) for shape in (full, half, half)]


def cropped(frames: Sequence[Planes], height: int, width: int) -> tuple[U8, U8, U8]:
    """Stack decoded frames without their extension.

    Returns
    -------
    tuple of uint8 arrays
        (n, height, width) and twice (n, height / 2, width / 2), C-contiguous.
    """
    half = height // 2, width // 2
    y, u, v = (
        np.stack([planes[channel][:rows, :columns] for planes in frames])
        for channel, (rows, columns) in enumerate(((height, width), half, half))
    )
    return y, u, v
