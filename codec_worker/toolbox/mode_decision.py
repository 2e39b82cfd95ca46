"""Encoder's choice for one block: the record with the least Lagrangian cost.

Cost is the squared error of the decoded samples (chroma weighted) plus lambda times the price of
the very bins that would be written (Sullivan and Wiegand, 1998). Candidates are ranked by SATD
first and only the best are coded in full.
"""

import numpy as np
from numba import types

from codec_worker.toolbox import intra
from codec_worker.toolbox.block_syntax import CHROMA_LEVELS, LUMA_LEVELS, code_block, mark
from codec_worker.toolbox.coding_state import (
    ADAPTIVE_TRANSFORM,
    CHROMA_MODE,
    CHROMA_WEIGHT,
    CODED_U,
    CODED_V,
    CODED_Y,
    EARLY_STOP,
    FIELDS,
    FRAME,
    INTER,
    INTRA,
    INTRA_FRAME,
    INTRA_TRIALS,
    KIND,
    LAMBDA,
    MERGE,
    MERGE_MARGIN,
    MERGE_TRIALS,
    MODE,
    QP,
    QP_CHROMA,
    REF0,
    SAVES,
    SKIP,
    TRANSFORM,
    Frame,
)
from codec_worker.toolbox.distortion import satd, ssd
from codec_worker.toolbox.inter_search import rank_merges, search_motion
from codec_worker.toolbox.kernel import I16, I32, I64, U8, inner_kernel
from codec_worker.toolbox.prediction import inter_chroma, inter_luma, intra_block
from codec_worker.toolbox.range_coder import BIT_PRICE, BITS, CODER, Coder
from codec_worker.toolbox.rdoq import optimise
from codec_worker.toolbox.reconstruction import add_residual, transform_kind
from codec_worker.toolbox.transform import DCT2, forward
from codec_worker.toolbox.vector_prediction import MERGE_CANDIDATES

_I = types.int64
_F = types.float64
_RECORD = types.int16[::1]
_PLANE = types.uint8[:, ::1]
_BLOCK = types.int32[:, ::1]
_LEAF_SAVE = SAVES - 1

_gather = intra.gather
_predict = intra.predict
_likely = intra.likely_modes


@inner_kernel(types.void(FRAME, _I, _I, _I, _I, _I, _I))
def keep(frame: Frame, slot: int, y: int, x: int, height: int, width: int, back: int) -> None:
    """Copy all that coding a block has changed into a slot, or ``back`` from it.

    The part of the block outside the frame is left out.
    """
    height, width = min(height, frame.y.shape[0] - y), min(width, frame.y.shape[1] - x)
    if height <= 0 or width <= 0:
        return
    rows, columns = height >> 2, width >> 2
    cy, cx, ch, cw, row, column = y >> 1, x >> 1, height >> 1, width >> 1, y >> 2, x >> 2
    if back:
        frame.y[y : y + height, x : x + width] = frame.saved_y[slot, :height, :width]
        frame.u[cy : cy + ch, cx : cx + cw] = frame.saved_u[slot, :ch, :cw]
        frame.v[cy : cy + ch, cx : cx + cw] = frame.saved_v[slot, :ch, :cw]
        frame.levels_y[y : y + height, x : x + width] = frame.saved_levels_y[slot, :height, :width]
        frame.levels_u[cy : cy + ch, cx : cx + cw] = frame.saved_levels_u[slot, :ch, :cw]
        frame.levels_v[cy : cy + ch, cx : cx + cw] = frame.saved_levels_v[slot, :ch, :cw]
        frame.cells[row : row + rows, column : column + columns] = frame.saved_cells[
            slot, :rows, :columns
        ]
        if slot != _LEAF_SAVE:
            frame.splits[:, row : row + rows, column : column + columns] = frame.saved_splits[
                slot, :, :rows, :columns
            ]
        return
    frame.saved_y[slot, :height, :width] = frame.y[y : y + height, x : x + width]
    frame.saved_u[slot, :ch, :cw] = frame.u[cy : cy + ch, cx : cx + cw]
    frame.saved_v[slot, :ch, :cw] = frame.v[cy : cy + ch, cx : cx + cw]
    frame.saved_levels_y[slot, :height, :width] = frame.levels_y[y : y + height, x : x + width]
    frame.saved_levels_u[slot, :ch, :cw] = frame.levels_u[cy : cy + ch, cx : cx + cw]
    frame.saved_levels_v[slot, :ch, :cw] = frame.levels_v[cy : cy + ch, cx : cx + cw]
    frame.saved_cells[slot, :rows, :columns] = frame.cells[
        row : row + rows, column : column + columns
    ]
    if slot != _LEAF_SAVE:
        frame.saved_splits[slot, :, :rows, :columns] = frame.splits[
            :, row : row + rows, column : column + columns
        ]


