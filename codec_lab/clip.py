"""A source clip: frozen, lossless, named by its hash."""

from enum import StrEnum

from pydantic import Field

from codec_lab.model import Model, Name, Sha256


class ClipRole(StrEnum):
    """What a clip may be used for."""

    DEVELOPMENT = "development"
    """The search sees its results."""

    HIDDEN = "hidden"
    """Only the promotion to champion sees its results."""


class SourceClip(Model):
    """A clip as it is stored: lossless FFV1 in Matroska, 8-bit 4:2:0.

    Attributes
    ----------
    name : str
        How people call it.
    sha256 : str
        Hash of the raw planes (Y, U, V of each frame in turn), not of the file around them.
    key : str
        Where the file lies in the object store.
    width, height : int
        Luma samples; both even.
    frame_count : int
        Frames.
    fps : float
        Frames per second.
    role : ClipRole
        Who may see its results.
    origin : str
        Where the clip comes from and how it was converted, for people.
    """

    name: Name
    sha256: Sha256
    key: str
    width: int = Field(ge=16, multiple_of=2)
    height: int = Field(ge=16, multiple_of=2)
    frame_count: int = Field(ge=1)
    fps: float = Field(gt=0)
    role: ClipRole = ClipRole.DEVELOPMENT
    origin: str = ""
