"""Encoder's search for the motion of one block: merge candidates, vectors, bi-prediction."""

import numpy as np
from numba import types

from codec_worker.toolbox.coding_state import (
    FRAME,
    INTER,
    KIND,
    LAMBDA,
    LIST0_LENGTH,
    LIST1_LENGTH,
    MERGE,
    PREDICTOR0,
    REACH,
    REF0,
    SAME_LISTS,
    V0Y,
    Frame,
)
from codec_worker.toolbox.distortion import satd
from codec_worker.toolbox.interpolation import luma_block
from codec_worker.toolbox.kernel import F64, I16, I64, U8, inner_kernel
from codec_worker.toolbox.motion_search import search_block, vector_bits
from codec_worker.toolbox.prediction import average, inter_luma
from codec_worker.toolbox.vector_prediction import (
    MERGE_CANDIDATES,
    MOTION,
    merge_candidates,
    vector_predictors,
)

_I = types.int64
_F = types.float64
_RECORD = types.int16[::1]
_PLANE = types.uint8[:, ::1]


@inner_kernel(_I(FRAME, _I, _I, _I, _I, types.int16[:, ::1], types.float64[::1]))
def rank_merges(
    frame: Frame, y: int, x: int, height: int, width: int, records: I16, costs: F64
) -> int:
    """List a block's distinct merge candidates, cheapest first.

    Parameters
    ----------
    frame, y, x, height, width
        The block in luma samples.
    records
        int16 (MERGE_CANDIDATES, FIELDS), receives a record for each candidate.
    costs
        float64 (MERGE_CANDIDATES,), receives SATD plus weighted bits.

    Returns
    -------
    int
        Number of candidates.
    """
    root = np.sqrt(frame.weights[LAMBDA])
    motions = np.empty((MERGE_CANDIDATES, MOTION), np.int64)
    merge_candidates(frame, y, x, height, width, motions)
    predicted = np.empty((64, 64), np.uint8)
    scratch = np.empty((64, 64), np.uint8)
    count = 0
    fresh = np.zeros(records.shape[1], np.int16)
    for index in range(MERGE_CANDIDATES):
        repeated = False
        for other in range(index):
            same = True
            for part in range(MOTION):
                same = same and motions[other, part] == motions[index, part]
            repeated = repeated or same
        if repeated:
            continue
        fresh[:] = 0
        fresh[KIND], fresh[MERGE] = INTER, index + 1
        for part in range(MOTION):
            fresh[REF0 + part] = motions[index, part]
        inter_luma(frame, fresh, y, x, height, width, predicted, 0, 0, scratch)
        cost = satd(frame.source_y, y, x, predicted, 0, 0, height, width) + root * (index + 1)
        place = count
        while place > 0 and costs[place - 1] > cost:
            costs[place] = costs[place - 1]
            records[place] = records[place - 1]
            place -= 1
        costs[place] = cost
        records[place] = fresh
        count += 1
    return count


@inner_kernel(types.void(FRAME, _RECORD, _I, _I, _I, _I, _I))
def choose_predictor(
    frame: Frame, record: I16, axis: int, y: int, x: int, height: int, width: int
) -> None:
    """Set the predictor of one list's vector to the cheaper of both."""
    predictors = np.zeros((2, 2), np.int64)
    vector_predictors(frame, y, x, height, width, axis, int(record[REF0 + axis]), predictors)
    vy, vx = int(record[V0Y + 2 * axis]), int(record[V0Y + 1 + 2 * axis])
    first = vector_bits(vy - predictors[0, 0], vx - predictors[0, 1])
    second = vector_bits(vy - predictors[1, 0], vx - predictors[1, 1])
    record[PREDICTOR0 + axis] = 1 if second < first else 0


@inner_kernel(
    _F(
        FRAME,
        _I,
        _I,
        _I,
        _I,
        types.uint8[:, :, ::1],
        _PLANE,
        _F,
        types.int64[::1],
        types.int64[::1],
    )
)
def _refine_second(
    frame: Frame,
    y: int,
    x: int,
    height: int,
    width: int,
    planes: U8,
    fixed: U8,
    root: float,
    centre: I64,
    vector: I64,
) -> float:
    """Improve ``vector`` so that its mean with the prediction ``fixed`` comes close to the source.

    ``centre`` is the vector from which bits are counted. Returns SATD plus weighted bits.
    """
    trial = np.empty((64, 64), np.uint8)
    best = np.inf
    by, bx = vector[0], vector[1]
    for step in (0, 4, 2, 1):
        cy, cx = by, bx
        for dy in range(-step, step + 1, max(step, 1)):
            for dx in range(-step, step + 1, max(step, 1)):
                if step > 0 and dy == 0 and dx == 0:
                    continue
                vy, vx = cy + dy, cx + dx
                luma_block(planes, y, x, vy, vx, height, width, trial, 0, 0)
                average(trial, 0, 0, fixed, height, width)
                cost = satd(frame.source_y, y, x, trial, 0, 0, height, width) + root * vector_bits(
                    vy - centre[0], vx - centre[1]
                )
                if cost < best:
                    best, by, bx = cost, vy, vx
    vector[0], vector[1] = by, bx
    return best


