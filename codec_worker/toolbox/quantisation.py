"""Uniform quantisation with a dead zone; steps as in H.264 (they double every six QP).

Coefficients carry :data:`codec_worker.toolbox.transform.COEFFICIENT_SCALE`; steps are integers
in 1/256 of a sample, so dequantisation is exact on every machine.
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I32, kernel

MAX_QP = 63
_STEP_SCALE = 256
# Qstep(0) = 0.625 (H.264, table 8-15 scaled): 160 / 256.
_FIRST_OCTAVE = np.array([160, 180, 202, 226, 254, 285], np.int64)


def step(qp: int) -> float:
    """Return the quantiser's step of a QP in sample units."""
    return int(STEPS[qp]) / _STEP_SCALE


STEPS = _FIRST_OCTAVE[np.arange(MAX_QP + 1) % 6] << (np.arange(MAX_QP + 1) // 6)


def qp_of_quality(quality: int) -> int:
    """Map the quality knob 0..100 to QP 52..2."""
    return 52 - round(min(max(quality, 0), 100) / 2)


def chroma_qp(qp: int) -> int:
    """Map a luma QP to chroma's, which grows more slowly from 30 on (after H.265 table 8-10)."""
    qp = min(max(qp, 0), MAX_QP)
    return qp if qp < 30 else round(30 + (qp - 30) * 0.75)


@kernel(types.int64(types.int32[:, ::1], types.int64, types.int64, types.int64, types.float64))
def quantise(block: I32, height: int, width: int, qp: int, rounding: float) -> int:
    """Quantise coefficients in place.

    Parameters
    ----------
    block
        int32 (at least height, at least width), coefficients; replaced by levels.
    height, width
        Size of the block in samples.
    qp
        Quantisation parameter 0..63.
    rounding
        Share of a step added before truncation: 0.5 rounds, less widens the dead zone around
        zero (H.264 encoders use 1/3 for intra and 1/6 for inter blocks).

    Returns
    -------
    int
        Number of non-zero levels.
    """
    scale = STEPS[qp] * 4 / _STEP_SCALE
    count = 0
    for y in range(height):
        for x in range(width):
            magnitude = min(int(abs(block[y, x]) / scale + rounding), 32767)
            block[y, x] = magnitude if block[y, x] >= 0 else -magnitude
            count += magnitude > 0
    return count


@kernel(types.void(types.int32[:, ::1], types.int64, types.int64, types.int64))
def dequantise(block: I32, height: int, width: int, qp: int) -> None:
    """Turn levels into coefficients in place; integers only, clipped to 16 bits."""
    factor = STEPS[qp]
    for y in range(height):
        for x in range(width):
            value = (np.int64(block[y, x]) * factor + 32) >> 6
            block[y, x] = min(max(value, -32768), 32767)
