"""Rate control: the quality of a clip, or the QP of each frame, that meets a target of bytes.

Rate falls by about half for every six QP (steps double), so the logarithm of the rate is nearly a
line over QP or quality. A clip is met by secant steps on that line inside a shrinking bracket; a
frame is met by the line alone, whose height follows the frames coded before (a constant-slope
form of the R-λ model: Li, Li, Li and Zhang, "λ domain rate control for HEVC", 2014).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

QUALITY_PER_OCTAVE = 12.0  # two steps of quality are one QP, six QP halve the rate
QP_PER_OCTAVE = 6.0


class RateTargetError(ValueError):
    """Not even the lowest quality is small enough."""


class Fit(NamedTuple):
    """What :func:`fit_size` found: the quality, its bitstream and how often it encoded."""

    quality: int
    bitstream: bytes
    trials: int


def fit_size(
    encode: Callable[[int], bytes],
    target_bytes: int,
    lowest: int = 0,
    highest: int = 100,
    tolerance: float = 0.0,
) -> Fit:
    """Find the highest quality whose bitstream is not larger than a target.

    Parameters
    ----------
    encode
        Gives the bitstream of a quality; its length rises with the quality.
    target_bytes
        Most bytes allowed.
    lowest, highest
        Range of qualities.
    tolerance
        Stop as soon as the stream is smaller than the target by no more than this share.

    Returns
    -------
    Fit
        The best quality; found after at most ``log2(highest - lowest) + 4`` encodings for any
        rising curve, mostly after four.

    Raises
    ------
    RateTargetError
        When the stream of the lowest quality is too large.
    """
    fitting: Fit | None = None
    above = highest + 1  # the lowest quality known to be too large
    below = lowest - 1  # the highest known to fit
    sizes: dict[int, float] = {}
    quality = (lowest + highest) // 2
    trials = 0
    while above - below > 1:
        bitstream = encode(quality)
        trials += 1
        sizes[quality] = math.log2(max(len(bitstream), 1))
        if len(bitstream) <= target_bytes:
            below, fitting = quality, Fit(quality, bitstream, trials)
            if tolerance and len(bitstream) >= (1 - tolerance) * target_bytes:
                break
        else:
            above = quality
        guess = _on_the_line(sizes, quality, math.log2(max(target_bytes, 1)))
        if trials > 3 and above - below > 4:
            guess = (above + below) // 2  # the curve is no line: halve instead
        quality = min(max(guess, below + 1), above - 1)
    if fitting is None:
        raise RateTargetError(
            f"Quality {lowest} takes more than the {target_bytes} bytes allowed: raise the target."
        )
    return fitting._replace(trials=trials)


def _on_the_line(sizes: dict[int, float], quality: int, wanted: float) -> int:
    """Return the quality that a line through the last two points, or one point, promises."""
    slope = 1 / QUALITY_PER_OCTAVE
    others = [other for other in sizes if other != quality]
    if others:
        nearest = min(others, key=lambda other: abs(other - quality))
        slope = max((sizes[quality] - sizes[nearest]) / (quality - nearest), slope / 4)
    return math.floor(quality + (wanted - sizes[quality]) / slope)


class FrameRateControl:
    """QP for each frame so that the clip comes out at a target.

    Parameters
    ----------
    target_bits
        Bits for all frames.
    frames
        Number of frames.
    first_qp
        QP of the first frame, before anything is known.
    most_change
        Largest change of QP between frames of equal weight.
    """

    def __init__(
        self, target_bits: float, frames: int, first_qp: int, most_change: int = 3
    ) -> None:
        self.left_bits, self.left_frames = target_bits, frames
        self.qp, self.most_change = first_qp, most_change
        self.bits_at_qp: dict[int, float] = {}  # by layer: bits of a frame scaled to QP 0

    def next_qp(self, layer: int = 0, offset: int = 0) -> int:
        """Return the QP of the next frame, 0..63.

        Parameters
        ----------
        layer
            Frames of a layer cost alike; each has its own line.
        offset
            Added to the QP by the temporal structure.
        """
        if self.bits_at_qp and self.left_frames > 0:
            known = self.bits_at_qp
            per_frame = known.get(layer, sum(known.values()) / len(known))
            wanted = max(self.left_bits / self.left_frames, 1.0)
            ideal = round(QP_PER_OCTAVE * math.log2(max(per_frame, 1.0) / wanted)) - offset
            low, high = self.qp - self.most_change, self.qp + self.most_change
            self.qp = min(max(ideal, low, 0), high, 63)
        return min(max(self.qp + offset, 0), 63)

    def coded(self, bits: float, qp: int, layer: int = 0) -> None:
        """Report what a frame took; the layer's line moves half way to it."""
        at_zero = bits * 2 ** (qp / QP_PER_OCTAVE)
        before = self.bits_at_qp.get(layer, at_zero)
        self.bits_at_qp[layer] = (before + at_zero) / 2
        self.left_bits -= bits
        self.left_frames -= 1
