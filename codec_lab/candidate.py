"""A candidate codec: source files and packages, named by the hash of their content."""

import hashlib
import json
from typing import Self

from pydantic import Field, model_validator

from codec_lab.model import Model, Sha256
from codec_lab.wheel import PackageName, Wheel, same_package

ENTRY_FILE = "codec.py"
"""The file of a candidate that defines ``encode`` and ``decode``."""

MAX_FILES = 64
MAX_PATH_BYTES = 100
"""Of one path in UTF-8; a folder of Linux holds names of 255 bytes."""

_NOT_ITS_FOLDERS = frozenset({"toolbox", "wheels"})
"""Where a bundle holds what is not the candidate's."""


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
        Python source by relative POSIX path, at most ``MAX_FILES`` of ``MAX_PATH_BYTES``; one of
        them is ``codec.py``.
    packages : tuple of str
        Names of packages that it asks for.
    wheels : tuple of Wheel
        Packages that were installed for it, beyond those that every candidate has.
    """

    files: dict[str, str] = Field(min_length=1, max_length=MAX_FILES)
    packages: tuple[PackageName, ...] = ()
    wheels: tuple[Wheel, ...] = ()

    @model_validator(mode="after")
    def _paths_stay_inside(self) -> Self:
        if ENTRY_FILE not in self.files:
            raise ValueError(f"a candidate needs a file {ENTRY_FILE} with encode and decode")
        for name in self.files:
            *folders, module = name.removesuffix(".py").split("/")
            imported = name.endswith(".py") and all(map(str.isidentifier, (*folders, module)))
            if not imported or _NOT_ITS_FOLDERS & {*folders[:1]}:
                raise ValueError(
                    f"{name[:80]!r} is no path of a candidate's module: "
                    "name it like blocks/transform.py"
                )
            size_bytes = len(name.encode())
            if size_bytes > MAX_PATH_BYTES:
                raise ValueError(
                    f"the path {name[:80]}... has {size_bytes} bytes; at most {MAX_PATH_BYTES} "
                    "are taken"
                )
        return self

    @property
    def sha256(self) -> Sha256:
        """The hash that is carried from the design to every measurement."""
        return canonical_sha256({"files": self.files, **self.needs})

    @property
    def needs(self) -> dict[str, list[str]]:
        """Give what it needs beside its files, in one order; without wheels they go unnamed."""
        needs = {"packages": sorted(self.packages)}
        if self.wheels:
            needs["wheels"] = sorted(wheel.requirement for wheel in self.wheels)
        return needs

    @property
    def requirements(self) -> list[str]:
        """Give its packages as the lines of a ``requirements.txt``."""
        return sorted([*self.packages, *(wheel.requirement for wheel in self.wheels)])

    def with_file(self, name: str, source: str) -> "Candidate":
        """Give the candidate with one file replaced or added."""
        return self.with_files({**self.files, name: source})

    def with_files(self, files: dict[str, str]) -> "Candidate":
        """Give the candidate with other files and the same packages.

        Raises
        ------
        ValidationError
            If these are no files of a candidate.
        """
        return Candidate(files=files, packages=self.packages, wheels=self.wheels)

    def with_wheel(self, wheel: Wheel) -> "Candidate":
        """Give the candidate with a package installed; it asks for it no longer."""
        others = tuple(one for one in self.wheels if not same_package(one.name, wheel.name))
        asked = tuple(name for name in self.packages if not same_package(name, wheel.name))
        return self.model_copy(update={"packages": asked, "wheels": (*others, wheel)})
