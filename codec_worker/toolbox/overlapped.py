"""Overlapped block compensation: neighbours' vectors have a say near a block's edges.

The blending of AV1 (bitstream specification, clause 7.11.3.10) after Orchard and Sullivan
("Overlapped block motion compensation", 1994): the half of a block that lies beside a neighbour
is mixed with what the neighbour's vector predicts there, less and less with the distance. No
step stays where two vectors meet. Integers only.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I64, U8, kernel

ABOVE, LEFT = 0, 1
MAX_DEPTH = 32  # rows or columns that are mixed at most


def masks() -> I64:
    """Return the weights of the block's own prediction in 1/64, int64 (6, MAX_DEPTH).

    Row k holds those of a depth of 2**k samples, from the edge inwards (AV1's Obmc_Mask).
    """
    table = np.full((6, MAX_DEPTH), 64, np.int64)
    rows = {
        1: [45, 64],
        2: [39, 50, 59, 64],
        3: [36, 42, 48, 53, 57, 61, 64, 64],
        4: [34, 37, 40, 43, 46, 49, 52, 54, 56, 58, 60, 61, 64, 64, 64, 64],
        5: [33, 35, 36, 38, 40, 41, 43, 44, 45, 47, 47, 48, 50, 51, 52, 53, 55, 56, 57, 58,
            59, 60, 60, 61, 62, 64, 64, 64, 64, 64, 64, 64],
    }  # fmt: skip
    for log2, weights in rows.items():
        table[log2, : len(weights)] = weights
    return table


MASKS = masks()

_I = types.int64
_PLANE = types.uint8[:, ::1]


@kernel(types.void(_PLANE, _I, _I, _I, _I, _PLANE, _I))
def blend(target: U8, y: int, x: int, height: int, width: int, neighbour: U8, side: int) -> None:
    """Mix the half of a block beside a neighbour with the neighbour's prediction, in place.

    Parameters
    ----------
    target
        uint8 plane that holds the block's own prediction at (y, x).
    y, x, height, width
        The block; sides are powers of two of at least 4.
    neighbour
        uint8, whose top left corner holds what the neighbour's vector predicts for the block: the
        upper half for :data:`ABOVE`, the left half for :data:`LEFT`.
    side
        On which side the neighbour lies. Blend above first, then left.
    """
    size = height if side == ABOVE else width
    depth = min(size >> 1, MAX_DEPTH)
    log2 = 0
    while 1 << log2 < depth:
        log2 += 1
    weights = MASKS[log2]
    rows = depth if side == ABOVE else height
    columns = width if side == ABOVE else depth
    for row in range(rows):
        for column in range(columns):
            weight = weights[row] if side == ABOVE else weights[column]
            own, other = int(target[y + row, x + column]), int(neighbour[row, column])
            target[y + row, x + column] = (weight * own + (64 - weight) * other + 32) >> 6
