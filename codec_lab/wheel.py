"""A package that can be put into a bundle: one pinned wheel, read with distrust."""

import hashlib
import io
import re
import stat
import sys
import zipfile
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from codec_lab.errors import WheelError
from codec_lab.limits import MIB
from codec_lab.model import Model, Sha256

MAX_WHEEL_BYTES = 16 * MIB
MAX_UNPACKED_BYTES = 64 * MIB
MAX_FILES = 2000

OWN_NAMES = frozenset(
    {"adapters", "codec", "codec_lab", "codec_worker", "constriction", "lambdas", "llvmlite"}
    | {"numba", "numpy", "scipy", "toolbox"}
)
"""Modules of the lab, of what every candidate has, and of the candidate itself."""

PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

_READ_BYTES = 1 * MIB


def same_package(name: str, other: str) -> bool:
    """Tell whether two spellings name one package (PEP 503)."""
    spelt = (re.sub(r"[-_.]+", "-", each).lower() for each in (name, other))
    return len(set(spelt)) == 1


class Wheel(Model):
    """A package's wheel, pinned.

    Attributes
    ----------
    name, version : str
        Of the package, as its index names it.
    file : str
        The wheel's file name, which says for which Python and machine it is.
    sha256 : str
        Of the wheel.
    modules : tuple of str
        The top-level modules that candidates import of it.
    """

    name: PackageName
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]*$")]
    file: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*\.whl$")]
    sha256: Sha256
    modules: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], ...],
        Field(min_length=1),
    ]

    @field_validator("modules")
    @classmethod
    def _shadow_nothing(cls, modules: tuple[str, ...]) -> tuple[str, ...]:
        taken = sorted(set(modules) & (sys.stdlib_module_names | OWN_NAMES))
        if taken:
            raise ValueError(f"a package cannot stand in for {', '.join(taken)}")
        return modules

    @property
    def requirement(self) -> str:
        """The pin as a line of ``requirements.txt``."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"

    def check(self, data: bytes) -> None:
        """Compare bytes with the pin.

        Raises
        ------
        WheelError
            If they are not this wheel, or are too many.
        """
        if len(data) > MAX_WHEEL_BYTES:
            raise WheelError(
                f"{self.file} has {len(data)} bytes; a wheel may have {MAX_WHEEL_BYTES}."
            )
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise WheelError(f"{self.file} is pinned to SHA-256 {self.sha256}, not {found}.")

    def unpacked(self, data: bytes) -> dict[str, bytes]:
        """Read a wheel's files, of which none can lead out of the folder they are written to.

        Parameters
        ----------
        data : bytes
            The wheel.

        Returns
        -------
        dict of str to bytes
            Content by relative POSIX path.

        Raises
        ------
        WheelError
            If it is another wheel, no zip file, too large when unpacked, or holds a path that
            leaves its folder, a link, a file twice, or anything beside its modules.
        """
        self.check(data)
        files: dict[str, bytes] = {}
        room = MAX_UNPACKED_BYTES
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = [entry for entry in archive.infolist() if not entry.is_dir()]
                if len(entries) > MAX_FILES:
                    raise WheelError(f"{self.file} holds {len(entries)} files, not {MAX_FILES}.")
                for entry in entries:
                    self._check_entry(entry, files)
                    content = _read(archive, entry, room)
                    room -= len(content)
                    if room < 0:
                        raise WheelError(
                            f"{self.file} unpacks to more than {MAX_UNPACKED_BYTES} bytes."
                        )
                    files[entry.filename] = content
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise WheelError(f"{self.file} cannot be unpacked: {error}") from error
        return files

    def _check_entry(self, entry: zipfile.ZipInfo, before: dict[str, bytes]) -> None:
        name = entry.filename
        path = PurePosixPath(name)
        plain = str(path) == name and not path.is_absolute() and ".." not in path.parts
        if not plain or "\\" in name or not name.isprintable():
            raise WheelError(f"{self.file} holds {name!r}, which leads out of its folder.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise WheelError(f"{self.file} holds the link {name!r}.")
        if name in before:
            raise WheelError(f"{self.file} holds {name!r} twice.")
        top = path.parts[0]
        beside = len(path.parts) > 1 and top.endswith((".dist-info", ".libs"))
        if not beside and top.partition(".")[0] not in self.modules:
            raise WheelError(f"{self.file} holds {name!r}, which is none of its modules.")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    """Read an entry until it is more than there is room for: its stated size may be a lie."""
    content = bytearray()
    with archive.open(entry) as file:
        while len(content) <= room and (part := file.read(_READ_BYTES)):
            content += part
    return bytes(content)
