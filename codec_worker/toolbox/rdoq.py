"""Rate-distortion optimised quantisation.

Each level is chosen among its rounded value, one less and zero by distortion plus the Lagrangian
price of its bins (Karczewicz, Ye and Chong, "Rate distortion optimized quantization", VCEG-AH21,
2008); then whole sub-blocks and the tail of the block are dropped where that is cheaper. Prices
come from the very contexts that will code the block. Encoder only, hence free to use floats.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I32, inner_kernel
from codec_worker.toolbox.quantisation import STEPS
from codec_worker.toolbox.range_coder import BIT_PRICE, bin_price
from codec_worker.toolbox.residual import (
    GREATER_1,
    GREATER_2,
    LAST_X,
    LAST_Y,
    RICE,
    SCANS,
    SUB_BLOCK,
    magnitude_context,
    significance_context,
    template,
)

_I = types.int64
_F = types.float64


@inner_kernel(_I(_I, _I))
def _remainder_bits(rice: int, value: int) -> int:
    """Bits of :func:`codec_worker.toolbox.residual.code_remainder`."""
    if value >> rice < 5:
        return (value >> rice) + 1 + rice
    rest = value - (5 << rice)
    order, bits = rice + 1, 5
    while rest >= 1 << order:
        rest -= 1 << order
        order += 1
        bits += 1
    return bits + 1 + order


@inner_kernel(_F(types.int32[:, ::1], _I, _I, _I))
def _last_price(rows: I32, first: int, log2_size: int, value: int) -> float:
    """Price of one coordinate of the last position."""
    group, extra = value, 0
    if value > 3:
        log2 = 2
        while value >> (log2 + 1):
            log2 += 1
        group = 2 * log2 + ((value >> (log2 - 1)) & 1)
        extra = log2 - 1
    limit = 2 * log2_size - 1 if log2_size > 0 else 0
    base = first + (0, 0, 1, 4, 9, 16)[log2_size]
    total = extra * BIT_PRICE
    for place in range(min(group, limit)):
        total += bin_price(rows, base + place, 1)
    if group < limit:
        total += bin_price(rows, base + group, 0)
    return float(total)


@inner_kernel(
    _I(types.int32[:, ::1], types.int32[:, ::1], _I, _I, _I, _F, types.int32[:, ::1], _I, _I)
)
def optimise(
    block: I32,
    levels: I32,
    log2_height: int,
    log2_width: int,
    qp: int,
    weight: float,
    rows: I32,
    base: int,
    luma: int,
) -> int:
    """Quantise a block of coefficients.

    Parameters
    ----------
    block
        int32 (at least height, at least width), coefficients.
    levels
        int32 of the same kind, receives the levels.
    log2_height, log2_width, qp
        Size and quantisation parameter.
    weight
        Lagrangian weight of a bit in squared sample differences.
    rows, base, luma
        Contexts and their set, as for :func:`codec_worker.toolbox.residual.code_levels`.

    Returns
    -------
    int
        Number of non-zero levels.
    """
    height, width = 1 << log2_height, 1 << log2_width
    scan = SCANS[log2_height, log2_width]
    inside = 1 << (min(log2_height, 2) + min(log2_width, 2))
    sub_rows, sub_columns = min(log2_height, 2), min(log2_width, 2)
    step = STEPS[qp] / 64.0
    price = weight / BIT_PRICE
    threshold = 0.5 * step
    last = -1
    tail = 0.0  # distortion of all coefficients, as zeros
    for place in range(height * width):
        y, x = scan[place] >> 5, scan[place] & 31
        levels[y, x] = 0
        value = block[y, x]
        tail += value * value / 16.0
        if abs(value) >= threshold:
            last = place
    if last < 0:
        return 0
    for place in range(last + 1, height * width):
        value = block[scan[place] >> 5, scan[place] & 31]
        tail -= value * value / 16.0
    # From here on costs are relative to quantising everything to zero.
    flags = np.zeros((9, 9), np.uint8)
    gains = np.zeros(1024)  # cost of the level minus cost of zero without its bins
    zero_bins = np.zeros(1024)  # price of the significance bin as coded
    group_price = np.zeros(65)
    for group in range(last // inside, -1, -1):
        first = group * inside
        corner = scan[first]
        sub_y, sub_x = (corner >> 5) >> sub_rows, (corner & 31) >> sub_columns
        near = flags[sub_y + 1, sub_x] | flags[sub_y, sub_x + 1]
        total = 0.0
        some = False
        for place in range(min(first + inside - 1, last), first - 1, -1):
            y, x = scan[place] >> 5, scan[place] & 31
            packed = template(levels, y, x, height, width)
            significance = base + significance_context(packed, y + x, luma)
            zero = price * bin_price(rows, significance, 0)
            magnitude = abs(block[y, x])
            candidate = int(magnitude / step + 0.5)
            if candidate == 0:
                zero_bins[place] = zero
                gains[place] = zero
                total += zero
                continue
            one = price * bin_price(rows, significance, 1)
            context = base + magnitude_context(packed, y + x)
            distortion_zero = magnitude * magnitude / 16.0
            best, chosen = zero, 0
            for level in range(max(candidate - 1, 1), candidate + 1):
                error = magnitude - level * step
                bits = BIT_PRICE + bin_price(rows, context + GREATER_1, 1 if level > 1 else 0)
                if level > 1:
                    bits += bin_price(rows, context + GREATER_2, 1 if level > 2 else 0)
                    if level > 2:
                        bits += BIT_PRICE * _remainder_bits(RICE[packed & 0xFFFF], level - 3)
                cost = error * error / 16.0 - distortion_zero + one + price * bits
                if cost < best:
                    best, chosen = cost, level
            zero_bins[place] = one if chosen else zero
            gains[place] = best
            total += best
            if chosen:
                some = True
                levels[y, x] = chosen if block[y, x] >= 0 else -chosen
        keep = group == 0 or group == last // inside
        if not keep:
            empty = price * bin_price(rows, base + SUB_BLOCK + near, 0)
            coded = price * bin_price(rows, base + SUB_BLOCK + near, 1)
            group_price[group] = coded
            if not some or total + coded > empty:
                group_price[group] = empty
                for place in range(first, first + inside):
                    levels[scan[place] >> 5, scan[place] & 31] = 0
                    gains[place] = 0.0
                    zero_bins[place] = 0.0
                some = False
        flags[sub_y, sub_x] = 1 if some or keep else 0
    # Walk up from the front: what does it cost to stop at each non-zero level?
    best_cost, best_last = 0.0, -1
    running = 0.0
    for place in range(last + 1):
        if place % inside == 0:
            running += group_price[place // inside]
        y, x = scan[place] >> 5, scan[place] & 31
        running += gains[place]
        if levels[y, x] != 0:
            cost = (
                running
                - zero_bins[place]
                + price
                * (
                    _last_price(rows, base + LAST_X, log2_width, x)
                    + _last_price(rows, base + LAST_Y, log2_height, y)
                )
            )
            if place >= inside:
                cost -= group_price[place // inside]
            if cost < best_cost:
                best_cost, best_last = cost, place
    count = 0
    for place in range(last + 1):
        y, x = scan[place] >> 5, scan[place] & 31
        if place > best_last:
            levels[y, x] = 0
        elif levels[y, x] != 0:
            count += 1
    return count
