"""Constrained directional enhancement: smooths ringing along the edges of a decoded plane.

AV1's CDEF (AV1 bitstream specification, clause 7.15; Midtskogen and Valin, "The AV1 constrained
directional enhancement filter", 2018) for 8-bit samples: each 8×8 block takes the direction in
which it varies least; a primary filter works along it, a secondary one at 45 degrees to both
sides, and differences that are large against the strength count less. Integers only.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I64, U8, inner_kernel, kernel

BLOCK = 8  # side of a block with one direction, in luma samples
SECONDARY = (0, 1, 2, 4)  # the secondary strengths AV1 knows; primary ones are 0..15

# (y, x) of the two taps on one side, for each direction; the others mirror them.
DIRECTIONS = np.array(
    [
        [[-1, 1], [-2, 2]],
        [[0, 1], [-1, 2]],
        [[0, 1], [0, 2]],
        [[0, 1], [1, 2]],
        [[1, 1], [2, 2]],
        [[1, 0], [2, 1]],
        [[1, 0], [2, 0]],
        [[1, 0], [2, -1]],
    ],
    np.int64,
)
_WEIGHTS = np.array([0, 840, 420, 280, 210, 168, 140, 120, 105], np.int64)

_I = types.int64
_PLANE = types.uint8[:, ::1]


@inner_kernel(_I(_PLANE, _I, _I, types.int64[::1]))
def block_direction(plane: U8, y: int, x: int, result: I64) -> int:
    """Find the direction of the 8×8 block at (y, x) (clause 7.15.2).

    ``result`` is int64 (1,) and receives the variance: how much better the direction fits than
    the one across it. Returns the direction, 0..7.
    """
    partial = np.zeros((8, 15), np.int64)
    cost = np.zeros(8, np.int64)
    for i in range(8):
        for j in range(8):
            value = int(plane[y + i, x + j]) - 128
            partial[0, i + j] += value
            partial[1, i + (j >> 1)] += value
            partial[2, i] += value
            partial[3, 3 + i - (j >> 1)] += value
            partial[4, 7 + i - j] += value
            partial[5, 3 - (i >> 1) + j] += value
            partial[6, j] += value
            partial[7, (i >> 1) + j] += value
    for i in range(8):
        cost[2] += partial[2, i] * partial[2, i] * _WEIGHTS[8]
        cost[6] += partial[6, i] * partial[6, i] * _WEIGHTS[8]
    for way in (0, 4):
        for i in range(7):
            both = partial[way, i] * partial[way, i] + partial[way, 14 - i] * partial[way, 14 - i]
            cost[way] += both * _WEIGHTS[i + 1]
        cost[way] += partial[way, 7] * partial[way, 7] * _WEIGHTS[8]
    for way in (1, 3, 5, 7):
        for j in range(5):
            cost[way] += partial[way, 3 + j] * partial[way, 3 + j] * _WEIGHTS[8]
        for j in range(3):
            both = partial[way, j] * partial[way, j] + partial[way, 10 - j] * partial[way, 10 - j]
            cost[way] += both * _WEIGHTS[2 * j + 2]
    best = 0
    for way in range(1, 8):
        if cost[way] > cost[best]:
            best = way
    result[0] = (cost[best] - cost[(best + 4) & 7]) >> 10
    return best


@inner_kernel(_I(_I))
def _floor_log2(value: int) -> int:
    result = 0
    while value >> (result + 1):
        result += 1
    return result


@kernel(types.void(_PLANE, types.uint8[:, ::1], types.int64[:, ::1]))
def directions(plane: U8, ways: U8, variances: I64) -> None:
    """Find the direction and variance of every 8×8 block of a luma plane.

    ``ways`` is uint8 (h / 8, w / 8), ``variances`` int64 of the same shape; the sides of
    ``plane`` are multiples of 8.
    """
    variance = np.zeros(1, np.int64)
    for row in range(ways.shape[0]):
        for column in range(ways.shape[1]):
            ways[row, column] = block_direction(plane, row << 3, column << 3, variance)
            variances[row, column] = variance[0]


@inner_kernel(_I(_I, _I, _I))
def constrain(difference: int, strength: int, shift: int) -> int:
    """Limit a difference: as it is while small, falling to nothing as it grows (clause 7.15.3).

    ``shift`` is the damping less the binary logarithm of the strength.
    """
    if strength == 0:
        return 0
    magnitude = abs(difference)
    limited = min(max(strength - (magnitude >> shift), 0), magnitude)
    return limited if difference >= 0 else -limited


@kernel(types.void(_PLANE, _PLANE, types.int64[:, ::1], _PLANE, _I, _I, _I, _I, _PLANE))
def enhance(
    plane: U8,
    ways: U8,
    variances: I64,
    enabled: U8,
    primary: int,
    secondary: int,
    damping: int,
    luma: int,
    out: U8,
) -> None:
    """Filter a plane by one pair of strengths.

    Parameters
    ----------
    plane
        uint8, decoded samples; luma's sides are multiples of 8, chroma's of 4.
    ways, variances
        From :func:`directions` of the luma plane.
    enabled
        uint8, one number for each 8×8 luma block; blocks with 0 are copied.
    primary, secondary
        Strengths 0..15 and 0..4.
    damping
        3..6 for luma; chroma takes one less.
    luma
        1 for luma, whose primary strength follows the variance, 0 for chroma.
    out
        Receives the result; not ``plane``.
    """
    height, width = plane.shape
    side = 8 if luma else 4
    for row in range(ways.shape[0]):
        for column in range(ways.shape[1]):
            top, left = row * side, column * side
            strength = primary
            if luma:
                variance = variances[row, column]
                grade = min(_floor_log2(variance >> 6), 12) if variance >> 6 else 0
                strength = (primary * (4 + grade) + 8) >> 4 if variance else 0
            if not enabled[row, column] or (strength == 0 and secondary == 0):
                out[top : top + side, left : left + side] = plane[
                    top : top + side, left : left + side
                ]
                continue
            way = int(ways[row, column]) if primary else 0
            near, far = (3, 3) if strength & 1 else (4, 2)
            first_shift = max(damping - _floor_log2(strength), 0) if strength else 0
            second_shift = max(damping - _floor_log2(secondary), 0) if secondary else 0
            for y in range(top, top + side):
                for x in range(left, left + side):
                    centre = int(plane[y, x])
                    total, lowest, highest = 0, centre, centre
                    for turn in range(3):
                        offsets = DIRECTIONS[(way + (0, 2, 6)[turn]) & 7]
                        for step in range(2):
                            for sign in (-1, 1):
                                py = y + sign * offsets[step, 0]
                                px = x + sign * offsets[step, 1]
                                if py < 0 or px < 0 or py >= height or px >= width:
                                    continue
                                other = int(plane[py, px])
                                lowest, highest = min(lowest, other), max(highest, other)
                                if turn == 0:
                                    tap = near if step == 0 else far
                                    total += tap * constrain(other - centre, strength, first_shift)
                                else:
                                    tap = 2 - step
                                    total += tap * constrain(
                                        other - centre, secondary, second_shift
                                    )
                    value = centre + ((8 + total - (1 if total < 0 else 0)) >> 4)
                    out[y, x] = min(max(value, lowest), highest)
