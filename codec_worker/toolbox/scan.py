"""Scan orders: the sequence in which the coefficients of a block are coded.

Blocks are cut into sub-blocks of 4×4 (narrower where the block is), sub-blocks and the
coefficients inside them follow the up-right diagonal of HEVC (H.265 clause 6.5.3).
"""

from functools import cache

import numpy as np

from codec_worker.toolbox.kernel import I16, I32

MAX_LOG2 = 5  # the largest block is 32×32


def diagonal(height: int, width: int) -> I32:
    """Return the up-right diagonal order of a ``height`` × ``width`` grid.

    Returns
    -------
    int32 (height * width, 2)
        Rows of (y, x), beginning at the top left; each diagonal runs from bottom left to top
        right.
    """
    order = [
        (total - x, x)
        for total in range(height + width - 1)
        for x in range(width)
        if 0 <= total - x < height
    ]
    return np.array(order, np.int32)


@cache
def block_scan(log2_height: int, log2_width: int) -> I32:
    """Return the positions of a block in coding order, int32 (height * width, 2), rows (y, x)."""
    log2_rows, log2_columns = min(log2_height, 2), min(log2_width, 2)
    inner = diagonal(1 << log2_rows, 1 << log2_columns)
    outer = diagonal(1 << (log2_height - log2_rows), 1 << (log2_width - log2_columns))
    corners = outer * np.array([1 << log2_rows, 1 << log2_columns], np.int32)
    positions: I32 = (corners[:, None] + inner[None]).reshape(-1, 2)
    return positions


def scan_table() -> I16:
    """Return all scans for kernels: int16 (6, 6, 1024), entries ``y * 32 + x``, unused ones 0.

    Indices are log2 of the height, log2 of the width and the place in the scan.
    """
    table = np.zeros((MAX_LOG2 + 1, MAX_LOG2 + 1, 1 << (2 * MAX_LOG2)), np.int16)
    for row in range(MAX_LOG2 + 1):
        for column in range(MAX_LOG2 + 1):
            scan = block_scan(row, column)
            table[row, column, : len(scan)] = scan[:, 0] * 32 + scan[:, 1]
    return table