@inner_kernel(_I(_PLANE, _PLANE, _BLOCK, _BLOCK, _I, _I, _I, _I, _I, _I, _F, _I, _I))
def _code_residual(
    source: U8,
    plane: U8,
    levels: I32,
    rows: I32,
    luma: int,
    y: int,
    x: int,
    log2_height: int,
    log2_width: int,
    qp: int,
    weight: float,
    vertical: int,
    horizontal: int,
) -> int:
    """Transform, quantise and rebuild the difference of ``source`` to the prediction in ``plane``.

    Returns 1 when a level is not zero.
    """
    height, width = 1 << log2_height, 1 << log2_width
    block = np.empty((32, 32), np.int32)
    chosen = np.empty((32, 32), np.int32)
    for row in range(height):
        first, second = source[y + row, x : x + width], plane[y + row, x : x + width]
        for column in range(width):
            block[row, column] = np.int32(first[column]) - np.int32(second[column])
    forward(block, log2_height, log2_width, vertical, horizontal)
    base = LUMA_LEVELS if luma else CHROMA_LEVELS
    count = optimise(block, chosen, log2_height, log2_width, qp, weight, rows, base, luma)
    if count == 0:
        return 0
    levels[y : y + height, x : x + width] = chosen[:height, :width]
    add_residual(plane, levels, y, x, log2_height, log2_width, qp, vertical, horizontal)
    return 1


