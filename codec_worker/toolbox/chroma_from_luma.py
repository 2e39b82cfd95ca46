"""Chroma from luma: a chroma block predicted by a line through its neighbours' luma and chroma.

VVC's cross-component linear model (H.266 clause 8.4.5.2.14) for 4:2:0: luma is reduced to chroma's
grid by the six-tap filter, two neighbours above and two to the left (four where there is but one
side) give a darker and a brighter point, the line through both maps luma to chroma. Nothing is
transmitted. An integer division stands in for the standard's table of reciprocals.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I64, U8, kernel

_I = types.int64
_PLANE = types.uint8[:, ::1]
_FRACTION = 6  # bits of the line's slope


@kernel(_I(_PLANE, _I, _I))
def reduced(luma: U8, y: int, x: int) -> int:
    """Luma at a chroma position: rows of weights 1 2 1, halves of two luma rows, rounded."""
    left, right = max(2 * x - 1, 0), min(2 * x + 1, luma.shape[1] - 1)
    total = 4
    for row in (2 * y, 2 * y + 1):
        total += int(luma[row, left]) + 2 * int(luma[row, 2 * x]) + int(luma[row, right])
    return total >> 3


@kernel(types.void(_PLANE, _PLANE, _I, _I, _I, _I, _I, _I, types.int64[::1]))
def line(
    luma: U8,
    chroma: U8,
    y: int,
    x: int,
    height: int,
    width: int,
    above: int,
    left: int,
    result: I64,
) -> None:
    """Derive a block's line from decoded neighbours.

    Parameters
    ----------
    luma, chroma
        uint8 decoded planes, luma of twice chroma's sides.
    y, x, height, width
        The block in chroma samples; sides of at least 2.
    above, left
        1 where that side is decoded, else 0.
    result
        int64 (2,), receives slope in 1/64 and offset: chroma = (slope * luma >> 6) + offset.
    """
    lumas, chromas = np.zeros(4, np.int64), np.zeros(4, np.int64)
    count = 0
    each = 2 if above and left else 4
    for side in range(2):
        size = width if side == 0 else height
        if not (above if side == 0 else left):
            continue
        taken = min(each, size)
        for index in range(taken):
            place = (2 * index + 1) * size // (2 * taken)
            ny, nx = (y - 1, x + place) if side == 0 else (y + place, x - 1)
            lumas[count], chromas[count] = reduced(luma, ny, nx), chroma[ny, nx]
            count += 1
    if count == 0:
        result[0], result[1] = 0, 128
        return
    for index in range(count, 4):
        lumas[index], chromas[index] = lumas[index % count], chromas[index % count]
    for last in range(3, 0, -1):
        for index in range(last):
            if lumas[index] > lumas[index + 1]:
                lumas[index], lumas[index + 1] = lumas[index + 1], lumas[index]
                chromas[index], chromas[index + 1] = chromas[index + 1], chromas[index]
    dark, bright = (lumas[0] + lumas[1] + 1) >> 1, (lumas[2] + lumas[3] + 1) >> 1
    low, high = (chromas[0] + chromas[1] + 1) >> 1, (chromas[2] + chromas[3] + 1) >> 1
    slope = 0
    if bright > dark:
        slope = (((high - low) << _FRACTION) + ((bright - dark) >> 1)) // (bright - dark)
    result[0], result[1] = slope, low - ((slope * dark) >> _FRACTION)


@kernel(types.void(_PLANE, _I, _I, _I, _I, types.int64[::1], _PLANE, _I, _I))
def predict(
    luma: U8,
    y: int,
    x: int,
    height: int,
    width: int,
    model: I64,
    out: U8,
    out_y: int,
    out_x: int,
) -> None:
    """Predict a chroma block from the decoded luma under it.

    ``model`` is from :func:`line`; position and size are in chroma samples, the result goes to
    ``out`` at (out_y, out_x).
    """
    for row in range(height):
        for column in range(width):
            value = ((model[0] * reduced(luma, y + row, x + column)) >> _FRACTION) + model[1]
            out[out_y + row, out_x + column] = min(max(value, 0), 255)
