"""Global motion: one affine model of a frame's motion, found in block vectors and transmitted.

A pan, a zoom or a turn of the camera moves every block by the same few numbers. The model gives
each cell its own quarter-sample vector, as in VVC's affine prediction (H.266 clause 8.5.5.9);
fitting is least squares that leave out the blocks that move otherwise (iteratively trimmed).
The vectors serve as one more candidate of a search or as a prediction of the whole frame.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.interpolation import luma_block
from codec_worker.toolbox.kernel import I16, I64, U8, kernel
from codec_worker.toolbox.range_coder import Coder, code_signed

CONTEXTS = 34  # of :func:`code_parameters`
ONE = 1 << 16  # parameters are in 1/65536 of a quarter sample
_CONSTANT_STEP, _SLOPE_STEP = 1 << 12, 1 << 4
_MOST = 65_535  # of a coded number
_ROUNDS = 6

_I = types.int64


def estimate(vectors: I16, size: int, translation: bool = False) -> I64:
    """Fit a model to the vectors of a grid of blocks.

    Parameters
    ----------
    vectors
        int16 (rows, columns, 2), (vy, vx) in quarter samples, as ``search_frame`` leaves them.
    size
        Side of a block in samples.
    translation
        Look for a shift alone.

    Returns
    -------
    int64 (2, 3)
        For vy and vx: the constant and the slopes along y and x, rounded to what
        :func:`code_parameters` can carry.
    """
    rows, columns = vectors.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns] * size + size / 2
    terms = np.stack([np.ones(rows * columns), y.ravel(), x.ravel()], 1)
    if translation or min(rows, columns) < 3:
        terms = terms[:, :1]
    moved = vectors.reshape(-1, 2).astype(np.float64)
    used = np.ones(len(moved), bool)
    model = np.zeros((terms.shape[1], 2))
    model[0] = np.median(moved, axis=0)
    for turn in range(_ROUNDS):
        error = np.abs(moved - terms @ model).sum(1)
        if turn or terms.shape[1] == 1:
            used = error <= max(2 * float(np.median(error)), 1.0)
        model = np.linalg.lstsq(terms[used], moved[used], rcond=None)[0]
    whole = np.zeros((3, 2))
    whole[: len(model)] = model
    return _rounded(whole.T * ONE)


def _rounded(parameters: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> I64:
    steps = np.array([_CONSTANT_STEP, _SLOPE_STEP, _SLOPE_STEP])
    numbers = np.clip(np.round(parameters / steps), -_MOST, _MOST).astype(np.int64)
    return np.ascontiguousarray(numbers * steps)


def code_parameters(coder: Coder, base: int, parameters: I64) -> I64:
    """Code a model; ``base`` is the first of :data:`CONTEXTS` contexts. Returns the model coded."""
    coded = np.zeros((2, 3), np.int64)
    for axis in range(2):
        for term in range(3):
            step = _SLOPE_STEP if term else _CONSTANT_STEP
            context = base + (17 if term else 0)
            number = code_signed(coder, context, int(parameters[axis, term]) // step)
            coded[axis, term] = min(max(number, -_MOST), _MOST) * step
    return coded


@kernel(types.void(types.int64[:, ::1], _I, types.int16[:, :, ::1]))
def motion_field(parameters: I64, size: int, vectors: I16) -> None:
    """Give each block the model's vector at its centre.

    ``size`` is the side of a block in samples, ``vectors`` int16 (rows, columns, 2).
    """
    for row in range(vectors.shape[0]):
        for column in range(vectors.shape[1]):
            y, x = row * size + (size >> 1), column * size + (size >> 1)
            for axis in range(2):
                value = parameters[axis, 0] + parameters[axis, 1] * y + parameters[axis, 2] * x
                value = (value + (ONE >> 1)) >> 16
                vectors[row, column, axis] = min(max(value, -32768), 32767)


@kernel(types.void(types.uint8[:, :, ::1], types.int16[:, :, ::1], _I, types.uint8[:, ::1]))
def compensate(planes: U8, vectors: I16, size: int, out: U8) -> None:
    """Predict a luma plane block by block from prepared quarter-sample planes.

    ``planes`` as :func:`codec_worker.toolbox.interpolation.quarter_planes` gives them; ``out`` is
    uint8 (rows * size, columns * size).
    """
    for row in range(vectors.shape[0]):
        for column in range(vectors.shape[1]):
            y, x = row * size, column * size
            vy, vx = int(vectors[row, column, 0]), int(vectors[row, column, 1])
            luma_block(planes, y, x, vy, vx, size, size, out, y, x)