@inner_kernel(_F(CODER, FRAME, _RECORD, _I, _I, _I, _I))
def try_record(
    counter: Coder, frame: Frame, record: I16, y: int, x: int, log2_height: int, log2_width: int
) -> float:
    """Code a block by a record into the frame's planes and levels; return its Lagrangian cost.

    The coded flags of the record are set. A record of kind SKIP gets no residual; a merging block
    that turns out to need none costs infinity, because it has to be written as a skip.
    """
    height, width = 1 << log2_height, 1 << log2_width
    cy, cx, ch, cw = y >> 1, x >> 1, height >> 1, width >> 1
    weight = frame.weights[LAMBDA]
    chroma_weight = frame.weights[CHROMA_WEIGHT]
    if record[KIND] == INTRA:
        intra_block(frame, 0, y, x, height, width, int(record[MODE]))
        intra_block(frame, 1, cy, cx, ch, cw, int(record[CHROMA_MODE]))
        intra_block(frame, 2, cy, cx, ch, cw, int(record[CHROMA_MODE]))
    else:
        scratch = np.empty((64, 64), np.uint8)
        inter_luma(frame, record, y, x, height, width, frame.y, y, x, scratch)
        inter_chroma(frame, record, y, x, height, width, scratch)
    record[CODED_Y], record[CODED_U], record[CODED_V] = 0, 0, 0
    if record[KIND] != SKIP:
        tile_height, tile_width = min(log2_height, 5), min(log2_width, 5)
        columns = 1 << (log2_width - tile_width)
        tiles = columns << (log2_height - tile_height)
        vertical = transform_kind(record, tile_height)
        horizontal = transform_kind(record, tile_width)
        for tile in range(tiles):
            ty = y + ((tile // columns) << tile_height)
            tx = x + ((tile % columns) << tile_width)
            coded = _code_residual(
                frame.source_y, frame.y, frame.levels_y, counter.contexts, 1, ty, tx,
                tile_height, tile_width, frame.numbers[QP], weight, vertical, horizontal,
            )  # fmt: skip
            record[CODED_Y] |= coded << tile
        qp = frame.numbers[QP_CHROMA]
        record[CODED_U] = _code_residual(
            frame.source_u, frame.u, frame.levels_u, counter.contexts, 0, cy, cx,
            log2_height - 1, log2_width - 1, qp, weight / chroma_weight, DCT2, DCT2,
        )  # fmt: skip
        record[CODED_V] = _code_residual(
            frame.source_v, frame.v, frame.levels_v, counter.contexts, 0, cy, cx,
            log2_height - 1, log2_width - 1, qp, weight / chroma_weight, DCT2, DCT2,
        )  # fmt: skip
    coded = record[CODED_Y] or record[CODED_U] or record[CODED_V]
    if record[MERGE] and record[KIND] == INTER and not coded:
        return np.inf  # this is a skip, and the syntax cannot write it otherwise
    loss = float(ssd(frame.source_y, y, x, frame.y, y, x, height, width))
    chroma = ssd(frame.source_u, cy, cx, frame.u, cy, cx, ch, cw)
    chroma += ssd(frame.source_v, cy, cx, frame.v, cy, cx, ch, cw)
    counter.state[BITS] = 0
    code_block(counter, frame, record, y, x, log2_height, log2_width)
    return float(loss + chroma_weight * chroma + weight * counter.state[BITS] / BIT_PRICE)


@inner_kernel(_I(FRAME, _I, _I, _I, _I, types.int64[::1], _I))
def _rank_intra_modes(
    frame: Frame, y: int, x: int, height: int, width: int, modes: I64, thorough: int
) -> int:
    """Rank luma modes by SATD and approximate bits; return how many were ranked."""
    root = np.sqrt(frame.weights[LAMBDA])
    border = np.empty(4 * intra.LIMIT + 1, np.int32)
    _gather(frame.y, frame.cells, 4, y, x, height, width, border)
    row, column = (y + height - 1) >> 2, x >> 2
    left, above = intra.DC, intra.DC
    if column > 0 and frame.cells[row, column - 1, KIND] == INTRA:
        left = int(frame.cells[row, column - 1, MODE])
    if y > 0 and frame.cells[(y >> 2) - 1, column, KIND] == INTRA:
        above = int(frame.cells[(y >> 2) - 1, column, MODE])
    likely = np.empty(3, np.int64)
    _likely(left, above, likely)
    trial = np.empty((32, 32), np.uint8)
    costs = np.full(intra.MODES, np.inf)
    state = np.zeros(intra.MODES, np.int64)
    for index in range(intra.MODES):
        coarse = index < 2 or thorough or (index - 2) % 4 == 0
        state[index] = 1 if coarse else 0
    for index in range(3):
        state[likely[index]] = 1
    for turn in range(3):
        for mode in range(intra.MODES):
            if state[mode] != 1:
                continue
            state[mode] = 2
            _predict(border, height, width, mode, 1, trial, 0, 0)
            bits = 6.0
            if likely[0] == mode:
                bits = 1.5
            elif likely[1] == mode or likely[2] == mode:
                bits = 2.5
            cost = satd(frame.source_y, y, x, trial, 0, 0, height, width)
            costs[mode] = cost + root * bits
        if thorough:
            break
        best = 2
        for mode in range(2, intra.MODES):
            if costs[mode] < costs[best]:
                best = mode
        step = 2 if turn == 0 else 1
        for mode in (best - step, best + step):
            if 2 <= mode < intra.MODES and state[mode] == 0:
                state[mode] = 1
    count = 0
    for mode in range(intra.MODES):
        if costs[mode] < np.inf:
            place = count
            while place > 0 and costs[modes[place - 1]] > costs[mode]:
                modes[place] = modes[place - 1]
                place -= 1
            modes[place] = mode
            count += 1
    return count


@inner_kernel(_F(CODER, FRAME, _RECORD, _RECORD, _F, _I, _I, _I, _I))
def _challenge(
    counter: Coder,
    frame: Frame,
    record: I16,
    best_record: I16,
    best: float,
    y: int,
    x: int,
    log2_height: int,
    log2_width: int,
) -> float:
    """Try a record against the best so far; keep the better one, return its cost."""
    cost = try_record(counter, frame, record, y, x, log2_height, log2_width)
    if cost < best:
        best_record[:] = record
        keep(frame, _LEAF_SAVE, y, x, 1 << log2_height, 1 << log2_width, 0)
        return cost
    return best


@inner_kernel(_F(CODER, FRAME, _I, _I, _I, _I))
def decide_block(
    counter: Coder, frame: Frame, y: int, x: int, log2_height: int, log2_width: int
) -> float:
    """Choose a block's record, code it into the frame and mark its cells; return the cost."""
    height, width = 1 << log2_height, 1 << log2_width
    best = np.inf
    best_record = np.zeros(FIELDS, np.int16)
    record = np.zeros(FIELDS, np.int16)
    intra_needed = frame.numbers[INTRA_FRAME] != 0 or height * width == 16
    if not intra_needed:
        merges = np.zeros((MERGE_CANDIDATES, FIELDS), np.int16)
        costs = np.zeros(MERGE_CANDIDATES)
        count = rank_merges(frame, y, x, height, width, merges, costs)
        plain = False
        for index in range(min(count, frame.numbers[MERGE_TRIALS])):
            if index > 0 and costs[index] > costs[0] * frame.weights[MERGE_MARGIN]:
                break
            record[:] = merges[index]
            record[KIND] = SKIP
            best = _challenge(
                counter, frame, record, best_record, best, y, x, log2_height, log2_width
            )
            record[:] = merges[index]
            cost = try_record(counter, frame, record, y, x, log2_height, log2_width)
            if cost == np.inf:
                plain = plain or index == 0
            elif cost < best:
                best = cost
                best_record[:] = record
                keep(frame, _LEAF_SAVE, y, x, height, width, 0)
        if not (plain and frame.numbers[EARLY_STOP] and best_record[KIND] == SKIP):
            found = np.zeros((2, FIELDS), np.int16)
            search_motion(frame, y, x, height, width, merges[:count], found)
            for index in range(2):
                if found[index, KIND] >= 0:
                    best = _challenge(
                        counter, frame, found[index], best_record, best, y, x,
                        log2_height, log2_width,
                    )  # fmt: skip
            coded = best_record[CODED_Y] or best_record[CODED_U] or best_record[CODED_V]
            intra_needed = bool(coded) and max(log2_height, log2_width) <= 5
    if intra_needed:
        modes = np.zeros(intra.MODES, np.int64)
        count = _rank_intra_modes(frame, y, x, height, width, modes, frame.numbers[INTRA_FRAME])
        for index in range(min(count, frame.numbers[INTRA_TRIALS])):
            record[:] = 0
            record[KIND] = INTRA
            record[REF0], record[REF0 + 1] = -1, -1
            record[MODE] = modes[index]
            record[CHROMA_MODE] = modes[index]
            best = _challenge(
                counter, frame, record, best_record, best, y, x, log2_height, log2_width
            )
        if best_record[KIND] == INTRA:
            for index in range(4):
                choice = (0, 1, 26, 10)[index]
                if choice != best_record[MODE]:
                    record[:] = best_record
                    record[CHROMA_MODE] = choice
                    best = _challenge(
                        counter, frame, record, best_record, best, y, x, log2_height, log2_width
                    )
    small = max(log2_height, log2_width) <= 5
    if frame.numbers[ADAPTIVE_TRANSFORM] and best_record[CODED_Y] and small:
        record[:] = best_record
        record[TRANSFORM] = 1
        best = _challenge(counter, frame, record, best_record, best, y, x, log2_height, log2_width)
    keep(frame, _LEAF_SAVE, y, x, height, width, 1)
    mark(frame, best_record, y, x, log2_height, log2_width)
    return best
