"""A candidate codec: source files and packages, named by the hash of their content."""

import hashlib
import json
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from codec_lab.model import Model, Sha256

ENTRY_FILE = "codec.py"
"""The file of a candidate that defines ``encode`` and ``decode``."""

PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


def canonical_sha256(value: object) -> Sha256:
    """Hash a JSON value so that equal values have equal hashes.

    Parameters
    ----------
    value : object
        Anything that ``json.dumps`` takes.

    Returns
    -------
    str
        SHA-256 of the canonical JSON text (sorted keys, no spaces, UTF-8).
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Candidate(Model):
    """The source of a codec and the packages it asks for.

    Attributes
    ----------
    files : dict of str to str
        Python source by relative POSIX path; one of them is ``codec.py``.
    packages : tuple of str
        Names of packages beyond those that every candidate has.
    """

    files: dict[str, str] = Field(min_length=1)
    packages: tuple[PackageName, ...] = ()

    @model_validator(mode="after")
    def _paths_stay_inside(self) -> Self:
        if ENTRY_FILE not in self.files:
            raise ValueError(f"a candidate needs a file {ENTRY_FILE} with encode and decode")
        for name in self.files:
            path = PurePosixPath(name)
            if path.name != name or path.suffix != ".py" or not path.stem.isidentifier():
                raise ValueError(f"{name!r} is not the plain file name of a Python module")
        return self

    @property
    def sha256(self) -> Sha256:
        """The hash that is carried from the design to every measurement."""
        return canonical_sha256({"files": self.files, "packages": sorted(self.packages)})

    def with_file(self, name: str, source: str) -> "Candidate":
        """Give the candidate with one file replaced or added."""
        return Candidate(files={**self.files, name: source}, packages=self.packages)
