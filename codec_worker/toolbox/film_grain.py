"""Film grain: described by the encoder in a few numbers, synthesised by the decoder.

A simplified form of AV1's film grain (AV1 bitstream specification, clause 7.18.3; Norkin and
Birkbeck, "Film grain synthesis for AV1 video codec", 2018): Gaussian noise from a shift register
runs through an autoregressive filter into a template, windows of which are scaled by the local
brightness and added after decoding, outside the prediction loop. Grain cannot be coded cheaply
and lowers PSNR where it is added; it is for eyes. Synthesis is in integers, so every decoder
shows the same grain.
"""

from typing import NamedTuple

import numpy as np

from codec_worker.toolbox.kernel import F64, I32, I64, U8, kernel

LAG = 2  # rows above and columns to both sides that the filter sees
COEFFICIENTS = 2 * LAG * (LAG + 1)  # 12 causal neighbours
SIDE = 128  # of the template
WINDOW = 32  # side of the windows cut from it
BANDS = 8  # of brightness, each with its strength
_SHIFT = 7  # fraction bits of the coefficients
_MARGIN = 8  # rows and columns in which the filter settles


class Grain(NamedTuple):
    """Parameters of a plane's grain.

    ``coefficients`` int64 (12,), of the causal neighbours in raster order in 1/128;
    ``strengths`` int64 (8,), standard deviation in 1/16 of a sample for each eighth of the
    range of brightness; ``seed`` 16 bits, not 0.
    """

    coefficients: I64
    strengths: I64
    seed: int


def causal_offsets() -> list[tuple[int, int]]:
    """Return the neighbours (y, x) of the autoregressive filter in raster order."""
    above = [(dy, dx) for dy in range(-LAG, 0) for dx in range(-LAG, LAG + 1)]
    return above + [(0, dx) for dx in range(-LAG, 0)]


_OFFSETS = np.array(causal_offsets(), np.int64)


@kernel("int64(int64)")
def next_random(register: int) -> int:
    """Advance the 16-bit shift register of AV1 (clause 7.18.3.2) by one bit."""
    bit = (register ^ (register >> 1) ^ (register >> 3) ^ (register >> 12)) & 1
    return (register >> 1) | (bit << 15)


@kernel("void(int64[::1], int64, int32[:, ::1])")
def _fill(coefficients: I64, seed: int, piece: I32) -> None:
    register = seed
    for y in range(piece.shape[0]):
        for x in range(piece.shape[1]):
            total = 0
            for turn in range(32):  # four uniform bytes: Gaussian enough, deviation 148
                register = next_random(register)
                if turn & 7 != 7:
                    continue
                total += register & 255
            value = (total - 510) << _SHIFT
            for tap in range(COEFFICIENTS):
                py, px = y + _OFFSETS[tap, 0], x + _OFFSETS[tap, 1]
                if py >= 0 and px >= 0 and px < piece.shape[1]:
                    value += coefficients[tap] * piece[py, px]
            piece[y, x] = min(max((value + 64) >> _SHIFT, -8192), 8191)


def template(grain: Grain) -> I64:
    """Synthesise a piece of grain.

    Returns
    -------
    int64 (SIDE, SIDE)
        Samples with a standard deviation of about 1024 and a mean near zero.
    """
    wide = np.zeros((SIDE + _MARGIN, SIDE + 2 * _MARGIN), np.int32)
    _fill(np.ascontiguousarray(grain.coefficients, np.int64), grain.seed or 1, wide)
    settled = wide[_MARGIN:, _MARGIN:-_MARGIN].astype(np.int64)
    power = int((settled * settled).sum()) // settled.size
    deviation = max(_integer_root(power), 1)
    scaled: I64 = settled * 1024 // deviation
    return scaled


def _integer_root(value: int) -> int:
    root = int(np.sqrt(value))
    while root * root > value:
        root -= 1
    while (root + 1) * (root + 1) <= value:
        root += 1
    return root


def add(plane: U8, grain: Grain, frame: int) -> U8:
    """Return a plane with grain; ``frame`` moves the windows from picture to picture."""
    piece = template(grain)
    height, width = plane.shape
    noise = np.zeros((-(-height // WINDOW) * WINDOW, -(-width // WINDOW) * WINDOW), np.int64)
    register = ((grain.seed or 1) ^ (frame * 40503 + 1)) & 0xFFFF or 1
    for y in range(0, height, WINDOW):
        for x in range(0, width, WINDOW):
            for _ in range(16):
                register = next_random(register)
            top = (register & 0xFF) % (SIDE - WINDOW + 1)
            left = (register >> 8) % (SIDE - WINDOW + 1)
            noise[y : y + WINDOW, x : x + WINDOW] = piece[top : top + WINDOW, left : left + WINDOW]
    strength = np.asarray(grain.strengths, np.int64)[plane >> 5]
    grown = plane + ((noise[:height, :width] * strength + (1 << 13)) >> 14)
    limited: U8 = np.clip(grown, 0, 255).astype(np.uint8)
    return limited


def estimate(source: U8, smooth: U8, seed: int) -> Grain:
    """Describe the grain of a plane by what a denoised or decoded version lacks.

    Parameters
    ----------
    source, smooth
        uint8 (h, w), the plane with its grain and without; sides of at least 8.
    seed
        16 bits, not 0.

    Returns
    -------
    Grain
        Coefficients by least squares over flat areas (the Yule-Walker equations), strengths by
        the deviation in each band of brightness.
    """
    noise = source.astype(np.float64) - smooth
    height, width = noise.shape
    inner = noise[LAG:, LAG : width - LAG]
    neighbours = np.stack(
        [
            noise[LAG + dy : height + dy, LAG + dx : width - LAG + dx].ravel()
            for dy, dx in causal_offsets()
        ]
    )
    gradient = np.abs(np.gradient(smooth.astype(np.float64))).sum(0)[LAG:, LAG : width - LAG]
    flat = (gradient <= np.quantile(gradient, 0.5) + 1e-9).ravel()
    coefficients = _stable(neighbours[:, flat], inner.ravel()[flat])
    strengths = np.zeros(BANDS, np.int64)
    band_of = smooth[LAG:, LAG : width - LAG].ravel()[flat] >> 5
    for band in range(BANDS):
        samples = inner.ravel()[flat][band_of == band]
        if len(samples) >= 64:
            strengths[band] = min(round(16 * float(samples.std())), 255)
    return Grain(coefficients, strengths, seed)


def _stable(neighbours: F64, values: F64) -> I64:
    """Solve for coefficients and shrink them until the filter cannot grow without bound."""
    products = neighbours @ neighbours.T
    products += (1e-3 * np.trace(products) / COEFFICIENTS + 1e-9) * np.eye(COEFFICIENTS)
    exact = np.linalg.solve(products, neighbours @ values)
    reach = np.abs(exact).sum()
    if reach > 0.95:
        exact *= 0.95 / reach
    rounded: I64 = np.round(exact * (1 << _SHIFT)).astype(np.int64)
    return rounded
