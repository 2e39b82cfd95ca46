"""Vectors from neighbours: merge candidates and predictors of coded vectors.

The lists of HEVC (H.265 clauses 8.5.3.2.2 to 8.5.3.2.9): spatial neighbours, the collocated block
of another frame scaled by the distance in time, zero vectors; with VVC's pairwise average
(H.266 clause 8.5.2.4). Integers only; every candidate is clipped to 16 bits.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.coding_state import (
    FRAME,
    INTER,
    KIND,
    LIST0_LENGTH,
    LIST1_LENGTH,
    POC,
    REF0,
    REF1,
    V0X,
    V0Y,
    V1X,
    V1Y,
    Frame,
)
from codec_worker.toolbox.kernel import I64, inner_kernel

MERGE_CANDIDATES = 6
MOTION = 6  # numbers of a motion: both references (-1 none), then both vectors (y, x)

_I = types.int64
_LIST = types.int64[:, ::1]


@inner_kernel(_I(_I, _I, _I))
def scaled(vector: int, wanted: int, given: int) -> int:
    """Scale one part of a vector from distance ``given`` to distance ``wanted`` (frames)."""
    if wanted == given:
        return vector
    product = vector * wanted
    size = abs(given)
    magnitude = (abs(product) + (size >> 1)) // size
    sign = (1 if product >= 0 else -1) * (1 if given > 0 else -1)
    return min(max(sign * magnitude, -32768), 32767)


@inner_kernel(types.boolean(FRAME, _I, _I))
def _moved(frame: Frame, row: int, column: int) -> bool:
    inside = 0 <= row < frame.cells.shape[0] and 0 <= column < frame.cells.shape[1]
    return bool(inside and frame.cells[row, column, KIND] >= INTER)


@inner_kernel(types.boolean(FRAME, _I, _I, _I, _I, types.int64[::1]))
def temporal(frame: Frame, row: int, column: int, axis: int, reference: int, out: I64) -> bool:
    """Scale the collocated vector at a cell to one of our references.

    ``axis`` is our list, ``out`` int64 (2,) receives (vy, vx). Returns whether there is one.
    """
    row = min(row, frame.cells.shape[0] - 1) >> 2 << 2
    column = min(column, frame.cells.shape[1] - 1) >> 2 << 2
    wanted = frame.numbers[POC] - frame.pocs[axis, reference]
    for turn in range(2):
        source = axis if turn == 0 else 1 - axis
        given = frame.near_distances[row, column, source]
        if given != 0:
            for part in range(2):
                vector = frame.near_vectors[row, column, source, part]
                out[part] = scaled(int(vector), wanted, int(given))
            return True
    return False


@inner_kernel(_I(FRAME, _I, _I, _I, _I, _LIST))
def merge_candidates(frame: Frame, y: int, x: int, height: int, width: int, out: I64) -> int:
    """List the motions a block can take over.

    Parameters
    ----------
    frame
        State; neighbours not decoded yet count as absent.
    y, x, height, width
        The block in luma samples.
    out
        int64 (MERGE_CANDIDATES, MOTION), filled completely.

    Returns
    -------
    int
        Number of candidates that are not mere filling with zero vectors.
    """
    top, left = y >> 2, x >> 2
    bottom, right = (y + height - 1) >> 2, (x + width - 1) >> 2
    count = 0
    for index in range(5):
        row = (bottom, top - 1, top - 1, bottom + 1, top - 1)[index]
        column = (left - 1, right, right + 1, left - 1, left - 1)[index]
        if count >= 4 or not _moved(frame, row, column):
            continue
        cell = frame.cells[row, column]
        for part in range(MOTION):
            out[count, part] = cell[REF0 + part]
        fresh = True
        for other in range(count):
            same = True
            for part in range(MOTION):
                same = same and out[other, part] == out[count, part]
            fresh = fresh and not same
        count += fresh
    two_lists = frame.numbers[LIST1_LENGTH] > 0
    vector = np.zeros(2, np.int64)
    if count < MERGE_CANDIDATES - 1:
        out[count, 0], out[count, 1] = -1, -1
        out[count, 2:] = 0
        for axis in range(2 if two_lists else 1):
            found = temporal(frame, bottom + 1, right + 1, axis, 0, vector)
            found = found or temporal(
                frame, (top + bottom + 1) >> 1, (left + right + 1) >> 1, axis, 0, vector
            )
            if found:
                out[count, axis] = 0
                out[count, 2 + 2 * axis] = vector[0]
                out[count, 3 + 2 * axis] = vector[1]
        fresh = out[count, 0] >= 0 or out[count, 1] >= 0
        for other in range(count):
            same = True
            for part in range(MOTION):
                same = same and out[other, part] == out[count, part]
            fresh = fresh and not same
        count += fresh
    if 2 <= count < MERGE_CANDIDATES:
        for axis in range(2):
            first, second = out[0, axis], out[1, axis]
            at = 2 + 2 * axis
            out[count, axis] = first if first >= 0 else second
            if first >= 0 and first == second:
                out[count, at] = (out[0, at] + out[1, at] + 1) >> 1
                out[count, at + 1] = (out[0, at + 1] + out[1, at + 1] + 1) >> 1
            else:
                source = 0 if first >= 0 else 1
                out[count, at] = out[source, at]
                out[count, at + 1] = out[source, at + 1]
        count += 1
    real = count
    limit = frame.numbers[LIST0_LENGTH]
    if two_lists:
        limit = min(limit, frame.numbers[LIST1_LENGTH])
    for index in range(count, MERGE_CANDIDATES):
        reference = min(index - count, limit - 1)
        out[index, :] = 0
        out[index, 0] = reference
        out[index, 1] = reference if two_lists else -1
    return real


@inner_kernel(types.void(FRAME, _I, _I, _I, _I, _I, _I, _LIST))
def vector_predictors(
    frame: Frame, y: int, x: int, height: int, width: int, axis: int, reference: int, out: I64
) -> None:
    """Give the two predictors of a block's vector into one reference.

    One comes from the left, one from above, then the collocated vector, then zero; a neighbour
    that uses another reference is scaled. ``out`` is int64 (2, 2), rows (vy, vx).
    """
    top, left = y >> 2, x >> 2
    bottom, right = (y + height - 1) >> 2, (x + width - 1) >> 2
    wanted = frame.numbers[POC] - frame.pocs[axis, reference]
    count = 0
    for side in range(2):
        done = False
        for exact in range(2):
            for index in range(2 if side == 0 else 3):
                if side == 0:
                    row, column = (bottom + 1, bottom)[index], left - 1
                else:
                    row, column = top - 1, (right + 1, right, left - 1)[index]
                if done or count >= 2 or not _moved(frame, row, column):
                    continue
                cell = frame.cells[row, column]
                for turn in range(2):
                    source = axis if turn == 0 else 1 - axis
                    used = cell[REF0] if source == 0 else cell[REF1]
                    if done or used < 0:
                        continue
                    given = frame.numbers[POC] - frame.pocs[source, used]
                    if (given == wanted) == (exact == 0):
                        vy = cell[V0Y] if source == 0 else cell[V1Y]
                        vx = cell[V0X] if source == 0 else cell[V1X]
                        out[count, 0] = scaled(int(vy), wanted, given)
                        out[count, 1] = scaled(int(vx), wanted, given)
                        done = True
        if done:
            count += 1
            if count == 2 and out[0, 0] == out[1, 0] and out[0, 1] == out[1, 1]:
                count = 1
    if count < 2:
        found = temporal(frame, bottom + 1, right + 1, axis, reference, out[count])
        found = found or temporal(
            frame, (top + bottom + 1) >> 1, (left + right + 1) >> 1, axis, reference, out[count]
        )
        if found:
            count += 1
            if count == 2 and out[0, 0] == out[1, 0] and out[0, 1] == out[1, 1]:
                count = 1
    for index in range(count, 2):
        out[index, 0] = 0
        out[index, 1] = 0
