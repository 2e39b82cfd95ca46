"""The bins of a block and of the tree above it: partition, prediction and coefficients.

Every function here serves encoder, decoder and price estimate alike, by the coder's mode (see
:mod:`codec_worker.toolbox.range_coder`). When decoding, records and levels are filled in; whatever
a damaged stream says, every number stays in the range that the arrays allow.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.coding_state import (
    ADAPTIVE_TRANSFORM,
    CELL,
    CHROMA_MODE,
    CODED_U,
    CODED_V,
    CODED_Y,
    FRAME,
    INTER,
    INTRA,
    INTRA_FRAME,
    KIND,
    LIST0_LENGTH,
    LIST1_LENGTH,
    LOG2_H,
    LOG2_W,
    MERGE,
    MIN_SIDE,
    MODE,
    PREDICTOR0,
    REF0,
    SAME_LISTS,
    SKIP,
    TRANSFORM,
    TREE_DEPTH,
    V0X,
    V0Y,
    Frame,
)
from codec_worker.toolbox.intra import DC, likely_modes
from codec_worker.toolbox.kernel import I16, I32, inner_kernel
from codec_worker.toolbox.range_coder import (
    CODER,
    DECODE,
    Coder,
    code_bin,
    code_bits,
    code_signed,
    code_unary,
)
from codec_worker.toolbox.range_coder import MODE as CODER_MODE
from codec_worker.toolbox.residual import CONTEXTS as LEVEL_CONTEXTS
from codec_worker.toolbox.residual import code_levels
from codec_worker.toolbox.vector_prediction import (
    MERGE_CANDIDATES,
    MOTION,
    merge_candidates,
    vector_predictors,
)

LEAF, QUARTERS, ROWS, COLUMNS = 0, 1, 2, 3

# Places of the contexts.
LUMA_LEVELS = 0
CHROMA_LEVELS = LEVEL_CONTEXTS
_SPLIT = 2 * LEVEL_CONTEXTS
_QUARTERS = _SPLIT + 27
_DIRECTION = _QUARTERS + 9
_SKIP = _DIRECTION + 3
_INTRA = _SKIP + 3
_MERGE = _INTRA + 3
_MERGE_INDEX = _MERGE + 1
_BOTH = _MERGE_INDEX + MERGE_CANDIDATES
_LIST = _BOTH + 5
_REFERENCE = _LIST + 1
_VECTOR = _REFERENCE + 8
_PREDICTOR = _VECTOR + 34
_LIKELY = _PREDICTOR + 1
_CHROMA = _LIKELY + 3
_ROOT = _CHROMA + 1
_CODED_Y = _ROOT + 1
_CODED_U = _CODED_Y + 4
_CODED_V = _CODED_U + 2
_TRANSFORM = _CODED_V + 4
CONTEXTS = _TRANSFORM + 2

_CHROMA_CHOICES = np.array([0, 1, 26, 10], np.int64)

_I = types.int64
_RECORD = types.int16[::1]


@inner_kernel(types.void(FRAME, _RECORD, _I, _I, _I, _I))
def mark(frame: Frame, record: I16, y: int, x: int, log2_height: int, log2_width: int) -> None:
    """Write a block's record into all of its cells."""
    record[LOG2_H] = log2_height
    record[LOG2_W] = log2_width
    for row in range(y >> 2, (y + (1 << log2_height)) >> 2):
        for column in range(x >> 2, (x + (1 << log2_width)) >> 2):
            frame.cells[row, column] = record


@inner_kernel(_I(FRAME, _I, _I, _I, _I))
def allowed_splits(frame: Frame, y: int, x: int, log2_height: int, log2_width: int) -> int:
    """Tell which ways a node may be split, apart from the depth: bits 1 << kind of split.

    Quarters of squares down to 8×8, halves down to the shortest side; a node that reaches over
    the frame's edge, or is too large for intra prediction, can only be quartered.
    """
    if y + (1 << log2_height) > frame.y.shape[0] or x + (1 << log2_width) > frame.y.shape[1]:
        return 1 << QUARTERS
    if frame.numbers[INTRA_FRAME] and log2_height > 5:
        return 1 << QUARTERS
    splits = 1 << LEAF
    if log2_height == log2_width and log2_height > 3:
        splits |= 1 << QUARTERS
    if 1 << log2_height > frame.numbers[MIN_SIDE]:
        splits |= 1 << ROWS
    if 1 << log2_width > frame.numbers[MIN_SIDE]:
        splits |= 1 << COLUMNS
    return splits


