"""Deblocking filter: smooths the edges of blocks where quantisation has made them visible.

HEVC's filter (H.265 clauses 8.7.2.3 to 8.7.2.5) on an 8×8 grid: strength 2 beside intra blocks,
1 beside coded residuals or where motion differs. All vertical edges of a frame first, then all
horizontal ones. Integers only.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.coding_state import (
    CODED_Y,
    FRAME,
    INTRA,
    KIND,
    LOG2_H,
    LOG2_W,
    QP,
    QP_CHROMA,
    REF0,
    REF1,
    V0Y,
    V1Y,
    Frame,
)
from codec_worker.toolbox.kernel import I16, U8, inner_kernel, kernel

_I = types.int64
_CELL = types.int16[::1]

# Tables 8-12 of H.265: beta by QP, tc by QP + 2 * (strength - 1).
BETA = np.array(
    [0] * 16 + list(range(6, 18)) + list(range(18, 65, 2)) + [64] * 32, np.int64
)  # fmt: skip
TC = np.array(
    [0] * 18 + [1] * 9 + [2] * 4 + [3] * 4 + [4] * 3 + [5, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16]
    + [18, 20, 22, 24] + [24] * 32,
    np.int64,
)  # fmt: skip


@inner_kernel(_I(FRAME, _CELL, _CELL))
def _strength(frame: Frame, p: I16, q: I16) -> int:
    """Boundary strength between two blocks' records (H.265 clause 8.7.2.4)."""
    if p[KIND] == INTRA or q[KIND] == INTRA:
        return 2
    if p[CODED_Y] or q[CODED_Y]:
        return 1
    first, second = np.empty(4, np.int64), np.empty(4, np.int64)
    for side in range(2):
        cell = p if side == 0 else q
        for axis in range(2):
            reference = cell[REF0] if axis == 0 else cell[REF1]
            slot = -1
            if reference >= 0:
                slot = frame.slots[axis, reference]
            if side == 0:
                first[axis] = slot
            else:
                second[axis] = slot
    for crossed in range(2):
        other = 1 if crossed else 0
        if first[0] != second[other] or first[1] != second[1 - other]:
            continue
        near = True
        for axis in range(2):
            if first[axis] >= 0:
                at = V0Y if axis == 0 else V1Y
                to = V0Y if axis == crossed else V1Y
                near = near and abs(p[at] - q[to]) < 4 and abs(p[at + 1] - q[to + 1]) < 4
        if near:
            return 0
    return 1


