"""Intra prediction: planar, DC and 33 directions from decoded neighbours.

HEVC's predictors (H.265 clauses 8.4.4.2.2 to 8.4.4.2.6) for rectangular blocks, with VVC's
position-dependent combination (H.266 clause 8.4.5.2.15) for planar, DC, horizontal and vertical
prediction. Integers only.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I16, I32, I64, U8, kernel

PLANAR, DC, HORIZONTAL, VERTICAL, MODES = 0, 1, 10, 26, 35
LIMIT = 64  # the longest side of a block is 32: borders reach as far again

_HALF = [32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26]
# Displacement of the reference per row in 1/32 samples, modes 2..34 (table 8-5).
_ANGLES = np.array([0, 0, *_HALF, -32, *reversed(_HALF)], np.int64)

_I = types.int64


@kernel(
    types.void(types.uint8[:, ::1], types.int16[:, :, ::1], _I, _I, _I, _I, _I, types.int32[::1])
)
def gather(
    plane: U8, cells: I16, unit: int, y: int, x: int, height: int, width: int, border: I32
) -> None:
    """Collect the decoded samples around a block, repeating where there are none.

    Parameters
    ----------
    plane
        uint8 decoded plane.
    cells
        int16 (rows, columns, fields); field 0 is negative where nothing has been decoded yet.
    unit
        Samples of this plane per cell: 4 for luma, 2 for chroma.
    y, x, height, width
        The block in samples.
    border
        int32 (at least 2 * (height + width) + 1,), receives the samples from the bottom left over
        the corner (index height + width) to the top right; 128 when nothing is decoded.
    """
    span = height + width
    first = -1
    for index in range(2 * span + 1):
        if index < span:
            row, column = y + span - 1 - index, x - 1
        elif index == span:
            row, column = y - 1, x - 1
        else:
            row, column = y - 1, x + index - span - 1
        found = False
        if row >= 0 and column >= 0 and row < plane.shape[0] and column < plane.shape[1]:
            found = cells[row // unit, column // unit, 0] >= 0
        if found:
            border[index] = plane[row, column]
            if first < 0:
                first = index
        elif first >= 0:
            border[index] = border[index - 1]
    if first < 0:
        border[: 2 * span + 1] = 128
    else:
        border[:first] = border[first]


@kernel(types.void(types.int32[::1], _I, _I, _I, _I, types.uint8[:, ::1], _I, _I))
def predict(
    border: I32, height: int, width: int, mode: int, luma: int, out: U8, out_y: int, out_x: int
) -> None:
    """Predict a block from its :func:`gather` ed border.

    Parameters
    ----------
    border
        Samples around the block.
    height, width
        Sides, powers of two from 2 to 32.
    mode
        0 planar, 1 DC, 2..34 directions from bottom left to top right.
    luma
        1 smooths the border as HEVC does for luma, 0 leaves it.
    out, out_y, out_x
        Where the prediction goes.
    """
    span = height + width
    used = border
    if luma and mode != DC and height * width >= 64:
        distance = min(abs(mode - HORIZONTAL), abs(mode - VERTICAL))
        area = height * width
        threshold = 7 if area < 256 else (1 if area < 1024 else 0)
        if mode == PLANAR or distance > threshold:
            used = np.empty(2 * span + 1, np.int32)
            used[0], used[2 * span] = border[0], border[2 * span]
            for index in range(1, 2 * span):
                used[index] = (border[index - 1] + 2 * border[index] + border[index + 1] + 2) >> 2
    corner = used[span]
    left = used[:span][::-1]
    top = used[span + 1 :]
    log2_area = 0
    while 1 << log2_area < height * width:
        log2_area += 1
    scale = max(log2_area - 2, 0) >> 2
    if mode == PLANAR:
        right, bottom = top[width], left[height]
        for y in range(height):
            for x in range(width):
                across = (width - 1 - x) * left[y] + (x + 1) * right
                down = (height - 1 - y) * top[x] + (y + 1) * bottom
                value = (across * height + down * width + height * width) // (2 * height * width)
                wt, wl = 32 >> min((y << 1) >> scale, 31), 32 >> min((x << 1) >> scale, 31)
                value = (left[y] * wl + top[x] * wt + (64 - wl - wt) * value + 32) >> 6
                out[out_y + y, out_x + x] = value
    elif mode == DC:
        total = 0
        for x in range(width):
            total += top[x]
        for y in range(height):
            total += left[y]
        flat = (total + (span >> 1)) // span
        for y in range(height):
            for x in range(width):
                wt, wl = 32 >> min((y << 1) >> scale, 31), 32 >> min((x << 1) >> scale, 31)
                value = (left[y] * wl + top[x] * wt + (64 - wl - wt) * flat + 32) >> 6
                out[out_y + y, out_x + x] = value
    elif mode in (VERTICAL, HORIZONTAL):
        for y in range(height):
            for x in range(width):
                if mode == VERTICAL:
                    weight = 32 >> min((x << 1) >> scale, 31)
                    value = top[x] + (((left[y] - corner) * weight + 32) >> 6)
                else:
                    weight = 32 >> min((y << 1) >> scale, 31)
                    value = left[y] + (((top[x] - corner) * weight + 32) >> 6)
                out[out_y + y, out_x + x] = min(max(value, 0), 255)
    else:
        vertical = mode >= 18
        angle = _ANGLES[mode]
        main, side = (top, left) if vertical else (left, top)
        deep, wide = (height, width) if vertical else (width, height)
        line = np.empty(3 * LIMIT, np.int32)
        line[LIMIT] = corner
        line[LIMIT + 1 : LIMIT + 1 + span] = main[:span]
        line[LIMIT + 1 + span] = main[span - 1]
        if angle < 0:
            for k in range(1, ((-angle * deep) >> 5) + 1):
                reach = (k * 8192 // -angle + 128) >> 8
                line[LIMIT - k] = side[min(reach, span) - 1] if reach > 0 else corner
        for row in range(deep):
            shift = (row + 1) * angle
            whole, part = shift >> 5, shift & 31
            base = LIMIT + 1 + whole
            for column in range(wide):
                value = (32 - part) * line[base + column] + part * line[base + column + 1] + 16
                if vertical:
                    out[out_y + row, out_x + column] = value >> 5
                else:
                    out[out_y + column, out_x + row] = value >> 5


@kernel(types.void(_I, _I, types.int64[::1]))
def likely_modes(left: int, above: int, likely: I64) -> None:
    """Write the three most probable luma modes of H.265 clause 8.4.2 for a block.

    ``left`` and ``above`` are the neighbours' modes, DC where they have none.
    """
    if left == above:
        if left < 2:
            likely[0], likely[1], likely[2] = PLANAR, DC, VERTICAL
        else:
            likely[0] = left
            likely[1] = 2 + ((left + 29) & 31)
            likely[2] = 2 + ((left - 2 + 1) & 31)
        return
    likely[0], likely[1] = left, above
    if PLANAR not in (left, above):
        likely[2] = PLANAR
    elif DC not in (left, above):
        likely[2] = DC
    else:
        likely[2] = VERTICAL
