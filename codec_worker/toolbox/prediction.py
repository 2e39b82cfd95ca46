"""Prediction of a whole block, intra or inter, into the decoded planes of a frame."""

import numpy as np
from numba import types

from codec_worker.toolbox import intra
from codec_worker.toolbox.coding_state import (
    FRAME,
    REF0,
    REF1,
    V0X,
    V0Y,
    V1X,
    V1Y,
    Frame,
)
from codec_worker.toolbox.interpolation import chroma_block, luma_block
from codec_worker.toolbox.kernel import I16, U8, inner_kernel, kernel

_I = types.int64
_RECORD = types.int16[::1]
_PLANE = types.uint8[:, ::1]

_gather = intra.gather
_predict = intra.predict


@kernel(types.void(_PLANE, _I, _I, _PLANE, _I, _I))
def average(target: U8, y: int, x: int, other: U8, height: int, width: int) -> None:
    """Replace a window of ``target`` by its rounded mean with the corner of ``other``."""
    for row in range(height):
        line, second = target[y + row, x : x + width], other[row]
        for column in range(width):
            line[column] = (np.int32(line[column]) + np.int32(second[column]) + 1) >> 1


@inner_kernel(types.void(FRAME, _RECORD, _I, _I, _I, _I, _PLANE, _I, _I, _PLANE))
def inter_luma(
    frame: Frame,
    record: I16,
    y: int,
    x: int,
    height: int,
    width: int,
    out: U8,
    out_y: int,
    out_x: int,
    scratch: U8,
) -> None:
    """Predict a block's luma by its record's motion into ``out`` at (out_y, out_x).

    ``scratch`` is uint8, at least as large as the block.
    """
    first = int(record[REF0])
    second = int(record[REF1])
    if first >= 0:
        planes = frame.luma[frame.slots[0, first]]
        luma_block(
            planes, y, x, int(record[V0Y]), int(record[V0X]), height, width, out, out_y, out_x
        )
    if second >= 0:
        planes = frame.luma[frame.slots[1, second]]
        vy, vx = int(record[V1Y]), int(record[V1X])
        if first >= 0:
            luma_block(planes, y, x, vy, vx, height, width, scratch, 0, 0)
            average(out, out_y, out_x, scratch, height, width)
        else:
            luma_block(planes, y, x, vy, vx, height, width, out, out_y, out_x)


@inner_kernel(types.void(FRAME, _RECORD, _I, _I, _I, _I, _PLANE))
def inter_chroma(
    frame: Frame, record: I16, y: int, x: int, height: int, width: int, scratch: U8
) -> None:
    """Predict both chroma blocks into the decoded planes; position and size are luma's."""
    cy, cx, ch, cw = y >> 1, x >> 1, height >> 1, width >> 1
    for channel in range(2):
        out = frame.u if channel == 0 else frame.v
        pool = frame.chroma_u if channel == 0 else frame.chroma_v
        started = False
        for axis in range(2):
            reference = int(record[REF0 + axis])
            if reference < 0:
                continue
            vy, vx = int(record[V0Y + 2 * axis]), int(record[V0X + 2 * axis])
            plane = pool[frame.slots[axis, reference]]
            if started:
                chroma_block(plane, cy, cx, vy, vx, ch, cw, scratch, 0, 0)
                average(out, cy, cx, scratch, ch, cw)
            else:
                chroma_block(plane, cy, cx, vy, vx, ch, cw, out, cy, cx)
            started = True


@inner_kernel(types.void(FRAME, _I, _I, _I, _I, _I, _I))
def intra_block(
    frame: Frame, channel: int, y: int, x: int, height: int, width: int, mode: int
) -> None:
    """Predict one plane of a block in place; position and size are the plane's own."""
    border = np.empty(4 * intra.LIMIT + 1, np.int32)
    unit = 4 if channel == 0 else 2
    if channel == 0:
        plane = frame.y
    elif channel == 1:
        plane = frame.u
    else:
        plane = frame.v
    _gather(plane, frame.cells, unit, y, x, height, width, border)
    _predict(border, height, width, mode, 1 if channel == 0 else 0, plane, y, x)
