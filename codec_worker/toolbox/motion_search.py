"""Motion search: from candidate vectors to the best quarter-sample vector of a block.

The cost is distortion plus ``weight`` times the estimated bits of the vector's difference to its
prediction (Sullivan and Wiegand, "Rate-distortion optimization for video compression", 1998).
Whole-sample positions are compared by SAD in a shrinking square pattern around the best
candidate, fractional ones by SATD, which foretells the residual's bits better.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.distortion import sad, satd
from codec_worker.toolbox.interpolation import place
from codec_worker.toolbox.kernel import I16, I64, U8, inner_kernel, kernel

_I = types.int64
_PLANE = types.uint8[:, ::1]
_PLANES = types.uint8[:, :, ::1]


@inner_kernel(types.float64(_I, _I))
def vector_bits(dy: int, dx: int) -> float:
    """Estimate the bits of a vector difference in quarter samples."""
    bits = 2.0
    for part in (abs(dy), abs(dx)):
        rest = part
        while rest:
            bits += 1.6
            rest >>= 1
    return bits


@kernel(types.float64(_PLANE, _I, _I, _PLANES, _I, _I, _I, _I, _I))
def distance(
    current: U8, y: int, x: int, planes: U8, vy: int, vx: int, height: int, width: int, fine: int
) -> float:
    """SAD, or SATD when ``fine``, between a block and its prediction by a vector."""
    plane = planes[(vy & 3) * 4 + (vx & 3)]
    top = place(y, vy >> 2, height, plane.shape[0])
    left = place(x, vx >> 2, width, plane.shape[1])
    if fine:
        return satd(current, y, x, plane, top, left, height, width)
    return sad(current, y, x, plane, top, left, height, width)


@inner_kernel(
    types.float64(
        _PLANE,
        _I,
        _I,
        _I,
        _I,
        _PLANES,
        types.int16[:, ::1],
        _I,
        _I,
        types.float64,
        types.int64[::1],
    )
)
def search_block(
    current: U8,
    y: int,
    x: int,
    height: int,
    width: int,
    planes: U8,
    candidates: I16,
    count: int,
    reach: int,
    weight: float,
    best: I64,
) -> float:
    """Find the vector of one block.

    Parameters
    ----------
    current
        uint8 source plane.
    y, x, height, width
        The block in samples.
    planes
        The reference's sixteen phases, see
        :func:`codec_worker.toolbox.interpolation.quarter_planes`.
    candidates
        int16 (n, 2), vectors (vy, vx) in quarter samples to start from; the first one is the
        prediction from which the vector's bits are counted.
    count
        Number of candidates to use, ≥ 1.
    reach
        First step of the pattern in samples, a power of two.
    weight
        Lagrangian weight of a bit in SAD units.
    best
        int64 (2,), receives (vy, vx).

    Returns
    -------
    float
        SATD of the best vector plus its weighted bits.
    """
    py, px = int(candidates[0, 0]), int(candidates[0, 1])
    lowest = np.inf
    by, bx = 0, 0
    for index in range(count):
        vy, vx = int(candidates[index, 0] + 2) & ~3, int(candidates[index, 1] + 2) & ~3
        cost = distance(current, y, x, planes, vy, vx, height, width, 0)
        cost += weight * vector_bits(vy - py, vx - px)
        if cost < lowest:
            lowest, by, bx = cost, vy, vx
    step = reach * 4
    while step >= 4:
        for _ in range(6):
            cy, cx = by, bx
            for dy in range(-step, step + 1, step):
                for dx in range(-step, step + 1, step):
                    if dy or dx:
                        vy, vx = cy + dy, cx + dx
                        cost = distance(current, y, x, planes, vy, vx, height, width, 0)
                        cost += weight * vector_bits(vy - py, vx - px)
                        if cost < lowest:
                            lowest, by, bx = cost, vy, vx
            if by == cy and bx == cx:
                break
        step >>= 1
    lowest = distance(current, y, x, planes, by, bx, height, width, 1)
    lowest += weight * vector_bits(by - py, bx - px)
    for index in range(count):
        vy, vx = int(candidates[index, 0]), int(candidates[index, 1])
        cost = distance(current, y, x, planes, vy, vx, height, width, 1)
        cost += weight * vector_bits(vy - py, vx - px)
        if cost < lowest:
            lowest, by, bx = cost, vy, vx
    for step in (2, 1):
        cy, cx = by, bx
        for dy in range(-step, step + 1, step):
            for dx in range(-step, step + 1, step):
                if dy or dx:
                    vy, vx = cy + dy, cx + dx
                    cost = distance(current, y, x, planes, vy, vx, height, width, 1)
                    cost += weight * vector_bits(vy - py, vx - px)
                    if cost < lowest:
                        lowest, by, bx = cost, vy, vx
    best[0], best[1] = by, bx
    return lowest


@kernel(types.void(_PLANE, _PLANES, _I, _I, types.float64, types.int16[:, :, ::1]))
def search_frame(
    current: U8, planes: U8, size: int, reach: int, weight: float, vectors: I16
) -> None:
    """Search every ``size`` × ``size`` block of a frame in raster order.

    Each block starts from the vectors of its left, upper and upper right neighbours, from zero
    and from its own former vector, and counts bits from the left neighbour's.

    Parameters
    ----------
    current
        uint8 (height, width), both multiples of ``size``.
    planes, reach, weight
        See :func:`search_block`.
    vectors
        int16 (height / size, width / size, 2), a first guess on entry, the result on return.
    """
    rows, columns = vectors.shape[0], vectors.shape[1]
    candidates = np.zeros((5, 2), np.int16)
    best = np.zeros(2, np.int64)
    for row in range(rows):
        for column in range(columns):
            candidates[:] = 0
            if column:
                candidates[0] = vectors[row, column - 1]
            if row:
                candidates[1] = vectors[row - 1, column]
                candidates[2] = vectors[row - 1, min(column + 1, columns - 1)]
            candidates[3] = vectors[row, column]
            search_block(
                current, row * size, column * size, size, size, planes, candidates, 5, reach,
                weight, best,
            )  # fmt: skip
            vectors[row, column, 0] = best[0]
            vectors[row, column, 1] = best[1]
