"""What is measured: clips, rate points and anchors of a campaign."""

from typing import Annotated

from pydantic import Field

from codec_lab.clip import SourceClip
from codec_lab.model import Model, Name

Quality = Annotated[int, Field(ge=0, le=100)]

DEFAULT_QUALITIES = (30, 40, 50, 60)
"""Meet x264's and x265's QP 37, 32, 27 and 22 in PSNR with the seeds' QP = 52 - quality / 2."""

DEFAULT_ANCHORS = ("x264-medium", "x265-medium", "svtav1-p6")
"""Names of rows of the bench's anchor table."""


class EvaluationPlan(Model):
    """The measurement that every candidate of a campaign gets.

    Attributes
    ----------
    clips : tuple of SourceClip
        On which clips.
    qualities : tuple of int
        At which rate points.
    anchors : tuple of str
        Against which anchors.
    smoke_frames : int
        Frames of the first clip that validation encodes and decodes.
    """

    clips: tuple[SourceClip, ...] = Field(min_length=1)
    qualities: tuple[Quality, ...] = Field(default=DEFAULT_QUALITIES, min_length=4)
    anchors: tuple[Name, ...] = DEFAULT_ANCHORS
    smoke_frames: int = Field(default=8, ge=1)
