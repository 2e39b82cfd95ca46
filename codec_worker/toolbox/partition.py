"""The coding tree: quarters and halves of 64×64 blocks, decided, written and read.

A quadtree whose squares may be halved further, as in VVC (H.266 clause 7.3.11.4, without ternary
splits). The encoder decides a tree block by the cheapest sum of Lagrangian costs, then writes it;
the decoder reads it by the same function.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.block_syntax import (
    COLUMNS,
    LEAF,
    QUARTERS,
    ROWS,
    allowed_splits,
    code_block,
    code_split,
    mark,
)
from codec_worker.toolbox.coding_state import (
    CODED_U,
    CODED_V,
    CODED_Y,
    EARLY_STOP,
    FIELDS,
    FRAME,
    KIND,
    LAMBDA,
    NOT_DECODED,
    SKIP,
    SPLIT_MARGIN,
    TREE,
    TREE_DEPTH,
    Frame,
)
from codec_worker.toolbox.kernel import I16, inner_kernel, kernel
from codec_worker.toolbox.mode_decision import decide_block, keep
from codec_worker.toolbox.range_coder import (
    BIT_PRICE,
    BITS,
    CODER,
    COUNT,
    DECODE,
    MODE,
    OVERRUN,
    Coder,
)
from codec_worker.toolbox.reconstruction import rebuild

_I = types.int64
_F = types.float64
_LOG2_TREE = 6


@inner_kernel(types.void(FRAME, _I, _I, _I, _I))
def _forget(frame: Frame, y: int, x: int, height: int, width: int) -> None:
    """Mark the cells of a region as not decoded."""
    for row in range(y >> 2, min((y + height) >> 2, frame.cells.shape[0])):
        for column in range(x >> 2, min((x + width) >> 2, frame.cells.shape[1])):
            frame.cells[row, column, KIND] = NOT_DECODED


@inner_kernel(_F(CODER, FRAME, _I, _I, _I, _I, _I, _I))
def _decide(
    counter: Coder,
    frame: Frame,
    y: int,
    x: int,
    log2_height: int,
    log2_width: int,
    depth: int,
    halvings: int,
) -> float:
    """Decide a node of the tree and leave its best coding in the frame; return the cost."""
    if y >= frame.y.shape[0] or x >= frame.y.shape[1]:
        return 0.0
    height, width = 1 << log2_height, 1 << log2_width
    allowed = allowed_splits(frame, y, x, log2_height, log2_width)
    if halvings > 0:
        allowed &= ~(1 << QUARTERS)
    if halvings >= frame.numbers[TREE_DEPTH]:
        allowed &= ~((1 << ROWS) | (1 << COLUMNS))
    price = frame.weights[LAMBDA] / BIT_PRICE
    entry = 5 * log2_height + log2_width - 12
    best, chosen, latest = np.inf, LEAF, LEAF
    _forget(frame, y, x, height, width)
    if allowed & (1 << LEAF):
        counter.state[BITS] = 0
        code_split(counter, frame, y, x, log2_height, log2_width, halvings, LEAF)
        best = price * counter.state[BITS]
        best += decide_block(counter, frame, y, x, log2_height, log2_width)
        frame.splits[entry, y >> 2, x >> 2] = LEAF
        if allowed == 1 << LEAF:
            return float(best)
        cell = frame.cells[y >> 2, x >> 2]
        plain = not (cell[CODED_Y] or cell[CODED_U] or cell[CODED_V])
        if frame.numbers[EARLY_STOP] > 1 and cell[KIND] == SKIP and plain:
            return float(best)
        keep(frame, depth, y, x, height, width, 0)
    leaf_cost = best
    quarter_cost = np.inf
    for split in (QUARTERS, ROWS, COLUMNS):
        if not allowed & (1 << split):
            continue
        if split != QUARTERS and quarter_cost < leaf_cost * frame.weights[SPLIT_MARGIN]:
            continue
        _forget(frame, y, x, height, width)
        counter.state[BITS] = 0
        code_split(counter, frame, y, x, log2_height, log2_width, halvings, split)
        cost = price * counter.state[BITS]
        child_height = log2_height - (1 if split != COLUMNS else 0)
        child_width = log2_width - (1 if split != ROWS else 0)
        for child in range(4 if split == QUARTERS else 2):
            down = child >> 1 if split == QUARTERS else (child if split == ROWS else 0)
            right = child & 1 if split == QUARTERS else (child if split == COLUMNS else 0)
            cost += _decide(
                counter, frame, y + (down << child_height), x + (right << child_width),
                child_height, child_width, depth + 1, halvings + (split != QUARTERS),
            )  # fmt: skip
            if cost >= best:
                break
        latest = split
        if split == QUARTERS:
            quarter_cost = cost
        if cost < best:
            best, chosen = cost, split
            frame.splits[entry, y >> 2, x >> 2] = split
            keep(frame, depth, y, x, height, width, 0)
    if latest != chosen:
        keep(frame, depth, y, x, height, width, 1)
    return float(best)


@inner_kernel(types.void(CODER, FRAME, types.int16[:, :, ::1], _I, _I, _I, _I, _I))
def _code_tree(
    coder: Coder,
    frame: Frame,
    kept: I16,
    y: int,
    x: int,
    log2_height: int,
    log2_width: int,
    halvings: int,
) -> None:
    """Write a decided node, or read and rebuild one.

    ``kept`` holds the records of the tree block being written, int16 (16, 16, FIELDS).
    """
    if y >= frame.y.shape[0] or x >= frame.y.shape[1]:
        return
    decoding = coder.state[MODE] == DECODE
    if decoding and coder.state[OVERRUN] > 8:
        return
    entry = 5 * log2_height + log2_width - 12
    split = int(frame.splits[entry, y >> 2, x >> 2])
    split = code_split(coder, frame, y, x, log2_height, log2_width, halvings, split)
    if split == LEAF:
        record = np.zeros(FIELDS, np.int16)
        if not decoding:
            record[:] = kept[(y % TREE) >> 2, (x % TREE) >> 2]
        code_block(coder, frame, record, y, x, log2_height, log2_width)
        if decoding:
            rebuild(frame, record, y, x, log2_height, log2_width)
        mark(frame, record, y, x, log2_height, log2_width)
        return
    child_height = log2_height - (1 if split != COLUMNS else 0)
    child_width = log2_width - (1 if split != ROWS else 0)
    for child in range(4 if split == QUARTERS else 2):
        down = child >> 1 if split == QUARTERS else (child if split == ROWS else 0)
        right = child & 1 if split == QUARTERS else (child if split == COLUMNS else 0)
        _code_tree(
            coder, frame, kept, y + (down << child_height), x + (right << child_width),
            child_height, child_width, halvings + (split != QUARTERS),
        )  # fmt: skip


@kernel(types.void(CODER, FRAME))
def code_frame(coder: Coder, frame: Frame) -> None:
    """Code all tree blocks of a frame in raster order.

    Parameters
    ----------
    coder
        An encoder decides and writes, a decoder reads; the frame's planes hold the decoded
        samples afterwards. A decoder whose stream has ended leaves the rest untouched.
    frame
        State from :func:`codec_worker.toolbox.coding_state.new_frame`, with references and
        settings filled in.
    """
    decoding = coder.state[MODE] == DECODE
    state = np.zeros(16, np.int64)
    state[MODE] = COUNT
    counter = Coder(state, coder.buffer, coder.contexts)
    side = TREE >> 2
    kept = np.zeros((side, side, FIELDS), np.int16)
    for y in range(0, frame.y.shape[0], TREE):
        for x in range(0, frame.y.shape[1], TREE):
            if not decoding:
                _decide(counter, frame, y, x, _LOG2_TREE, _LOG2_TREE, 0, 0)
                rows = min(side, frame.cells.shape[0] - (y >> 2))
                columns = min(side, frame.cells.shape[1] - (x >> 2))
                kept[:rows, :columns] = frame.cells[
                    y >> 2 : (y >> 2) + rows, x >> 2 : (x >> 2) + columns
                ]
                _forget(frame, y, x, TREE, TREE)
            _code_tree(coder, frame, kept, y, x, _LOG2_TREE, _LOG2_TREE, 0)
