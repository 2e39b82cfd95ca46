"""Coefficient coding: levels of one transform block as bins with adaptive contexts.

The scheme of VVC (H.266 clauses 7.3.11.11 and 9.3.4.2.6 ff.): the position of the last non-zero
level, a flag for each 4×4 sub-block, then per level significance, "greater than one" and
"greater than two" flags whose contexts come from the sum of five already coded neighbours (the
local template), and a Golomb–Rice remainder whose parameter comes from the same neighbours.
Levels are written in reverse scan order.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I32, inner_kernel, kernel
from codec_worker.toolbox.range_coder import (
    CODER,
    DECODE,
    MODE,
    Coder,
    code_bin,
    code_bits,
    code_exp_golomb,
)
from codec_worker.toolbox.scan import scan_table

SCANS = scan_table()

# Places of the contexts relative to a base, one set for luma and one for chroma.
LAST_X, LAST_Y, SUB_BLOCK, SIGNIFICANT, GREATER_1, GREATER_2 = 0, 25, 50, 52, 76, 100
CONTEXTS = 124  # contexts of one set
MAX_LEVEL = 32767

RICE = np.array([0] * 7 + [1] * 7 + [2] * 14 + [3] * 300, np.int64)


@inner_kernel(types.int64(types.int32[:, ::1], types.int64, types.int64, types.int64, types.int64))
def template(levels: I32, y: int, x: int, height: int, width: int) -> int:
    """Sum of neighbours already coded, packed as ``sum of min(|level|, 5) << 16 | sum of |level|``.

    The five neighbours are two to the right, two below and one diagonal (H.266 clause 9.3.4.2.8).
    """
    clipped, total = 0, 0
    for step in range(5):
        dy = (0, 0, 1, 1, 2)[step]
        dx = (1, 2, 0, 1, 0)[step]
        if y + dy < height and x + dx < width:
            magnitude = abs(levels[y + dy, x + dx])
            clipped += min(magnitude, 5)
            total += min(magnitude, 60)
    return clipped << 16 | total


@inner_kernel(types.int64(types.int64, types.int64, types.int64))
def significance_context(packed: int, diagonal: int, luma: int) -> int:
    """Place of the significance context inside a set, from :func:`template` and ``y + x``."""
    group = min(((packed >> 16) + 1) >> 1, 5)
    if luma:
        zone = 0 if diagonal < 2 else (1 if diagonal < 5 else (2 if diagonal < 12 else 3))
    else:
        zone = 0 if diagonal < 2 else 1
    return SIGNIFICANT + zone * 6 + group


@inner_kernel(types.int64(types.int64, types.int64))
def magnitude_context(packed: int, diagonal: int) -> int:
    """Place of the greater-than contexts inside a set, 0..23."""
    group = min(packed >> 17, 5)
    zone = 0 if diagonal == 0 else (1 if diagonal < 3 else (2 if diagonal < 10 else 3))
    return zone * 6 + group


@inner_kernel(types.int64(CODER, types.int64, types.int64, types.int64))
def _code_last(coder: Coder, base: int, log2_size: int, value: int) -> int:
    """Code one coordinate of the last level: group in unary with contexts, the rest in bits."""
    decoding = coder.state[MODE] == DECODE
    group, low = 0, 0
    limit = 2 * log2_size - 1 if log2_size > 0 else 0
    first = base + (0, 0, 1, 4, 9, 16)[log2_size]
    shown = value
    target = shown
    if shown > 3:
        log2 = 2
        while shown >> (log2 + 1):
            log2 += 1
        target = 2 * log2 + ((shown >> (log2 - 1)) & 1)
    for place in range(limit):
        if not code_bin(coder, first + place, 1 if target > place else 0):
            break
        group += 1
    if group <= 3:
        return group
    count = (group >> 1) - 1
    low = (2 + (group & 1)) << count
    return low + code_bits(coder, count, 0 if decoding else value - low)


@inner_kernel(types.int64(CODER, types.int64, types.int64))
def code_remainder(coder: Coder, rice: int, value: int) -> int:
    """Golomb–Rice code with up to 5 prefix ones, then Exp-Golomb (H.266 clause 9.3.3.11)."""
    decoding = coder.state[MODE] == DECODE
    prefix = 0
    target = 0 if decoding else min(value >> rice, 5)
    while prefix < 5 and code_bits(coder, 1, 1 if target > prefix else 0):
        prefix += 1
    if prefix < 5:
        return (prefix << rice) + code_bits(coder, rice, value & ((1 << rice) - 1))
    return (5 << rice) + code_exp_golomb(coder, rice + 1, 0 if decoding else value - (5 << rice))


@kernel(types.void(CODER, types.int64, types.int64, types.int32[:, ::1], types.int64, types.int64))
def code_levels(
    coder: Coder, base: int, luma: int, levels: I32, log2_height: int, log2_width: int
) -> None:
    """Code a block that holds at least one non-zero level.

    Parameters
    ----------
    coder
        Range coder in any mode; when decoding, ``levels`` is overwritten.
    base
        First of :data:`CONTEXTS` contexts.
    luma
        1 for the finer significance zones of luma, 0 for chroma.
    levels
        int32 (at least height, at least width); the block is the top left corner.
    log2_height, log2_width
        Size of the block, 1..5.
    """
    decoding = coder.state[MODE] == DECODE
    height, width = 1 << log2_height, 1 << log2_width
    scan = SCANS[log2_height, log2_width]
    sub_rows, sub_columns = min(log2_height, 2), min(log2_width, 2)
    inside = 1 << (sub_rows + sub_columns)
    last = -1
    if decoding:
        levels[:height, :width] = 0
    else:
        for place in range(height * width - 1, -1, -1):
            if levels[scan[place] >> 5, scan[place] & 31] != 0:
                last = place
                break
    last_x = _code_last(coder, base + LAST_X, log2_width, scan[last] & 31)
    last_y = _code_last(coder, base + LAST_Y, log2_height, scan[last] >> 5)
    if decoding:
        last = 0
        while scan[last] != last_y * 32 + last_x:
            last += 1
    flags = np.zeros((9, 9), np.uint8)
    last_group = last // inside
    for group in range(last_group, -1, -1):
        first = group * inside
        corner = scan[first]
        sub_y, sub_x = (corner >> 5) >> sub_rows, (corner & 31) >> sub_columns
        coded = 1
        if 0 < group < last_group:
            if not decoding:
                coded = 0
                for place in range(first, first + inside):
                    if levels[scan[place] >> 5, scan[place] & 31] != 0:
                        coded = 1
            near = flags[sub_y + 1, sub_x] | flags[sub_y, sub_x + 1]
            coded = code_bin(coder, base + SUB_BLOCK + near, coded)
        if not coded:
            continue
        flags[sub_y, sub_x] = 1
        top = min(first + inside - 1, last)
        seen = 0
        for place in range(top, first - 1, -1):
            y, x = scan[place] >> 5, scan[place] & 31
            level = levels[y, x]
            packed = template(levels, y, x, height, width)
            magnitude = abs(level)
            inferred = place == last or (place == first and not seen and 0 < group < last_group)
            if not inferred:
                context = base + significance_context(packed, y + x, luma)
                if not code_bin(coder, context, 1 if magnitude else 0):
                    continue
            seen = 1
            context = base + magnitude_context(packed, y + x)
            value = 1
            if code_bin(coder, context + GREATER_1, 1 if magnitude > 1 else 0):
                value = 2
                if code_bin(coder, context + GREATER_2, 1 if magnitude > 2 else 0):
                    value = 3 + code_remainder(coder, RICE[packed & 0xFFFF], magnitude - 3)
            negative = code_bits(coder, 1, 1 if level < 0 else 0)
            if decoding:
                value = min(value, MAX_LEVEL)
                levels[y, x] = -value if negative else value
