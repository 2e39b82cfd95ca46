"""The deployed form of a proposal: one zip file whose content names it."""

import io
import zipfile
from collections.abc import Mapping

from pydantic import Field, ValidationError

from codec_lab.candidate import Candidate, canonical_sha256
from codec_lab.errors import AttestationError, WheelError
from codec_lab.framework import SHIPPED, TOOLBOX, Framework
from codec_lab.limits import Limits
from codec_lab.model import Model, Sha256, located_refusal
from codec_lab.proposal import Proposal
from codec_lab.wheel import MAX_WHEEL_BYTES, Wheel

MANIFEST_FILE = "manifest.json"
REQUIREMENTS_FILE = "requirements.txt"
_FOLDER = f"{TOOLBOX}/"
_WHEELS = "wheels/"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date a zip can hold: equal content, equal bytes


class Manifest(Model):
    """What a bundle holds and under which conditions it runs.

    Attributes
    ----------
    candidate_sha256 : str
        Its candidate.
    packages, limits
        What that may use.
    framework_version : int
        The version of the framework that it was made on.
    toolbox_sha256 : str or None
        Hash of that version's modules, which travel in the bundle; None if it has none.
    """

    candidate_sha256: Sha256
    packages: tuple[str, ...]
    wheels: tuple[Wheel, ...] = ()
    limits: Limits
    framework_version: int = 0
    toolbox_sha256: Sha256 | None = None

    @property
    def bundle_sha256(self) -> Sha256:
        """The hash of candidate and environment together: equal means nothing was changed.

        A version's number is no part of it: it is the modules that run. Nor is what a bundle does
        not have.
        """
        said = self.model_dump(mode="json", exclude={"framework_version"})
        absent = {name for name in ("toolbox_sha256", "wheels") if not said[name]}
        return canonical_sha256({name: said[name] for name in said.keys() - absent})


class Bundle(Model):
    """A candidate with its manifest.

    Attributes
    ----------
    toolbox : dict of str to str
        The modules of the framework by path.
    wheel_files : dict of str to bytes
        The wheels that the manifest names, by file name; empty until they are deployed.
    """

    manifest: Manifest
    candidate: Candidate
    toolbox: dict[str, str] = Field(default_factory=dict)
    wheel_files: dict[str, bytes] = Field(default_factory=dict)

    @classmethod
    def of(cls, proposal: Proposal, framework: Framework = SHIPPED) -> "Bundle":
        """Make the bundle of a proposal on a version of the framework."""
        candidate = proposal.candidate
        manifest = Manifest(
            candidate_sha256=candidate.sha256,
            packages=tuple(sorted(candidate.packages)),
            wheels=candidate.wheels,
            limits=proposal.limits,
            framework_version=framework.version,
            toolbox_sha256=_sha256_of(framework.toolbox),
        )
        return cls(manifest=manifest, candidate=candidate, toolbox=framework.toolbox)

    @property
    def source(self) -> dict[str, str]:
        """Everything that a candidate can import of its bundle, by path."""
        return {**self.toolbox, **self.candidate.files}

    def with_wheels(self, files: Mapping[str, bytes]) -> "Bundle":
        """Give the bundle with its wheels, each proved to be the one that is pinned.

        Parameters
        ----------
        files : mapping of str to bytes
            Wheels by file name.

        Raises
        ------
        WheelError
            If one is missing or another.
        """
        for wheel in self.manifest.wheels:
            if wheel.file not in files:
                raise WheelError(f"The bundle lacks {wheel.file}.")
            wheel.check(files[wheel.file])
        return self.model_copy(update={"wheel_files": dict(files)})

    def to_zip(self) -> bytes:
        """Write the bundle; equal bundles give equal bytes."""
        files = {
            **self.source,
            MANIFEST_FILE: self.manifest.model_dump_json(indent=2) + "\n",
            REQUIREMENTS_FILE: "".join(f"{line}\n" for line in self.candidate.requirements),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name].encode())
            for wheel in sorted(self.wheel_files):
                archive.writestr(
                    zipfile.ZipInfo(f"{_WHEELS}{wheel}", _EPOCH), self.wheel_files[wheel]
                )
        return buffer.getvalue()

    @classmethod
    def from_zip(cls, data: bytes, expected_sha256: Sha256) -> "Bundle":
        """Read a bundle and prove that it is the one that was deployed.

        Parameters
        ----------
        data : bytes
            The zip file.
        expected_sha256 : str
            The bundle's hash as the job names it.

        Raises
        ------
        AttestationError
            If the bytes are no bundle, or hold another candidate or environment.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                contents = {entry.filename: _read(archive, entry) for entry in archive.infolist()}
            wheel_files = {
                name.removeprefix(_WHEELS): contents.pop(name)
                for name in list(contents)
                if name.startswith(_WHEELS)
            }
            files = {name: content.decode() for name, content in contents.items()}
            manifest = Manifest.model_validate_json(files.pop(MANIFEST_FILE))
            files.pop(REQUIREMENTS_FILE)
            modules = {path: files.pop(path) for path in list(files) if path.startswith(_FOLDER)}
            toolbox = Framework(files=modules).toolbox
            candidate = Candidate(files=files, packages=manifest.packages, wheels=manifest.wheels)
        except ValidationError as error:
            raise AttestationError(
                f"The deployed bundle cannot be read: {located_refusal(error)}."
            ) from error
        except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
            raise AttestationError(
                f"The deployed bundle cannot be read: it is no archive with a manifest ({error})."
            ) from error
        if candidate.sha256 != manifest.candidate_sha256:
            raise AttestationError(
                f"The bundle holds candidate {candidate.sha256}, "
                f"its manifest names {manifest.candidate_sha256}."
            )
        if _sha256_of(toolbox) != manifest.toolbox_sha256:
            raise AttestationError("The bundle holds other modules than its manifest names.")
        if manifest.bundle_sha256 != expected_sha256:
            raise AttestationError(
                f"The bundle is {manifest.bundle_sha256}, the job asks for {expected_sha256}."
            )
        bundle = cls(manifest=manifest, candidate=candidate, toolbox=toolbox)
        try:
            return bundle.with_wheels(wheel_files)
        except WheelError as error:
            raise AttestationError(str(error)) from error


def _sha256_of(toolbox: dict[str, str]) -> Sha256 | None:
    return canonical_sha256(toolbox) if toolbox else None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > MAX_WHEEL_BYTES:
        raise AttestationError(f"The bundle holds {entry.filename} of {entry.file_size} bytes.")
    return archive.read(entry)
