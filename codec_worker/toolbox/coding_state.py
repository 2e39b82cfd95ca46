"""What the block coder knows while it codes a frame: planes, block records, references.

A frame is cut into cells of 4×4 luma samples. Each cell carries the record of the block that
covers it (:data:`FIELDS` numbers, named below), so neighbours are found by position alone.
Encoder and decoder fill the same arrays in the same order.
"""

from typing import NamedTuple

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import F64, I16, I32, I64, U8

TREE = 64  # side of a coding tree block in luma samples
CELL = 4
MAX_REFERENCES = 4  # per list

# Fields of a block's record.
KIND = 0  # of which the intra module relies: negative where nothing is decoded
MODE, CHROMA_MODE, LOG2_H, LOG2_W, REF0, REF1, V0Y, V0X, V1Y, V1X = range(1, 11)
CODED_Y, CODED_U, CODED_V, MERGE, PREDICTOR0, PREDICTOR1, TRANSFORM = range(11, 18)
FIELDS = 18
# Values of KIND.
NOT_DECODED, INTRA, INTER, SKIP = -1, 0, 1, 2

# Places in Frame.numbers.
QP, QP_CHROMA, POC, INTRA_FRAME, TREE_DEPTH, MERGE_TRIALS, INTRA_TRIALS, REACH = range(8)
LIST0_LENGTH, LIST1_LENGTH, MIN_SIDE, ADAPTIVE_TRANSFORM, EARLY_STOP, SAME_LISTS = range(8, 14)
# Places in Frame.weights.
LAMBDA, CHROMA_WEIGHT, SPLIT_MARGIN, MERGE_MARGIN = range(4)

SAVES = 12  # alternatives kept at once: one for each depth of the tree and one for a leaf


class Frame(NamedTuple):
    """State of one frame; h and w are the sides extended to multiples of 8.

    ``source_*``, ``y``, ``u``, ``v``: uint8 planes, source and decoded; ``levels_*``: int32
    planes; ``cells``: int16 (h/4, w/4, FIELDS); ``splits``: uint8 (25, h/4, w/4) by
    ``5 * log2_height + log2_width - 12``; ``luma``: uint8 (slots, 16, …) and ``chroma_*`` uint8
    (slots, …), prepared references; ``slots`` and ``pocs``: int64 (2, MAX_REFERENCES), reference
    lists; ``near_vectors`` int16 (h/4, w/4, 2, 2) and ``near_distances`` int16 (h/4, w/4, 2),
    vectors and reference distances of the collocated frame; ``history``: int16
    (2, MAX_REFERENCES, h/4, w/4, 2), vectors found so far by the search; ``numbers`` int64,
    ``weights`` float64: settings named above; ``saved_*``: alternatives of the partition search.
    """

    source_y: U8
    source_u: U8
    source_v: U8
    y: U8
    u: U8
    v: U8
    levels_y: I32
    levels_u: I32
    levels_v: I32
    cells: I16
    splits: U8
    luma: U8
    chroma_u: U8
    chroma_v: U8
    slots: I64
    pocs: I64
    near_vectors: I16
    near_distances: I16
    history: I16
    numbers: I64
    weights: F64
    saved_y: U8
    saved_u: U8
    saved_v: U8
    saved_levels_y: I32
    saved_levels_u: I32
    saved_levels_v: I32
    saved_cells: I16
    saved_splits: U8


_U2, _U3, _U4 = types.uint8[:, ::1], types.uint8[:, :, ::1], types.uint8[:, :, :, ::1]
_L2, _L3 = types.int32[:, ::1], types.int32[:, :, ::1]
FRAME = types.NamedTuple(
    [
        *[_U2] * 6,
        *[_L2] * 3,
        types.int16[:, :, ::1],
        _U3,
        _U4,
        _U3,
        _U3,
        types.int64[:, ::1],
        types.int64[:, ::1],
        types.int16[:, :, :, ::1],
        types.int16[:, :, ::1],
        types.int16[:, :, :, :, ::1],
        types.int64[::1],
        types.float64[::1],
        *[_U3] * 3,
        *[_L3] * 3,
        types.int16[:, :, :, ::1],
        _U4,
    ],
    Frame,
)


class References(NamedTuple):
    """Pool of prepared reference frames, shared by all frames of a clip.

    ``luma`` uint8 (slots, 16, h + margins, w + margins), ``chroma_u``, ``chroma_v`` uint8
    (slots, h/2 + margins, w/2 + margins).
    """

    luma: U8
    chroma_u: U8
    chroma_v: U8


def new_frame(planes: list[U8], source: list[U8], pool: References, weights: F64) -> Frame:
    """Return the state of a frame nothing of which is coded yet.

    Parameters
    ----------
    planes
        Decoded planes to fill, sides multiples of 8.
    source
        Planes to encode; the decoder passes ``planes`` again.
    pool
        Prepared references.
    weights
        float64 (4,): see ``LAMBDA`` and its neighbours.
    """
    height, width = planes[0].shape
    rows, columns = height // CELL, width // CELL
    cells = np.zeros((rows, columns, FIELDS), np.int16)
    cells[:, :, KIND] = NOT_DECODED
    half = TREE // 2
    side = TREE // CELL
    source_y, source_u, source_v = source
    y, u, v = planes
    return Frame(
        source_y=source_y,
        source_u=source_u,
        source_v=source_v,
        y=y,
        u=u,
        v=v,
        levels_y=np.zeros(y.shape, np.int32),
        levels_u=np.zeros(u.shape, np.int32),
        levels_v=np.zeros(v.shape, np.int32),
        cells=cells,
        splits=np.zeros((25, rows, columns), np.uint8),
        luma=pool.luma,
        chroma_u=pool.chroma_u,
        chroma_v=pool.chroma_v,
        slots=np.zeros((2, MAX_REFERENCES), np.int64),
        pocs=np.zeros((2, MAX_REFERENCES), np.int64),
        near_vectors=np.zeros((rows, columns, 2, 2), np.int16),
        near_distances=np.zeros((rows, columns, 2), np.int16),
        history=np.zeros((2, MAX_REFERENCES, rows, columns, 2), np.int16),
        numbers=np.zeros(16, np.int64),
        weights=weights,
        saved_y=np.zeros((SAVES, TREE, TREE), np.uint8),
        saved_u=np.zeros((SAVES, half, half), np.uint8),
        saved_v=np.zeros((SAVES, half, half), np.uint8),
        saved_levels_y=np.zeros((SAVES, TREE, TREE), np.int32),
        saved_levels_u=np.zeros((SAVES, half, half), np.int32),
        saved_levels_v=np.zeros((SAVES, half, half), np.int32),
        saved_cells=np.zeros((SAVES, side, side, FIELDS), np.int16),
        saved_splits=np.zeros((SAVES, 25, side, side), np.uint8),
    )
