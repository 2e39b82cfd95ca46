"""Fractional-sample interpolation: HEVC's 8-tap luma and 4-tap chroma filters.

Filters of H.265 clause 8.5.3.3.3 (tables 8-11 and 8-12). A reference's luma is interpolated once
to its sixteen quarter-sample phases, whence every motion search and prediction is a copy; chroma,
read far less often, is interpolated block by block. Integers only: both filters are applied
before the one rounding shift of 12 bits.

Planes are surrounded by :data:`MARGIN` repeated edge samples. A block that would lie further
outside is moved to the margin's edge, in the encoder and the decoder alike, so no vector can read
outside the array.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import U8, inner_kernel, kernel

MARGIN = 40
PHASES = 16
LUMA_FILTERS = np.array(
    [
        [0, 0, 0, 64, 0, 0, 0, 0],
        [-1, 4, -10, 58, 17, -5, 1, 0],
        [-1, 4, -11, 40, 40, -11, 4, -1],
        [0, 1, -5, 17, 58, -10, 4, -1],
    ],
    np.int32,
)
CHROMA_FILTERS = np.array(
    [
        [0, 64, 0, 0],
        [-2, 58, 10, -2],
        [-4, 54, 16, -2],
        [-6, 46, 28, -4],
        [-4, 36, 36, -4],
        [-4, 28, 46, -6],
        [-2, 16, 54, -4],
        [-2, 10, 58, -2],
    ],
    np.int32,
)

_I = types.int64
_PLANE = types.uint8[:, ::1]


@kernel(types.void(_PLANE, _PLANE))
def pad(plane: U8, padded: U8) -> None:
    """Copy a plane into the middle of a larger one and repeat its edges.

    ``padded`` is uint8 (height + 2 * margin, width + 2 * margin) for any margin ≥ 0.
    """
    height, width = plane.shape
    margin = (padded.shape[0] - height) // 2
    for y in range(padded.shape[0]):
        row = plane[min(max(y - margin, 0), height - 1)]
        padded[y, :margin] = row[0]
        padded[y, margin : margin + width] = row
        padded[y, margin + width :] = row[width - 1]


@kernel(types.void(_PLANE, types.uint8[:, :, ::1]))
def quarter_planes(plane: U8, out: U8) -> None:
    """Interpolate a luma plane to all quarter-sample phases.

    Parameters
    ----------
    plane
        uint8 (height, width).
    out
        uint8 (16, height + 2 * MARGIN, width + 2 * MARGIN); plane ``4 * fy + fx`` receives the
        samples at offset (fy / 4, fx / 4).
    """
    rows, columns = out.shape[1], out.shape[2]
    source = np.empty((rows + 8, columns + 8), np.uint8)
    pad(plane, source)
    horizontal = np.empty((rows + 8, columns), np.int32)
    line = np.empty(columns, np.int32)
    for fx in range(4):
        weights = LUMA_FILTERS[fx]
        for y in range(rows + 8):
            target = horizontal[y]
            target[:] = 0
            for tap in range(8):
                if weights[tap] != 0:
                    weight = weights[tap]
                    shifted = source[y, 1 + tap : 1 + tap + columns]
                    for x in range(columns):
                        target[x] += weight * np.int32(shifted[x])
        for fy in range(4):
            weights_y = LUMA_FILTERS[fy]
            for y in range(rows):
                line[:] = 2048
                for tap in range(8):
                    if weights_y[tap] != 0:
                        weight = weights_y[tap]
                        shifted_row = horizontal[1 + tap + y]
                        for x in range(columns):
                            line[x] += weight * shifted_row[x]
                result = out[4 * fy + fx, y]
                for x in range(columns):
                    result[x] = min(max(line[x] >> 12, 0), 255)


def reference(planes: list[U8]) -> tuple[U8, U8, U8]:
    """Prepare a decoded frame for motion compensation.

    Returns
    -------
    tuple of uint8 arrays
        Luma as :func:`quarter_planes` gives it and both chroma planes padded by :data:`MARGIN`.
    """
    phases, *chroma = (
        np.empty([side + 2 * MARGIN for side in plane.shape], np.uint8) for plane in planes
    )
    luma = np.empty((PHASES, *phases.shape), np.uint8)
    quarter_planes(planes[0], luma)
    for plane, padded in zip(planes[1:], chroma, strict=True):
        pad(plane, padded)
    return luma, chroma[0], chroma[1]


@inner_kernel(_I(_I, _I, _I, _I))
def place(position: int, offset: int, size: int, padded_size: int) -> int:
    """Coordinate of a moved block inside a padded plane, kept inside it.

    ``position`` is that of the block in the unpadded plane, ``offset`` the whole-sample part of
    its vector, ``size`` the samples read along this axis.
    """
    return min(max(position + offset + MARGIN, 0), padded_size - size)


@inner_kernel(types.void(types.uint8[:, :, ::1], _I, _I, _I, _I, _I, _I, _PLANE, _I, _I))
def luma_block(
    planes: U8,
    y: int,
    x: int,
    vector_y: int,
    vector_x: int,
    height: int,
    width: int,
    out: U8,
    out_y: int,
    out_x: int,
) -> None:
    """Predict a luma block from :func:`quarter_planes` with a quarter-sample vector.

    The block at (y, x) is written to ``out`` at (out_y, out_x).
    """
    plane = planes[(vector_y & 3) * 4 + (vector_x & 3)]
    top = place(y, vector_y >> 2, height, plane.shape[0])
    left = place(x, vector_x >> 2, width, plane.shape[1])
    for row in range(height):
        out[out_y + row, out_x : out_x + width] = plane[top + row, left : left + width]


@inner_kernel(types.void(_PLANE, _I, _I, _I, _I, _I, _I, _PLANE, _I, _I))
def chroma_block(
    plane: U8,
    y: int,
    x: int,
    vector_y: int,
    vector_x: int,
    height: int,
    width: int,
    out: U8,
    out_y: int,
    out_x: int,
) -> None:
    """Predict a 4:2:0 chroma block; the luma vector counts eighths of a chroma sample.

    ``plane`` is padded by :data:`MARGIN`; position and size are in chroma samples.
    """
    top = place(y, (vector_y >> 3) - 1, height + 3, plane.shape[0])
    left = place(x, (vector_x >> 3) - 1, width + 3, plane.shape[1])
    across, down = CHROMA_FILTERS[vector_x & 7], CHROMA_FILTERS[vector_y & 7]
    lines = np.empty((35, 32), np.int32)
    for row in range(height + 3):
        source = plane[top + row, left : left + width + 3]
        for column in range(width):
            lines[row, column] = (
                across[0] * np.int32(source[column])
                + across[1] * np.int32(source[column + 1])
                + across[2] * np.int32(source[column + 2])
                + across[3] * np.int32(source[column + 3])
            )
    for row in range(height):
        for column in range(width):
            value = (
                down[0] * lines[row, column]
                + down[1] * lines[row + 1, column]
                + down[2] * lines[row + 2, column]
                + down[3] * lines[row + 3, column]
            )
            out[out_y + row, out_x + column] = min(max((value + 2048) >> 12, 0), 255)