@inner_kernel(_I(CODER, FRAME, _I, _I, _I, _I, _I, _I))
def code_split(
    coder: Coder,
    frame: Frame,
    y: int,
    x: int,
    log2_height: int,
    log2_width: int,
    halvings: int,
    split: int,
) -> int:
    """Code how a node is split; ``halvings`` counts the halvings above it."""
    allowed = allowed_splits(frame, y, x, log2_height, log2_width)
    if halvings > 0:
        allowed &= ~(1 << QUARTERS)
    if halvings >= frame.numbers[TREE_DEPTH]:
        allowed &= ~((1 << ROWS) | (1 << COLUMNS))
    if allowed == 1 << LEAF:
        return LEAF
    if allowed == 1 << QUARTERS:
        return QUARTERS
    row, column = y >> 2, x >> 2
    finer = 0
    if column > 0 and frame.cells[row, column - 1, KIND] >= 0:
        finer += frame.cells[row, column - 1, LOG2_H] < log2_height
    if row > 0 and frame.cells[row - 1, column, KIND] >= 0:
        finer += frame.cells[row - 1, column, LOG2_W] < log2_width
    area = log2_height + log2_width - 4  # 0..8
    if not code_bin(coder, _SPLIT + 3 * area + finer, 1 if split != LEAF else 0):
        return LEAF
    quarters = (allowed >> QUARTERS) & 1
    rows, columns = (allowed >> ROWS) & 1, (allowed >> COLUMNS) & 1
    if quarters and (rows or columns):
        quarters = code_bin(
            coder, _QUARTERS + 3 * ((area >> 1) - 2) + finer, 1 if split == QUARTERS else 0
        )
    if quarters:
        return QUARTERS
    if rows and columns:
        shape = 0 if log2_height > log2_width else (1 if log2_height == log2_width else 2)
        rows = code_bin(coder, _DIRECTION + shape, 1 if split == ROWS else 0)
    return ROWS if rows else COLUMNS


@inner_kernel(_I(CODER, FRAME, _I, _I, _I, _I))
def _code_likely_mode(coder: Coder, frame: Frame, y: int, x: int, height: int, mode: int) -> int:
    """Code a luma mode as one of three likely ones or by five bits (H.265 clause 7.3.8.5)."""
    decoding = coder.state[CODER_MODE] == DECODE
    left, above = DC, DC
    row, column = (y + height - 1) >> 2, x >> 2
    if column > 0 and frame.cells[row, column - 1, KIND] == INTRA:
        left = int(frame.cells[row, column - 1, MODE])
    if y > 0 and frame.cells[(y >> 2) - 1, column, KIND] == INTRA:
        above = int(frame.cells[(y >> 2) - 1, column, MODE])
    likely = np.empty(3, np.int64)
    likely_modes(left, above, likely)
    place = 3
    if not decoding:
        for index in range(3):
            if likely[index] == mode:
                place = index
    if code_bin(coder, _LIKELY, 1 if place < 3 else 0):
        place = code_unary(coder, _LIKELY + 1, 2, place)
        return int(likely[place])
    likely.sort()
    rest = mode
    if not decoding:
        for index in range(2, -1, -1):
            rest -= mode > likely[index]
    rest = code_bits(coder, 5, rest)
    for index in range(3):
        rest += rest >= likely[index]
    return min(rest, 34)


