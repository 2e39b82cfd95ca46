"""Distances between a block of the source and its prediction: SAD, SSD and SATD.

All work on a ``height`` × ``width`` window of two uint8 planes, each given by its own corner, so
that no block is copied.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import U8, inner_kernel

_I = types.int64
_PLANE = types.uint8[:, ::1]
_SIGNATURE = types.int64(_PLANE, _I, _I, _PLANE, _I, _I, _I, _I)


@inner_kernel(_SIGNATURE)
def sad(a: U8, ay: int, ax: int, b: U8, by: int, bx: int, height: int, width: int) -> int:
    """Sum of absolute differences."""
    total = np.int32(0)
    for y in range(height):
        first, second = a[ay + y, ax : ax + width], b[by + y, bx : bx + width]
        row = np.int32(0)
        for x in range(width):
            row += abs(np.int32(first[x]) - np.int32(second[x]))
        total += row
    return int(total)


@inner_kernel(_SIGNATURE)
def ssd(a: U8, ay: int, ax: int, b: U8, by: int, bx: int, height: int, width: int) -> int:
    """Sum of squared differences."""
    total = np.int32(0)
    for y in range(height):
        first, second = a[ay + y, ax : ax + width], b[by + y, bx : bx + width]
        row = np.int32(0)
        for x in range(width):
            difference = np.int32(first[x]) - np.int32(second[x])
            row += difference * difference
        total += row
    return int(total)


@inner_kernel(_SIGNATURE)
def satd(a: U8, ay: int, ax: int, b: U8, by: int, bx: int, height: int, width: int) -> int:
    """Sum of absolute Hadamard-transformed differences in 4×4 blocks, halved.

    The sum follows the bits a residual costs better than the plain SAD. ``height`` and ``width``
    are multiples of 4; narrower windows fall back to :func:`sad`.
    """
    if height < 4 or width < 4:
        return sad(a, ay, ax, b, by, bx, height, width)
    total = np.int32(0)
    work = np.empty((4, 64), np.int32)
    for y in range(0, height, 4):
        for row in range(4):
            first = a[ay + y + row, ax : ax + width]
            second = b[by + y + row, bx : bx + width]
            for x in range(width):
                work[row, x] = np.int32(first[x]) - np.int32(second[x])
        for x in range(width):
            s0, s1 = work[0, x] + work[2, x], work[1, x] + work[3, x]
            d0, d1 = work[0, x] - work[2, x], work[1, x] - work[3, x]
            work[0, x], work[1, x], work[2, x], work[3, x] = s0 + s1, s0 - s1, d0 + d1, d0 - d1
        for row in range(4):
            for x in range(0, width, 4):
                s0, s1 = work[row, x] + work[row, x + 2], work[row, x + 1] + work[row, x + 3]
                d0, d1 = work[row, x] - work[row, x + 2], work[row, x + 1] - work[row, x + 3]
                total += abs(s0 + s1) + abs(s0 - s1) + abs(d0 + d1) + abs(d0 - d1)
    return int((total + 1) >> 1)
