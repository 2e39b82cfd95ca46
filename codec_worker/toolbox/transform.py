"""Block transforms: integer DCT-II (2–32) and DST-VII (4–32), rows and columns separately.

The bases are the orthonormal ones of H.266 clause 8.7.4.4 rounded to 1/1024, so every size has
the same gain and rectangular blocks need no correction. Coefficients carry two fraction bits:
the coefficient of an orthonormal transform times four.

Decoder arithmetic is int32 with shifts and clips only, hence the same on every machine: the first
stage keeps 18 bits, a column of any basis has an absolute sum below 2**13, and
17 + 13 bits stay inside int32.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I32, kernel

DCT2, DST7 = 0, 1
COEFFICIENT_SCALE = 4
MAX_COEFFICIENT = (1 << 15) - 1
_STAGE_LIMIT = (1 << 17) - 1


def basis(kind: int, size: int) -> I32:
    """Return a transform's basis functions times 1024.

    Parameters
    ----------
    kind
        :data:`DCT2` or :data:`DST7`.
    size
        Length, a power of two from 2 to 32.

    Returns
    -------
    int32 (size, size)
        One basis function a row, lowest frequency first.
    """
    k = np.arange(size)[:, None]
    n = np.arange(size)[None, :]
    if kind == DCT2:
        rows = np.sqrt(2 / size) * np.cos((2 * n + 1) * k * np.pi / (2 * size))
        rows[0] = np.sqrt(1 / size)
    else:
        rows = np.sin((2 * k + 1) * (n + 1) * np.pi / (2 * size + 1)) * 2 / np.sqrt(2 * size + 1)
    scaled: I32 = np.round(rows * 1024).astype(np.int32)
    return scaled


def _all_bases() -> I32:
    table = np.zeros((2, 6, 32, 32), np.int32)
    for kind in (DCT2, DST7):
        for log2 in range(1, 6):
            size = 1 << log2
            table[kind, log2, :size, :size] = basis(kind, size)
    return table


BASES = _all_bases()
BASES_TRANSPOSED = np.ascontiguousarray(BASES.transpose(0, 1, 3, 2))


@kernel(types.void(types.int32[:, ::1], types.int64, types.int64, types.int64, types.int64))
def forward(block: I32, log2_height: int, log2_width: int, vertical: int, horizontal: int) -> None:
    """Transform a residual block in place.

    Parameters
    ----------
    block
        int32 (at least height, at least width), residuals -255..255; replaced by coefficients
        times :data:`COEFFICIENT_SCALE`.
    log2_height, log2_width
        Size, 1..5.
    vertical, horizontal
        Kind of transform of the columns and of the rows.
    """
    height, width = 1 << log2_height, 1 << log2_width
    rows = BASES_TRANSPOSED[horizontal, log2_width]
    columns = BASES[vertical, log2_height]
    stage = np.zeros((32, 32), np.int32)
    line = np.empty(32, np.int32)
    for y in range(height):
        line[:width] = 0
        for n in range(width):
            value = block[y, n]
            for k in range(width):
                line[k] += value * rows[n, k]
        for k in range(width):
            stage[y, k] = (line[k] + 8) >> 4
    for k in range(height):
        line[:width] = 0
        for y in range(height):
            weight = columns[k, y]
            for x in range(width):
                line[x] += weight * stage[y, x]
        for x in range(width):
            block[k, x] = (line[x] + (1 << 13)) >> 14


@kernel(types.void(types.int32[:, ::1], types.int64, types.int64, types.int64, types.int64))
def inverse(block: I32, log2_height: int, log2_width: int, vertical: int, horizontal: int) -> None:
    """Turn coefficients back into a residual, in place; the inverse of :func:`forward`.

    Coefficients are clipped to ±:data:`MAX_COEFFICIENT` first, so any input gives a defined
    result.
    """
    height, width = 1 << log2_height, 1 << log2_width
    columns = BASES[vertical, log2_height]
    rows = BASES[horizontal, log2_width]
    stage = np.zeros((32, 32), np.int32)
    line = np.empty(32, np.int32)
    used = 0
    for k in range(height):
        for x in range(width):
            if block[k, x] != 0:
                used = k + 1
                block[k, x] = min(max(block[k, x], -MAX_COEFFICIENT), MAX_COEFFICIENT)
    for k in range(used):
        for y in range(height):
            weight = columns[k, y]
            for x in range(width):
                stage[y, x] += weight * block[k, x]
    for y in range(height):
        line[:width] = 0
        for k in range(width):
            value = min(max((stage[y, k] + 128) >> 8, -_STAGE_LIMIT), _STAGE_LIMIT)
            if value != 0:
                for x in range(width):
                    line[x] += value * rows[k, x]
        for x in range(width):
            block[y, x] = (line[x] + (1 << 13)) >> 14
