"""From records and levels to decoded samples; the same code in encoder and decoder."""

import numpy as np
from numba import types

from codec_worker.toolbox.coding_state import (
    CHROMA_MODE,
    CODED_U,
    CODED_V,
    CODED_Y,
    FRAME,
    INTRA,
    KIND,
    MODE,
    QP,
    QP_CHROMA,
    TRANSFORM,
    Frame,
)
from codec_worker.toolbox.kernel import I16, I32, U8, inner_kernel
from codec_worker.toolbox.prediction import inter_chroma, inter_luma, intra_block
from codec_worker.toolbox.quantisation import dequantise
from codec_worker.toolbox.transform import DCT2, DST7, inverse

_I = types.int64
_RECORD = types.int16[::1]


@inner_kernel(_I(_RECORD, _I))
def transform_kind(record: I16, log2_size: int) -> int:
    """Kind of the luma transform along one side of a block.

    DST-VII suits residuals that grow away from the predicted border, hence intra blocks up to 16
    (H.266 clause 8.7.4.1, implicit selection); the block's flag swaps both kinds.
    """
    if log2_size < 2:
        return DCT2
    sine = (record[KIND] == INTRA and log2_size <= 4) != (record[TRANSFORM] != 0)
    return DST7 if sine else DCT2


@inner_kernel(types.void(types.uint8[:, ::1], types.int32[:, ::1], _I, _I, _I, _I, _I, _I, _I))
def add_residual(
    plane: U8,
    levels: I32,
    y: int,
    x: int,
    log2_height: int,
    log2_width: int,
    qp: int,
    vertical: int,
    horizontal: int,
) -> None:
    """Add the residual that a block of levels stands for to the prediction in ``plane``."""
    height, width = 1 << log2_height, 1 << log2_width
    block = np.empty((32, 32), np.int32)
    block[:height, :width] = levels[y : y + height, x : x + width]
    dequantise(block, height, width, qp)
    inverse(block, log2_height, log2_width, vertical, horizontal)
    for row in range(height):
        line = plane[y + row, x : x + width]
        for column in range(width):
            line[column] = min(max(np.int32(line[column]) + block[row, column], 0), 255)


@inner_kernel(types.void(FRAME, _RECORD, _I, _I, _I, _I))
def rebuild(frame: Frame, record: I16, y: int, x: int, log2_height: int, log2_width: int) -> None:
    """Decode a block's samples into the frame's planes."""
    height, width = 1 << log2_height, 1 << log2_width
    cy, cx = y >> 1, x >> 1
    if record[KIND] == INTRA:
        intra_block(frame, 0, y, x, height, width, int(record[MODE]))
        intra_block(frame, 1, cy, cx, height >> 1, width >> 1, int(record[CHROMA_MODE]))
        intra_block(frame, 2, cy, cx, height >> 1, width >> 1, int(record[CHROMA_MODE]))
    else:
        scratch = np.empty((64, 64), np.uint8)
        inter_luma(frame, record, y, x, height, width, frame.y, y, x, scratch)
        inter_chroma(frame, record, y, x, height, width, scratch)
    tile_height, tile_width = min(log2_height, 5), min(log2_width, 5)
    columns = 1 << (log2_width - tile_width)
    vertical, horizontal = transform_kind(record, tile_height), transform_kind(record, tile_width)
    for tile in range(4):
        if (record[CODED_Y] >> tile) & 1:
            ty = y + ((tile // columns) << tile_height)
            tx = x + ((tile % columns) << tile_width)
            add_residual(
                frame.y, frame.levels_y, ty, tx, tile_height, tile_width, frame.numbers[QP],
                vertical, horizontal,
            )  # fmt: skip
    qp = frame.numbers[QP_CHROMA]
    if record[CODED_U]:
        add_residual(
            frame.u, frame.levels_u, cy, cx, log2_height - 1, log2_width - 1, qp, DCT2, DCT2
        )
    if record[CODED_V]:
        add_residual(
            frame.v, frame.levels_v, cy, cx, log2_height - 1, log2_width - 1, qp, DCT2, DCT2
        )
