"""Where a filter is on: a flag for each square tile of a plane, chosen by the encoder, coded.

Serves any filter of decoded frames: the filter offers its result, the encoder keeps it in the
tiles where it lowers the squared error by more than the flag costs.
"""

import numpy as np

from codec_worker.toolbox.kernel import F64, U8
from codec_worker.toolbox.range_coder import Coder, code_bin

CONTEXTS = 3  # by the number of neighbours that are on


def tile_errors(source: U8, plane: U8, tile: int) -> F64:
    """Return the squared error of each tile, float64 (tiles down, tiles across)."""
    squares = (source.astype(np.int64) - plane) ** 2
    rows = np.add.reduceat(squares, range(0, plane.shape[0], tile), axis=0)
    errors: F64 = np.add.reduceat(rows, range(0, plane.shape[1], tile), axis=1).astype(np.float64)
    return errors


def code_switches(coder: Coder, base: int, flags: U8) -> None:
    """Code flags in raster order, in place; ``base`` is the first of :data:`CONTEXTS` contexts.

    A flag's context is the number of its left and upper neighbours that are on.
    """
    for row in range(flags.shape[0]):
        for column in range(flags.shape[1]):
            left = int(flags[row, column - 1]) if column else 0
            above = int(flags[row - 1, column]) if row else 0
            flags[row, column] = code_bin(coder, base + left + above, int(flags[row, column]))


def spread(flags: U8, tile: int, block: int, height: int, width: int) -> U8:
    """Repeat tiles' flags for each of their blocks, uint8 (height / block, width / block)."""
    each = flags.repeat(tile // block, 0).repeat(tile // block, 1)
    return np.ascontiguousarray(each[: height // block, : width // block])
