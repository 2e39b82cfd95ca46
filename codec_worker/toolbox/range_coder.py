"""Binary range coder with adaptive contexts; one function codes, decodes and prices a bin.

The coder is Subbotin's carry-propagating range coder in the form of LZMA (Igor Pavlov's
specification, "LZMA decoder"): 32-bit range, bytes out, carries resolved by counting pending
0xFF bytes. Probabilities follow VVC (H.266 clause 9.3.4.3.2): each context holds two
estimators of different speed whose mean is used; both start fast and slow down with the number
of bins seen, so no trained initial values are needed.

A :class:`Coder` works in one of three modes. Syntax is written once, as a function that calls
:func:`code_bin` for each bin, and serves all three: ``ENCODE`` writes the given bin, ``DECODE``
ignores it and returns the bin read, ``COUNT`` adds the bin's price to ``state[BITS]`` and
changes nothing else. Encoder and decoder therefore cannot disagree about the syntax.

All arithmetic is on integers, so streams are the same on every machine. Reading past the end of
the buffer yields zeros and raises ``state[OVERRUN]``; it never reads outside the array.
"""

from typing import NamedTuple

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import I32, I64, U8, inner_kernel, kernel

COUNT, ENCODE, DECODE = 0, 1, 2
# Places in Coder.state.
MODE, LOW, RANGE, CACHE, PENDING, POSITION, CODE, BITS, OVERRUN, LIMIT = range(10)

BIT_PRICE = 1024  # the price of one bit in state[BITS]
_PROBABILITY_BITS = 15
_FAST_SHIFT, _SLOW_SHIFT = 4, 7
_PRICE_SHIFT = 5  # 1,024 steps of probability in the table of prices

# Adaptation shift after n bins: close to the mean of all bins seen (1 / (n + 1.5)).
_SHIFTS = np.minimum(np.round(np.log2(np.arange(256) + 1.5) + 0.3), 15).astype(np.int64)
_LEVELS = (np.arange(1 << (_PROBABILITY_BITS - _PRICE_SHIFT)) + 0.5) / 1024
_PRICES = np.round(-np.log2(_LEVELS) * BIT_PRICE).astype(np.int64)


class Coder(NamedTuple):
    """State of a range coder; see :func:`encoder` and :func:`decoder`.

    ``state`` is int64 (16,) indexed by the names of this module, ``buffer`` uint8 (size,),
    ``contexts`` int32 (contexts, 3): fast estimate, slow estimate (of bin 1, in 1/65536) and
    the number of bins seen.
    """

    state: I64
    buffer: U8
    contexts: I32


CODER = types.NamedTuple([types.int64[::1], types.uint8[::1], types.int32[:, ::1]], Coder)


def contexts(count: int) -> I32:
    """Return ``count`` fresh contexts, int32 (count, 3), at probability one half."""
    fresh = np.zeros((count, 3), np.int32)
    fresh[:, :2] = 1 << 15
    return fresh


def encoder(context_count: int, size_bytes: int) -> Coder:
    """Return a coder that writes up to ``size_bytes`` bytes."""
    state = np.zeros(16, np.int64)
    state[[MODE, RANGE, LIMIT, CACHE]] = ENCODE, 0xFFFFFFFF, size_bytes, -1
    return Coder(state, np.zeros(size_bytes, np.uint8), contexts(context_count))


def decoder(context_count: int, payload: bytes) -> Coder:
    """Return a coder that reads ``payload``."""
    state = np.zeros(16, np.int64)
    buffer = np.frombuffer(payload + bytes(4), np.uint8).copy()
    state[[MODE, RANGE, LIMIT]] = DECODE, 0xFFFFFFFF, len(payload)
    state[CODE] = int.from_bytes(payload[:4].ljust(4, b"\0"), "big")
    state[POSITION] = 4
    return Coder(state, buffer, contexts(context_count))


