"""Mixing of several models: one bin coded by the weighted opinion of several contexts.

Logistic mixing as in PAQ (Mahoney, "Adaptive weighing of context models for lossless data
compression", 2005; the integer form of lpaq): each model's probability is stretched to
ln(p / (1 - p)), the weighted sum is squashed back, and after the bin each weight moves by the
product of its model's stretched opinion and the error. Useful where it is not known which
neighbour tells most: ask all of them. Tables and arithmetic are integers, so streams are the same
on every machine.
"""

from typing import NamedTuple

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I32, I64, kernel
from codec_worker.toolbox.range_coder import CODER, COUNT, MODE, Coder, code_bin

MODELS = 4  # contexts that one bin can ask
ONE_WEIGHT = 1 << 16
_SLOWEST = 254  # bins after which an estimate slows down no more
_LEARNING = 7  # lpaq's rate of learning: the error times seven in 1/65536

# Logistic function at -2048, -1920, ... 2048 (in 1/256) in 1/4096: the knots of lpaq's squash().
_KNOTS = np.array(
    [1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348,
     3607, 3785, 3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094],
    np.int64,
)  # fmt: skip


def _tables() -> tuple[I64, I64]:
    """Return squash for -2047..2047 (at index + 2047) and its inverse for 0..4095."""
    opinions = np.arange(-2047, 2048) + 2048
    place, part = opinions >> 7, opinions & 127
    squashed = (_KNOTS[place] * (128 - part) + _KNOTS[place + 1] * part + 64) >> 7
    stretched = np.searchsorted(squashed, np.arange(4096)) - 2047
    return squashed, np.clip(stretched, -2047, 2047).astype(np.int64)


SQUASH, STRETCH = _tables()
_PACE = (2 << 16) // (2 * np.arange(_SLOWEST + 1, dtype=np.int64) + 3)


class Mixer(NamedTuple):
    """Models and weights; see :func:`mixer`.

    ``estimates`` is int32 (contexts, 2): the probability of 1 in 1/65536 and the bins seen;
    ``weights`` int32 (sets, MODELS) in 1/65536.
    """

    estimates: I32
    weights: I32


MIXER = types.NamedUniTuple(types.int32[:, ::1], 2, Mixer)


def mixer(context_count: int, weight_sets: int, models: int) -> Mixer:
    """Return a mixer that knows nothing yet.

    Parameters
    ----------
    context_count
        Rows of estimates for all models together.
    weight_sets
        Sets of weights; a bin names one, for instance by its kind.
    models
        Models asked for each bin, 1..:data:`MODELS`; each begins with an equal share.
    """
    estimates = np.zeros((context_count, 2), np.int32)
    estimates[:, 0] = 1 << 15
    return Mixer(estimates, np.full((weight_sets, MODELS), ONE_WEIGHT // models, np.int32))


@kernel(types.int64(CODER, MIXER, types.int64, types.int64[::1], types.int64, types.int64))
def code_mixed(
    coder: Coder, mixer: Mixer, scratch: int, models: I64, weight_set: int, value: int
) -> int:
    """Code one bin by the mixed opinion of several models.

    Parameters
    ----------
    coder
        Range coder in any mode; a counting one changes neither estimates nor weights.
    mixer
        What the models have learnt.
    scratch
        A row of ``coder.contexts`` that is used for nothing else: it carries the probability.
    models
        int64 (n,), n up to :data:`MODELS`: the row of ``mixer.estimates`` of each model.
    weight_set
        Row of ``mixer.weights``.
    value
        0 or 1; ignored when decoding.

    Returns
    -------
    int
        The bin coded or decoded.
    """
    opinions = np.empty(MODELS, np.int64)
    weights = mixer.weights[weight_set]
    total = 0
    for index in range(len(models)):
        opinions[index] = STRETCH[mixer.estimates[models[index], 0] >> 4]
        total += weights[index] * opinions[index]
    probability = SQUASH[min(max(total >> 16, -2047), 2047) + 2047]
    row = coder.contexts[scratch]
    row[0], row[1], row[2] = probability << 4, probability << 4, 255
    value = code_bin(coder, scratch, value)
    if coder.state[MODE] == COUNT:
        return value
    error = ((value << 12) - probability) * _LEARNING
    target = 65535 if value else 0
    for index in range(len(models)):
        moved = weights[index] + ((opinions[index] * error + (1 << 15)) >> 16)
        weights[index] = min(max(moved, -(1 << 20)), 1 << 20)
        estimate = mixer.estimates[models[index]]
        estimate[0] += ((target - estimate[0]) * _PACE[estimate[1]]) >> 16
        estimate[1] = min(estimate[1] + 1, _SLOWEST)
    return value
