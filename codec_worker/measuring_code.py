"""Which code of the lab measures: with another text of it, numbers need not be comparable."""

from importlib import resources
from importlib.resources.abc import Traversable

from codec_lab.candidate import canonical_sha256
from codec_lab.model import Sha256

MODULES = (
    "anchors",
    "contract",
    "ffmpeg_program",
    "metrics",
    "quality_filters",
    "video",
    "vmaf",
    "vvenc",
)
"""What makes rate points of samples: ``anchors``, ``metrics`` and all that they import here."""


def sha256_of(folder: Traversable) -> Sha256:
    """Hash the texts of the modules that measure, as they lie in a folder."""
    texts = {name: folder.joinpath(f"{name}.py").read_text("utf-8") for name in MODULES}
    return canonical_sha256(texts)


SHA256 = sha256_of(resources.files(__package__))
"""Of the code that runs: read when it is imported, so that a later upgrade is not taken for it."""
