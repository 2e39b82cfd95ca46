"""What is measured: clips, rate points and anchors of a campaign."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from codec_lab.clip import ClipRole, SourceClip
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
        Frames of ``smoke_clip`` that validation encodes and decodes.
    """

    clips: tuple[SourceClip, ...] = Field(min_length=1)
    qualities: tuple[Quality, ...] = Field(default=DEFAULT_QUALITIES, min_length=4)
    anchors: tuple[Name, ...] = DEFAULT_ANCHORS
    smoke_frames: int = Field(default=8, ge=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for kind, names in (
            ("clip", [clip.name for clip in self.clips]),
            ("quality", list(self.qualities)),
            ("anchor", list(self.anchors)),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"a plan names the same {kind} twice")
        return self

    @property
    def smoke_clip(self) -> SourceClip:
        """The clip that validation uses: the first that the search may see."""
        seen = (clip for clip in self.clips if clip.role is ClipRole.DEVELOPMENT)
        return next(seen, self.clips[0])
