"""The deployed form of a proposal: one zip file whose content names it."""

import io
import zipfile

from pydantic import Field, ValidationError

from codec_lab.candidate import Candidate, canonical_sha256
from codec_lab.errors import AttestationError
from codec_lab.framework import SHIPPED, TOOLBOX, Framework
from codec_lab.limits import Limits
from codec_lab.model import Model, Sha256
from codec_lab.proposal import Proposal

MANIFEST_FILE = "manifest.json"
REQUIREMENTS_FILE = "requirements.txt"
_FOLDER = f"{TOOLBOX}/"
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
    limits: Limits
    framework_version: int = 0
    toolbox_sha256: Sha256 | None = None

    @property
    def bundle_sha256(self) -> Sha256:
        """The hash of candidate and environment together: equal means nothing was changed.

        A version's number is no part of it: it is the modules that run.
        """
        return canonical_sha256(self.model_dump(mode="json", exclude={"framework_version"}))


class Bundle(Model):
    """A candidate with its manifest, and the modules of the framework by path."""

    manifest: Manifest
    candidate: Candidate
    toolbox: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, proposal: Proposal, framework: Framework = SHIPPED) -> "Bundle":
        """Make the bundle of a proposal on a version of the framework."""
        candidate = proposal.candidate
        manifest = Manifest(
            candidate_sha256=candidate.sha256,
            packages=tuple(sorted(candidate.packages)),
            limits=proposal.limits,
            framework_version=framework.version,
            toolbox_sha256=_sha256_of(framework.toolbox),
        )
        return cls(manifest=manifest, candidate=candidate, toolbox=framework.toolbox)

    @property
    def source(self) -> dict[str, str]:
        """Everything that a candidate can import of its bundle, by path."""
        return {**self.toolbox, **self.candidate.files}

    def to_zip(self) -> bytes:
        """Write the bundle; equal bundles give equal bytes."""
        files = {
            **self.source,
            MANIFEST_FILE: self.manifest.model_dump_json(indent=2) + "\n",
            REQUIREMENTS_FILE: "".join(f"{name}\n" for name in self.manifest.packages),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name].encode())
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
                files = {name: archive.read(name).decode() for name in archive.namelist()}
            manifest = Manifest.model_validate_json(files.pop(MANIFEST_FILE))
            files.pop(REQUIREMENTS_FILE)
            modules = {path: files.pop(path) for path in list(files) if path.startswith(_FOLDER)}
            toolbox = Framework(files=modules).toolbox
            candidate = Candidate(files=files, packages=manifest.packages)
        except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, ValidationError) as error:
            raise AttestationError(f"The deployed bundle cannot be read: {error}") from error
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
        return cls(manifest=manifest, candidate=candidate, toolbox=toolbox)


def _sha256_of(toolbox: dict[str, str]) -> Sha256 | None:
    return canonical_sha256(toolbox) if toolbox else None
