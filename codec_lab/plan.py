"""What is measured: clips, rate points and anchors of a campaign."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from codec_lab.clip import ClipRole, SourceClip
from codec_lab.model import Model, Name
from codec_lab.tiers import REFERENCE_ANCHOR

Quality = Annotated[int, Field(ge=0, le=100)]

DEFAULT_QUALITIES = (30, 40, 50, 60)
"""Meet x264's and x265's QP 37, 32, 27 and 22 in PSNR with the seeds' QP = 52 - quality / 2."""

DEFAULT_ANCHORS = ("x264-medium", "x265-medium", "svtav1-p6")
"""Names of rows of the bench's anchor table."""


class Screen(Model):
    """The step between smoke and full measurement, which may end an experiment early.

    Attributes
    ----------
    clips, frames, qualities : int
        At most so many development clips, first frames of each, and rate points.
    margin_percent : float
        An experiment stops if its mean BD-rate is worse than the best experiments' by more
        points. Encoder tweaks spread 0.5 to 1.7 points over three short clips; the default is
        three times that.
    """

    clips: int = Field(default=3, ge=1)
    frames: int = Field(default=33, ge=1)
    qualities: int = Field(default=3, ge=3)
    margin_percent: float = Field(default=5.0, ge=0)


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
    screen : Screen or None
        What validation measures after that; None leaves it out.
    secret : str
        Draws the variants of clips that show whether a candidate knows a clip. Nothing that a
        candidate, a mind or a page sees has it.
    """

    clips: tuple[SourceClip, ...] = Field(min_length=1)
    qualities: tuple[Quality, ...] = Field(default=DEFAULT_QUALITIES, min_length=4)
    anchors: tuple[Name, ...] = DEFAULT_ANCHORS
    smoke_frames: int = Field(default=8, ge=1)
    screen: Screen | None = Screen()
    secret: str = Field(default="", repr=False)

    @model_validator(mode="after")
    def _no_clip_is_two(self) -> Self:
        by_hash: dict[str, str] = {}
        for clip in self.clips:
            same = by_hash.setdefault(clip.sha256, clip.name)
            if same != clip.name:
                raise ValueError(
                    f"the clips {same} and {clip.name} hold the same pictures: leave one out, for "
                    "a hidden clip that the search has seen decides nothing"
                )
        return self

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

    @property
    def screen_clips(self) -> tuple[SourceClip, ...]:
        """The clips of the screen; hidden ones never take part."""
        if self.screen is None or not self.anchors:
            return ()
        seen = [clip for clip in self.clips if clip.role is ClipRole.DEVELOPMENT]
        return tuple(seen[: self.screen.clips])

    @property
    def screen_qualities(self) -> tuple[int, ...]:
        """Rate points of the plan, spread evenly from the lowest to the highest."""
        if self.screen is None:
            return ()
        ordered = sorted(self.qualities)
        count = min(self.screen.qualities, len(ordered))
        return tuple(ordered[i * (len(ordered) - 1) // (count - 1)] for i in range(count))

    @property
    def screen_anchor(self) -> str:
        """The one anchor that screens are compared by: x265 where it is among the plan's."""
        return REFERENCE_ANCHOR if REFERENCE_ANCHOR in self.anchors else self.anchors[0]