@inner_kernel(_F(FRAME, _I, _I, _I, _I, types.int16[:, ::1], types.int16[:, ::1]))
def search_motion(
    frame: Frame, y: int, x: int, height: int, width: int, merges: I16, found: I16
) -> float:
    """Search the best motion into one reference and into two.

    Parameters
    ----------
    frame, y, x, height, width
        The block in luma samples.
    merges
        int16 (n, FIELDS), records whose vectors are tried as starting points.
    found
        int16 (2, FIELDS), receives the best motion with one reference and, where both lists have
        references, the best with two (else its KIND is -1).

    Returns
    -------
    float
        The lower of both costs: SATD plus weighted bits.
    """
    root = np.sqrt(frame.weights[LAMBDA])
    row, column = y >> 2, x >> 2
    candidates = np.zeros((12, 2), np.int16)
    predictors = np.zeros((2, 2), np.int64)
    vector = np.zeros(2, np.int64)
    best_cost = np.full(2, np.inf)
    best_reference = np.zeros(2, np.int64)
    best_vector = np.zeros((2, 2), np.int64)
    centre = np.zeros((2, 2), np.int64)
    found[:] = 0
    found[0, KIND], found[1, KIND] = INTER, -1
    lists = 2 if frame.numbers[LIST1_LENGTH] > 0 else 1
    for axis in range(lists):
        for reference in range(frame.numbers[LIST0_LENGTH + axis]):
            history = frame.history[axis, reference]
            vector_predictors(frame, y, x, height, width, axis, reference, predictors)
            twin = -1
            if axis == 1:
                for other in range(frame.numbers[LIST0_LENGTH]):
                    if frame.pocs[0, other] == frame.pocs[1, reference]:
                        twin = other
            if twin >= 0:
                # Searched already through the other list.
                vector[0] = frame.history[0, twin, row, column, 0]
                vector[1] = frame.history[0, twin, row, column, 1]
                cost = np.inf
                if reference == 0:
                    cost = 1e15
            else:
                count = 0
                for index in range(2):
                    candidates[count, 0] = predictors[index, 0]
                    candidates[count, 1] = predictors[index, 1]
                    count += 1
                candidates[count] = history[row, column]
                count += 1
                middle_row = min((y + (height >> 1)) >> 2, history.shape[0] - 1)
                middle_column = min((x + (width >> 1)) >> 2, history.shape[1] - 1)
                candidates[count] = history[middle_row, middle_column]
                count += 1
                if column > 0:
                    candidates[count] = history[row, column - 1]
                    count += 1
                if row > 0:
                    candidates[count] = history[row - 1, column]
                    count += 1
                candidates[count] = 0
                count += 1
                for index in range(merges.shape[0]):
                    if merges[index, REF0 + axis] == reference and count < 12:
                        candidates[count, 0] = merges[index, V0Y + 2 * axis]
                        candidates[count, 1] = merges[index, V0Y + 1 + 2 * axis]
                        count += 1
                cost = search_block(
                    frame.source_y, y, x, height, width, frame.luma[frame.slots[axis, reference]],
                    candidates, count, frame.numbers[REACH], root, vector,
                ) + root * (reference + lists)  # fmt: skip
            for cell_row in range(row, (y + height) >> 2):
                for cell_column in range(column, (x + width) >> 2):
                    history[cell_row, cell_column, 0] = vector[0]
                    history[cell_row, cell_column, 1] = vector[1]
            if cost < best_cost[axis]:
                best_cost[axis] = cost
                best_reference[axis] = reference
                best_vector[axis, 0], best_vector[axis, 1] = vector[0], vector[1]
                centre[axis, 0], centre[axis, 1] = predictors[0, 0], predictors[0, 1]
    single = 0 if lists == 1 or best_cost[0] <= best_cost[1] else 1
    found[0, REF0 + 1 - single] = -1
    found[0, REF0 + single] = best_reference[single]
    found[0, V0Y + 2 * single] = best_vector[single, 0]
    found[0, V0Y + 1 + 2 * single] = best_vector[single, 1]
    choose_predictor(frame, found[0], single, y, x, height, width)
    result = best_cost[single]
    if lists == 2:
        fixed = np.empty((64, 64), np.uint8)
        if frame.numbers[SAME_LISTS] and frame.numbers[LIST1_LENGTH] > 1:
            # The same reference twice gains little: pair the best with another one.
            best_reference[1] = 1 if best_reference[0] == 0 else 0
            best_vector[1, 0] = frame.history[1, best_reference[1], row, column, 0]
            best_vector[1, 1] = frame.history[1, best_reference[1], row, column, 1]
            vector_predictors(frame, y, x, height, width, 1, best_reference[1], predictors)
            centre[1, 0], centre[1, 1] = predictors[0, 0], predictors[0, 1]
        cost = np.inf
        start = 1 if best_cost[0] <= best_cost[1] else 0
        for turn in range(2):
            axis = start if turn == 0 else 1 - start
            other = 1 - axis
            planes = frame.luma[frame.slots[other, best_reference[other]]]
            luma_block(
                planes, y, x, best_vector[other, 0], best_vector[other, 1], height, width,
                fixed, 0, 0,
            )  # fmt: skip
            cost = _refine_second(
                frame, y, x, height, width, frame.luma[frame.slots[axis, best_reference[axis]]],
                fixed, root, centre[axis], best_vector[axis],
            )  # fmt: skip
            cost += root * vector_bits(
                best_vector[other, 0] - centre[other, 0], best_vector[other, 1] - centre[other, 1]
            )
            cost += root * (best_reference[0] + best_reference[1] + 1)
        found[1, KIND] = INTER
        for axis in range(2):
            found[1, REF0 + axis] = best_reference[axis]
            found[1, V0Y + 2 * axis] = best_vector[axis, 0]
            found[1, V0Y + 1 + 2 * axis] = best_vector[axis, 1]
            choose_predictor(frame, found[1], axis, y, x, height, width)
        result = min(result, cost)
    return float(result)