def grown(coder: Coder, free_bytes: int) -> Coder:
    """Return the encoder with at least ``free_bytes`` of room behind its position."""
    missing = free_bytes - (len(coder.buffer) - int(coder.state[POSITION]))
    if missing <= 0:
        return coder
    buffer = np.concatenate([coder.buffer, np.zeros(missing + len(coder.buffer), np.uint8)])
    coder.state[LIMIT] = len(buffer)
    return coder._replace(buffer=buffer)


def overrun(coder: Coder) -> bool:
    """Tell whether the coder read or wrote further than its buffer allows.

    A sound stream is read up to eight bytes past its end: four of look-ahead and the zero bytes
    which :func:`finish` dropped.
    """
    return int(coder.state[OVERRUN]) > (8 if coder.state[MODE] == DECODE else 0)


@inner_kernel(types.void(CODER))
def _shift_low(coder: Coder) -> None:
    state = coder.state
    low = state[LOW]
    if low < 0xFF000000 or low > 0xFFFFFFFF:
        carry = low >> 32
        byte = state[CACHE]
        while state[PENDING] >= 0:
            # CACHE starts at -1: the first byte of such a coder is always 0 and is not written.
            if byte >= 0:
                if state[POSITION] < len(coder.buffer):
                    coder.buffer[state[POSITION]] = (byte + carry) & 0xFF
                    state[POSITION] += 1
                else:
                    state[OVERRUN] += 1
            byte = 0xFF
            state[PENDING] -= 1
        state[CACHE] = (low >> 24) & 0xFF
    state[PENDING] += 1
    state[LOW] = (low & 0x00FFFFFF) << 8


@inner_kernel(types.int64(CODER))
def _next_byte(coder: Coder) -> int:
    position = coder.state[POSITION]
    coder.state[POSITION] += 1
    if position < coder.state[LIMIT]:
        return int(coder.buffer[position])
    coder.state[OVERRUN] += 1
    return 0


@kernel(types.int64(CODER, types.int64, types.int64))
def code_bin(coder: Coder, context: int, value: int) -> int:
    """Code one bin with an adaptive context.

    Parameters
    ----------
    coder
        The coder; its mode decides what happens.
    context
        Row of ``coder.contexts``.
    value
        0 or 1; ignored when decoding.

    Returns
    -------
    int
        The bin coded or decoded.
    """
    state = coder.state
    row = coder.contexts[context]
    # 15-bit probability of 1, kept away from 0 and 1 so that both intervals stay open.
    probability = (row[0] + row[1]) >> 2
    probability = min(max(probability, 24), (1 << _PROBABILITY_BITS) - 24)
    mode = state[MODE]
    if mode == COUNT:
        chance = probability if value else (1 << _PROBABILITY_BITS) - probability
        state[BITS] += _PRICES[chance >> _PRICE_SHIFT]
        return value
    bound = (state[RANGE] >> _PROBABILITY_BITS) * probability
    if mode == DECODE:
        value = 1 if state[CODE] < bound else 0
    if value:
        state[RANGE] = bound
    else:
        state[RANGE] -= bound
        if mode == DECODE:
            state[CODE] -= bound
        else:
            state[LOW] += bound
    while state[RANGE] < 1 << 24:
        state[RANGE] <<= 8
        if mode == DECODE:
            state[CODE] = (state[CODE] << 8) | _next_byte(coder)
        else:
            _shift_low(coder)
    shift = _SHIFTS[row[2]]
    target = 65535 if value else 0
    row[0] += (target - row[0]) >> min(shift, _FAST_SHIFT)
    row[1] += (target - row[1]) >> min(shift, _SLOW_SHIFT)
    row[2] = min(row[2] + 1, 255)
    return value


