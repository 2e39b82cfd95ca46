"""The most that jobs can leave in the store, so that it can be paid for beforehand."""

from collections.abc import Iterator
from typing import NamedTuple, Self

from codec_lab.clip import SourceClip
from codec_lab.limits import KIB, MIB, Limits
from codec_lab.plan import EvaluationPlan

SLACK_BYTES = 64 * KIB
"""What a bitstream may have beyond the samples that it stands for: a clip of few is no matter."""

MOST_LOG_BYTES = 4 * MIB
"""What is kept of a job's log, from its end."""

MAX_PICTURES = 8
"""Decoded frames of a clip that are stored as pictures too: enough to see where a codec fails, and
little beside the bitstreams."""

_JOB_BYTES = MOST_LOG_BYTES + MIB
_JOB_OBJECTS = 4
_CLIP_BYTES = 128 * KIB
"""What a clip adds to a job's verdict and progress, and to the merged verdict."""
_POINT_BYTES = 8 * KIB
_FRAME_BYTES = 256
"""Of the metrics: nine numbers of eight bytes, which may not compress."""


class Stored(NamedTuple):
    """Objects and their bytes."""

    objects: int = 0
    size_bytes: int = 0

    def plus(self, other: Self) -> "Stored":
        """Add what others left."""
        return Stored(self.objects + other.objects, self.size_bytes + other.size_bytes)


def most_bitstream_bytes(luma_samples: int) -> int:
    """Give the longest bitstream that is still one: as long as the samples, and some slack.

    Parameters
    ----------
    luma_samples : int
        Of all frames; 4:2:0 adds half as many of chroma, a byte each.
    """
    return luma_samples * 3 // 2 + SLACK_BYTES


def most_stored(plan: EvaluationPlan, limits: Limits, *, jobs: int) -> Stored:
    """Bound what a validation and an execution of a plan store, whatever the candidate does.

    Parameters
    ----------
    plan : EvaluationPlan
        What is measured.
    limits : Limits
        The candidate's.
    jobs : int
        How many there are, the validation among them.
    """
    found = Stored(jobs * _JOB_OBJECTS + 1, (jobs + 1) * _JOB_BYTES)  # 1: the merged verdict
    for clip, frame_count, points in _measured(plan):
        found = found.plus(_of_clip(clip, frame_count, points, limits))
    return found


def _measured(plan: EvaluationPlan) -> Iterator[tuple[SourceClip, int, int]]:
    """Give clips, frames and rate points of the full measurement and of the screen."""
    for clip in plan.clips:
        yield clip, clip.frame_count, len(plan.qualities)
    for clip in plan.screen_clips:
        frame_count = min(clip.frame_count, plan.screen.frames if plan.screen else 0)
        yield clip, frame_count, len(plan.screen_qualities)


def _of_clip(clip: SourceClip, frame_count: int, points: int, limits: Limits) -> Stored:
    frame = clip.width * clip.height
    bitstream_bytes = min(limits.output_bytes, most_bitstream_bytes(frame * frame_count))
    point_bytes = bitstream_bytes + _POINT_BYTES + frame_count * _FRAME_BYTES
    # Noise does not compress: FFV1 (4:2:0) and PNG (RGB) are then a little longer than it.
    decoded_bytes = frame * frame_count * 2 + MAX_PICTURES * (frame * 4) + _CLIP_BYTES
    size_bytes = points * point_bytes + decoded_bytes + _CLIP_BYTES
    return Stored(points * 3 + 1 + MAX_PICTURES, size_bytes)