@inner_kernel(types.void(types.uint8[:, ::1], _I, _I, _I, _I, _I, _I))
def _luma_segment(plane: U8, y: int, x: int, vertical: int, beta: int, tc: int, lines: int) -> None:
    """Filter four lines across the edge that lies before (y, x)."""
    dy, dx = (0, 1) if vertical else (1, 0)  # across the edge
    ly, lx = (1, 0) if vertical else (0, 1)  # along it
    samples = np.empty((4, 8), np.int64)
    for line in range(lines):
        for tap in range(8):
            samples[line, tap] = plane[
                y + line * ly + (tap - 4) * dy, x + line * lx + (tap - 4) * dx
            ]
    dp0 = abs(samples[0, 1] - 2 * samples[0, 2] + samples[0, 3])
    dp3 = abs(samples[3, 1] - 2 * samples[3, 2] + samples[3, 3])
    dq0 = abs(samples[0, 6] - 2 * samples[0, 5] + samples[0, 4])
    dq3 = abs(samples[3, 6] - 2 * samples[3, 5] + samples[3, 4])
    if dp0 + dp3 + dq0 + dq3 >= beta:
        return
    strong = True
    for line in (0, 3):
        bend = 2 * (dp0 + dq0) if line == 0 else 2 * (dp3 + dq3)
        row = samples[line]
        flat = abs(row[0] - row[3]) + abs(row[4] - row[7]) < beta >> 3
        strong = strong and bend < beta >> 2 and flat and abs(row[3] - row[4]) < (5 * tc + 1) >> 1
    side = (beta + (beta >> 1)) >> 3
    change_p, change_q = dp0 + dp3 < side, dq0 + dq3 < side
    for line in range(lines):
        row = samples[line]
        p3, p2, p1, p0, q0, q1, q2, q3 = row
        result = row.copy()
        if strong:
            result[3] = (p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3
            result[2] = (p2 + p1 + p0 + q0 + 2) >> 2
            result[1] = (2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3
            result[4] = (p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3
            result[5] = (p0 + q0 + q1 + q2 + 2) >> 2
            result[6] = (p0 + q0 + q1 + 3 * q2 + 2 * q3 + 4) >> 3
            for tap in range(1, 7):
                result[tap] = min(max(result[tap], row[tap] - 2 * tc), row[tap] + 2 * tc)
        else:
            delta = int((9 * (q0 - p0) - 3 * (q1 - p1) + 8) >> 4)
            if abs(delta) >= tc * 10:
                continue
            delta = min(max(delta, -tc), tc)
            result[3] = p0 + delta
            result[4] = q0 - delta
            if change_p:
                step = int((((p2 + p0 + 1) >> 1) - p1 + delta) >> 1)
                result[2] = p1 + min(max(step, -(tc >> 1)), tc >> 1)
            if change_q:
                step = int((((q2 + q0 + 1) >> 1) - q1 - delta) >> 1)
                result[5] = q1 + min(max(step, -(tc >> 1)), tc >> 1)
        for tap in range(1, 7):
            plane[y + line * ly + (tap - 4) * dy, x + line * lx + (tap - 4) * dx] = min(
                max(result[tap], 0), 255
            )


@inner_kernel(types.void(types.uint8[:, ::1], _I, _I, _I, _I))
def _chroma_segment(plane: U8, y: int, x: int, vertical: int, tc: int) -> None:
    """Filter two chroma lines across the edge that lies before (y, x)."""
    dy, dx = (0, 1) if vertical else (1, 0)
    ly, lx = (1, 0) if vertical else (0, 1)
    samples = np.empty(4, np.int64)
    for line in range(2):
        cy, cx = y + line * ly, x + line * lx
        for tap in range(4):
            samples[tap] = plane[cy + (tap - 2) * dy, cx + (tap - 2) * dx]
        p1, p0, q0, q1 = samples
        delta = int((((q0 - p0) << 2) + p1 - q1 + 4) >> 3)
        delta = min(max(delta, -tc), tc)
        plane[cy - dy, cx - dx] = min(max(int(p0 + delta), 0), 255)
        plane[cy, cx] = min(max(int(q0 - delta), 0), 255)


@kernel(types.void(FRAME, _I, _I))
def deblock(frame: Frame, beta_offset: int, tc_offset: int) -> None:
    """Filter a decoded frame in place.

    Parameters
    ----------
    frame
        Planes, records and QP; the same in encoder and decoder.
    beta_offset, tc_offset
        Added to the QP that looks up the thresholds; higher filters more.
    """
    qp = frame.numbers[QP]
    beta = BETA[min(max(qp + beta_offset, 0), 63)]
    rows, columns = frame.cells.shape[0], frame.cells.shape[1]
    for vertical in (1, 0):
        for row in range(rows):
            for column in range(columns):
                position = column if vertical else row
                if position == 0 or position & 1:
                    continue
                q = frame.cells[row, column]
                p = frame.cells[row, column - 1] if vertical else frame.cells[row - 1, column]
                log2 = min(q[LOG2_W] if vertical else q[LOG2_H], 5)
                if (position << 2) & ((1 << log2) - 1):
                    continue
                strength = _strength(frame, p, q)
                if strength == 0:
                    continue
                tc = TC[min(max(qp + 2 * (strength - 1) + tc_offset, 0), 65)]
                if tc > 0 and beta > 0:
                    _luma_segment(frame.y, row << 2, column << 2, vertical, beta, tc, 4)
                if strength == 2 and position & 3 == 0:
                    tc = TC[min(max(frame.numbers[QP_CHROMA] + 2 + tc_offset, 0), 65)]
                    _chroma_segment(frame.u, row << 1, column << 1, vertical, tc)
                    _chroma_segment(frame.v, row << 1, column << 1, vertical, tc)