@inner_kernel(types.void(CODER, FRAME, _RECORD, _I, _I, _I, _I))
def _code_motion(
    coder: Coder, frame: Frame, record: I16, y: int, x: int, height: int, width: int
) -> None:
    """Code lists, references and vectors of a block that does not merge."""
    decoding = coder.state[CODER_MODE] == DECODE
    both, second = 0, 0
    if frame.numbers[LIST1_LENGTH] > 0:
        size = min(max(height * width >> 6, 0), 1) + (height * width >= 256)
        size += (height * width >= 1024) + (height * width >= 4096)
        wanted = 1 if record[REF0] >= 0 and record[REF0 + 1] >= 0 else 0
        both = code_bin(coder, _BOTH + size, wanted)
        if not both and not frame.numbers[SAME_LISTS]:
            second = code_bin(coder, _LIST, 1 if record[REF0] < 0 else 0)
    predictors = np.zeros((2, 2), np.int64)
    for axis in range(2):
        if not both and axis != second:
            if decoding:
                record[REF0 + axis] = -1
            continue
        length = frame.numbers[LIST0_LENGTH + axis]
        reference = code_unary(coder, _REFERENCE + 4 * axis, length - 1, int(record[REF0 + axis]))
        choice = code_bin(coder, _PREDICTOR, int(record[PREDICTOR0 + axis]))
        vector_predictors(frame, y, x, height, width, axis, reference, predictors)
        py, px = predictors[choice, 0], predictors[choice, 1]
        dy = code_signed(coder, _VECTOR, record[V0Y + 2 * axis] - py)
        dx = code_signed(coder, _VECTOR + 17, record[V0X + 2 * axis] - px)
        if decoding:
            record[REF0 + axis] = reference
            record[PREDICTOR0 + axis] = choice
            record[V0Y + 2 * axis] = min(max(py + dy, -32768), 32767)
            record[V0X + 2 * axis] = min(max(px + dx, -32768), 32767)


@inner_kernel(types.void(CODER, types.int32[:, ::1], _I, _I, _I, _I, _I))
def _code_plane_levels(
    coder: Coder, plane: I32, luma: int, y: int, x: int, log2_height: int, log2_width: int
) -> None:
    """Code the levels of a transform block that lie in a plane of levels."""
    height, width = 1 << log2_height, 1 << log2_width
    block = np.empty((32, 32), np.int32)
    decoding = coder.state[CODER_MODE] == DECODE
    if not decoding:
        block[:height, :width] = plane[y : y + height, x : x + width]
    base = LUMA_LEVELS if luma else CHROMA_LEVELS
    code_levels(coder, base, luma, block, log2_height, log2_width)
    if decoding:
        plane[y : y + height, x : x + width] = block[:height, :width]


