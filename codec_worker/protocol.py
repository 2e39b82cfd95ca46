"""The rules of a measurement: what a candidate must do before a number counts.

``docs/evaluation.md`` tells them to users.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from codec_lab.errors import (
    ContractError,
    EmbeddedClipError,
    LimitExceededError,
    RoundTripError,
)
from codec_lab.verdict import RatePoint
from codec_worker.contract import Clip
from codec_worker.failure import CandidateFailedError
from codec_worker.metrics import IDENTICAL_DB, Quality, measure, psnr_y_db, rate_point
from codec_worker.runner import Decoded, Encoded, Runner
from codec_worker.sandbox.outcome import Outcome
from codec_worker.variants import Variants

MIN_PSNR_Y_DB = 15.0
"""Less is no picture: a flat grey clip has 10 to 20 dB."""

DAMAGE_MARGIN_DB = 0.5
"""A damaged bitstream must lose more than that, or the picture came from elsewhere."""

VARIANT_MARGIN = 2.0
"""How much more rate a variant of a clip may cost at equal quality.

On the default clips it costs x264 and MPEG-4 0.71 to 1.01 times as much and the small seed 0.74 to
1.00 times, at all their rate points; on a small noisy clip the small seed up to 1.5 times.
"""

VARIANT_SLACK_BYTES = 64
"""Streams of few bytes vary by more than that share."""

RATE_PER_DB = 1.15
"""Factor of the rate for a decibel more, at low rates; evens out small differences of quality."""

VARIANT_DEFICIT_DB = 2.0
"""How much worse a variant may look: over more decibels no one factor evens out the rate, and a few
grey squares would count as cheap. The small seed stays within 0.3 dB at all its rate points."""


class Measurement(NamedTuple):
    """One rate point with what it was measured from."""

    point: RatePoint
    quality: Quality
    encoded: Encoded
    decoded: Decoded


def measure_point(runner: Runner, clip: Clip, quality: int, what: str) -> Measurement:
    """Encode, decode from the bitstream alone, and measure.

    Parameters
    ----------
    runner : Runner
        The candidate.
    clip : Clip
        The source.
    quality : int
        The knob.
    what : str
        For messages, e.g. ``carphone at quality 30``.

    Raises
    ------
    CandidateFailedError
        If the candidate fails or decodes to no picture.
    """
    return decode_point(runner, clip, quality, runner.encode(clip, quality, what), what)


def decode_point(
    runner: Runner, clip: Clip, quality: int, encoded: Encoded, what: str
) -> Measurement:
    """Decode what was encoded, from the bitstream alone, and measure.

    Raises
    ------
    CandidateFailedError
        If the candidate fails or decodes to no picture.
    """
    decoded = runner.decode(encoded.bitstream, clip, what)
    measured = measure(clip, decoded.planes)
    if measured.psnr_y_db < MIN_PSNR_Y_DB:
        raise CandidateFailedError(
            RoundTripError,
            f"decode of {what} gives {measured.psnr_y_db:.1f} dB PSNR-Y, less than "
            f"{MIN_PSNR_Y_DB:g} dB is no picture.",
            direction="decode",
        )
    point = rate_point(quality, len(encoded.bitstream), clip, measured).model_copy(
        update={
            "encode_cpu_s": encoded.cpu_s,
            "decode_cpu_s": decoded.cpu_s,
            "encode_peak_memory_bytes": encoded.peak_memory_bytes,
            "decode_peak_memory_bytes": decoded.peak_memory_bytes,
        }
    )
    return Measurement(point, measured, encoded, decoded)


def check_round_trip(runner: Runner, clip: Clip, measurement: Measurement, what: str) -> None:
    """Prove that the picture comes from the bitstream, and every time the same.

    Raises
    ------
    CandidateFailedError
        With a ``RoundTripError`` if a second decode differs or a damaged bitstream still gives
        the picture, with a ``LimitExceededError`` if the decoder hangs on a damaged one.
    """
    again = runner.decode(measurement.encoded.bitstream, clip, f"{what}, again")
    planes = zip(measurement.decoded.planes, again.planes, strict=True)
    if not all(np.array_equal(first, second) for first, second in planes):
        raise CandidateFailedError(
            RoundTripError,
            f"decode of {what} gives another picture the second time: "
            "it must depend on nothing but the bitstream.",
            direction="decode",
        )
    for damage, bitstream in _damaged(measurement.encoded.bitstream):
        label = f"{what}, {damage}"
        run = runner.decode_untyped(bitstream, clip, label)
        if run.outcome in {Outcome.CPU_LIMIT, Outcome.WALL_LIMIT}:
            raise CandidateFailedError(  # names no limit: a higher one would not mend it
                LimitExceededError,
                f"decode of {label}: {run.message}; "
                "on a damaged bitstream it must end or raise an error.",
                direction="decode",
                traceback=run.traceback,
            )
        if run.value is None:
            continue
        reached_db = psnr_y_db(clip, run.value)
        if reached_db > measurement.point.psnr_y_db - DAMAGE_MARGIN_DB:
            raise CandidateFailedError(
                RoundTripError,
                f"decode of {label} still gives {reached_db:.1f} dB PSNR-Y: "
                "the picture does not come from the bitstream.",
                direction="decode",
            )


def _damaged(bitstream: bytes) -> Iterator[tuple[str, bytes]]:
    """Spoil the second half of a bitstream, then cut it off."""
    half = len(bitstream) // 2
    rng = np.random.default_rng(seed=half)
    flips = rng.integers(1, 256, len(bitstream) - half, np.uint8)  # never 0: every byte changes
    spoilt = np.frombuffer(bitstream, np.uint8)[half:] ^ flips
    yield "second half corrupted", bitstream[:half] + spoilt.tobytes()
    yield "second half cut off", bitstream[:half]


def encode_variant(runner: Runner, variant: Clip, quality: int, what: str) -> bytes:
    """Encode a variant of a clip, for ``check_no_clip_is_embedded``.

    Raises
    ------
    CandidateFailedError
        If the candidate fails.
    """
    return runner.encode(variant, quality, f"{what}, a variant").bitstream


def check_no_clip_is_embedded(
    runner: Runner, variant: Clip, measurement: Measurement, bitstream: bytes, what: str
) -> None:
    """Prove that the candidate does not know the clip already.

    Its source has room for the bitstreams of a few short clips, and an encoder that recognises one
    could send little more than its number. A variant of a clip (``codec_worker.variants``) is no
    harder to code than the clip itself, for a codec that does not know it.

    Raises
    ------
    CandidateFailedError
        With an ``EmbeddedClipError`` if the variant looks much worse or costs far more rate at
        equal quality, or any fault of the candidate on it.
    """
    decoded = runner.decode(bitstream, variant, f"{what}, a variant")
    reached_db, wanted_db = psnr_y_db(variant, decoded.planes), measurement.point.psnr_y_db
    size_bytes, original_bytes = len(bitstream), measurement.point.size_bytes
    deficit_db = wanted_db - reached_db
    most_bytes = VARIANT_MARGIN * original_bytes + VARIANT_SLACK_BYTES
    if deficit_db > VARIANT_DEFICIT_DB or size_bytes * RATE_PER_DB**deficit_db > most_bytes:
        raise CandidateFailedError(
            EmbeddedClipError,
            f"{what} takes {original_bytes} bytes for {wanted_db:.1f} dB PSNR-Y, a variant of it "
            f"(cut, noisy, maybe mirrored) {size_bytes} bytes for {reached_db:.1f} dB: "
            "the candidate knows the clip; it must learn all about it from the clip it is given.",
            direction="encode",
        )


def check_curve(points: Sequence[RatePoint], clip_name: str) -> None:
    """Demand that a higher quality costs more bits and gives a better picture.

    Where nothing is left to gain, two qualities may give the same: both are without any loss.

    Raises
    ------
    CandidateFailedError
        With a ``ContractError`` that names the two points.
    """
    ordered = sorted(points, key=lambda point: point.quality)
    for low, high in pairwise(ordered):
        if low.psnr_y_db == high.psnr_y_db == IDENTICAL_DB and low.size_bytes <= high.size_bytes:
            continue
        if high.size_bytes <= low.size_bytes or high.psnr_y_db <= low.psnr_y_db:
            raise CandidateFailedError(
                ContractError,
                f"On {clip_name} quality {high.quality} gives {high.size_bytes} bytes at "
                f"{high.psnr_y_db:.2f} dB, quality {low.quality} gives {low.size_bytes} bytes at "
                f"{low.psnr_y_db:.2f} dB: a higher quality must cost more and look better.",
                direction="encode",
            )


def validate(
    runner: Runner, clip: Clip, qualities: Sequence[int], clip_name: str, variants: Variants
) -> None:
    """Try a candidate on a few frames before everything is measured.

    Parameters
    ----------
    runner : Runner
        The candidate.
    clip : Clip
        A few frames of a development clip.
    qualities : sequence of int
        The rate points of the plan; the lowest and the highest are tried.
    clip_name : str
        For messages.
    variants : Variants
        Draws those of the clip.

    Raises
    ------
    CandidateFailedError
        If the candidate does not hold.
    """
    frames = f"the first {len(clip.y)} frames of {clip_name}"
    low, high = (
        measure_point(runner, clip, quality, f"{frames} at quality {quality}")
        for quality in (min(qualities), max(qualities))
    )
    check_curve((low.point, high.point), frames)
    check_round_trip(runner, clip, low, f"{frames} at quality {low.point.quality}")
    for measurement in (low, high):
        quality = measurement.point.quality
        what, variant = f"{frames} at quality {quality}", variants.of(clip, clip_name, quality)
        bitstream = encode_variant(runner, variant, quality, what)
        check_no_clip_is_embedded(runner, variant, measurement, bitstream, what)