@kernel(types.int64(CODER, types.int64, types.int64))
def code_bits(coder: Coder, count: int, value: int) -> int:
    """Code ``count`` equiprobable bits, most significant first; returns the number coded."""
    state = coder.state
    mode = state[MODE]
    if mode == COUNT:
        state[BITS] += count * BIT_PRICE
        return value
    result = 0
    for index in range(count - 1, -1, -1):
        state[RANGE] >>= 1
        if mode == DECODE:
            bit = 1 if state[CODE] >= state[RANGE] else 0
            state[CODE] -= state[RANGE] * bit
        else:
            bit = (value >> index) & 1
            state[LOW] += state[RANGE] * bit
        result = result * 2 + bit
        while state[RANGE] < 1 << 24:
            state[RANGE] <<= 8
            if mode == DECODE:
                state[CODE] = (state[CODE] << 8) | _next_byte(coder)
            else:
                _shift_low(coder)
    return result


@kernel(types.int64(CODER, types.int64, types.int64))
def code_exp_golomb(coder: Coder, order: int, value: int) -> int:
    """Code a non-negative integer below 2**20 by an Exp-Golomb code of the given order.

    The code of H.264 clause 9.3.2.3 (UEGk suffix): while the value reaches ``2**order`` a one is
    written, subtracted and the order raised. The prefix is cut at 20 ones, so a damaged stream
    cannot make the decoder run on.
    """
    decoding = coder.state[MODE] == DECODE
    result = 0
    for _ in range(20):
        more = code_bits(coder, 1, 1 if not decoding and value - result >= 1 << order else 0)
        if not more:
            break
        result += 1 << order
        order += 1
    return result + code_bits(coder, order, 0 if decoding else value - result)


@kernel(types.int64(CODER, types.int64, types.int64, types.int64))
def code_unary(coder: Coder, context: int, limit: int, value: int) -> int:
    """Code ``0 <= value <= limit`` as ones and a closing zero, one context per place."""
    for place in range(limit):
        if not code_bin(coder, context + place, 1 if value > place else 0):
            return place
    return limit


@kernel(types.int64(CODER, types.int64, types.int64))
def code_signed(coder: Coder, context: int, value: int) -> int:
    """Code an integer of up to 17 bits, such as a part of a vector difference.

    The number of its bits in unary with 17 contexts, then its bits and its sign.
    """
    magnitude, size = abs(value), 0
    while magnitude >> size:
        size += 1
    size = code_unary(coder, context, 17, size)
    if size == 0:
        return 0
    low = 1 << (size - 1)
    magnitude = low + code_bits(coder, size - 1, magnitude - low)
    return -magnitude if code_bits(coder, 1, 1 if value < 0 else 0) else magnitude


@inner_kernel(types.int64(types.int32[:, ::1], types.int64, types.int64))
def bin_price(rows: I32, context: int, value: int) -> int:
    """Price of one bin in 1/:data:`BIT_PRICE` bits, from ``Coder.contexts``."""
    row = rows[context]
    probability = min(max((row[0] + row[1]) >> 2, 24), (1 << _PROBABILITY_BITS) - 24)
    chance = probability if value else (1 << _PROBABILITY_BITS) - probability
    return int(_PRICES[chance >> _PRICE_SHIFT])


def price(coder: Coder) -> Coder:
    """Return a counting view of a coder: same contexts, own state, nothing written."""
    state = np.zeros(16, np.int64)
    state[MODE] = COUNT
    return Coder(state, np.zeros(0, np.uint8), coder.contexts)


def finish(coder: Coder) -> bytes:
    """Close an encoder and return its bytes.

    The shortest number inside the final interval is written; up to four zero bytes at the end
    are dropped, since the decoder reads zeros there.

    Raises
    ------
    OverflowError
        When the coder's buffer was too small.
    """
    state = coder.state
    low, high = int(state[LOW]), int(state[LOW]) + int(state[RANGE])
    for bits in range(32, -1, -1):
        candidate = (low + (1 << bits) - 1) >> bits << bits
        if candidate < high:
            state[LOW] = candidate
            break
    for _ in range(5):
        _shift_low(coder)
    if overrun(coder):
        raise OverflowError("The range coder's buffer is too small; call grown() before coding.")
    payload = coder.buffer[: int(state[POSITION])].tobytes()
    stripped = payload.rstrip(b"\0")
    return payload[: max(len(stripped), len(payload) - 4)]