@inner_kernel(types.void(CODER, FRAME, _RECORD, _I, _I, _I, _I))
def _code_coefficients(
    coder: Coder, frame: Frame, record: I16, y: int, x: int, log2_height: int, log2_width: int
) -> None:
    """Code which planes of a block have levels, the kind of transform and the levels."""
    intra = 1 if record[KIND] == INTRA else 0
    if not intra and not record[MERGE]:
        some = 1 if record[CODED_Y] or record[CODED_U] or record[CODED_V] else 0
        if not code_bin(coder, _ROOT, some):
            record[CODED_Y], record[CODED_U], record[CODED_V], record[TRANSFORM] = 0, 0, 0, 0
            return
    tile_height, tile_width = min(log2_height, 5), min(log2_width, 5)
    rows, columns = 1 << (log2_height - tile_height), 1 << (log2_width - tile_width)
    tiles = rows * columns
    record[CODED_U] = code_bin(coder, _CODED_U + intra, int(record[CODED_U]))
    record[CODED_V] = code_bin(coder, _CODED_V + 2 * intra + record[CODED_U], int(record[CODED_V]))
    chroma = 1 if record[CODED_U] or record[CODED_V] else 0
    mask = 0
    for tile in range(tiles):
        if tiles == 1 and not intra and not chroma:
            mask = 1
        else:
            wanted = (int(record[CODED_Y]) >> tile) & 1
            mask |= code_bin(coder, _CODED_Y + 2 * intra + chroma, wanted) << tile
    record[CODED_Y] = mask
    if mask and frame.numbers[ADAPTIVE_TRANSFORM] and max(log2_height, log2_width) <= 5:
        record[TRANSFORM] = code_bin(coder, _TRANSFORM + intra, int(record[TRANSFORM]))
    else:
        record[TRANSFORM] = 0
    for tile in range(tiles):
        if (mask >> tile) & 1:
            ty = y + ((tile // columns) << tile_height)
            tx = x + ((tile % columns) << tile_width)
            _code_plane_levels(coder, frame.levels_y, 1, ty, tx, tile_height, tile_width)
    if record[CODED_U]:
        _code_plane_levels(
            coder, frame.levels_u, 0, y >> 1, x >> 1, log2_height - 1, log2_width - 1
        )
    if record[CODED_V]:
        _code_plane_levels(
            coder, frame.levels_v, 0, y >> 1, x >> 1, log2_height - 1, log2_width - 1
        )


@inner_kernel(types.void(CODER, FRAME, _RECORD, _I, _I, _I, _I))
def code_block(
    coder: Coder, frame: Frame, record: I16, y: int, x: int, log2_height: int, log2_width: int
) -> None:
    """Code a leaf of the tree.

    Parameters
    ----------
    coder
        Range coder in any mode.
    frame
        Its neighbours' cells are read, its levels read or written.
    record
        int16 (FIELDS,), the block's record: read, or filled in when decoding.
    y, x, log2_height, log2_width
        The block in luma samples.
    """
    decoding = coder.state[CODER_MODE] == DECODE
    height, width = 1 << log2_height, 1 << log2_width
    row, column = y // CELL, x // CELL
    left, above = -1, -1
    if column > 0:
        left = int(frame.cells[row, column - 1, KIND])
    if row > 0:
        above = int(frame.cells[row - 1, column, KIND])
    kind = int(record[KIND])
    if decoding:
        record[:] = 0
        kind = INTRA
    inter_allowed = not frame.numbers[INTRA_FRAME] and height * width > 16
    if inter_allowed:
        skips = (1 if left == SKIP else 0) + (1 if above == SKIP else 0)
        if code_bin(coder, _SKIP + skips, 1 if kind == SKIP else 0):
            kind = SKIP
        else:
            intra = 0
            if max(log2_height, log2_width) <= 5:
                intras = (1 if left == INTRA else 0) + (1 if above == INTRA else 0)
                intra = code_bin(coder, _INTRA + intras, 1 if kind == INTRA else 0)
            kind = INTRA if intra else INTER
    record[KIND] = kind
    if kind == INTRA:
        if decoding:
            record[REF0], record[REF0 + 1] = -1, -1
        record[MODE] = _code_likely_mode(coder, frame, y, x, height, int(record[MODE]))
        derived = 1 if record[CHROMA_MODE] == record[MODE] else 0
        if code_bin(coder, _CHROMA, derived):
            record[CHROMA_MODE] = record[MODE]
        else:
            choice = 0
            for index in range(4):
                if _CHROMA_CHOICES[index] == record[CHROMA_MODE]:
                    choice = index
            record[CHROMA_MODE] = _CHROMA_CHOICES[code_bits(coder, 2, choice)]
        _code_coefficients(coder, frame, record, y, x, log2_height, log2_width)
        return
    merges = 1
    if kind == INTER:
        merges = code_bin(coder, _MERGE, 1 if record[MERGE] else 0)
    if merges:
        place = code_unary(coder, _MERGE_INDEX, MERGE_CANDIDATES - 1, int(record[MERGE]) - 1)
        record[MERGE] = place + 1
        if decoding:
            motions = np.empty((MERGE_CANDIDATES, MOTION), np.int64)
            merge_candidates(frame, y, x, height, width, motions)
            for part in range(MOTION):
                record[REF0 + part] = motions[place, part]
    else:
        record[MERGE] = 0
        _code_motion(coder, frame, record, y, x, height, width)
    if kind == INTER:
        _code_coefficients(coder, frame, record, y, x, log2_height, log2_width)
