"""The deployed form of a proposal: one zip file whose content names it."""

import io
import zipfile

from pydantic import ValidationError

from codec_lab.candidate import Candidate, canonical_sha256
from codec_lab.errors import AttestationError
from codec_lab.limits import Limits
from codec_lab.model import Model, Sha256
from codec_lab.proposal import Proposal

MANIFEST_FILE = "manifest.json"
REQUIREMENTS_FILE = "requirements.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date a zip can hold: equal content, equal bytes


class Manifest(Model):
    """What a bundle holds and under which conditions it runs."""

    candidate_sha256: Sha256
    packages: tuple[str, ...]
    limits: Limits

    @property
    def bundle_sha256(self) -> Sha256:
        """The hash of candidate and environment together: equal means nothing was changed."""
        return canonical_sha256(self.model_dump(mode="json"))


class Bundle(Model):
    """A candidate with its manifest."""

    manifest: Manifest
    candidate: Candidate

    @classmethod
    def of(cls, proposal: Proposal) -> "Bundle":
        """Make the bundle of a proposal."""
        candidate = proposal.candidate
        manifest = Manifest(
            candidate_sha256=candidate.sha256,
            packages=tuple(sorted(candidate.packages)),
            limits=proposal.limits,
        )
        return cls(manifest=manifest, candidate=candidate)

    def to_zip(self) -> bytes:
        """Write the bundle; equal bundles give equal bytes."""
        files = {
            **self.candidate.files,
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
            candidate = Candidate(files=files, packages=manifest.packages)
        except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, ValidationError) as error:
            raise AttestationError(f"The deployed bundle cannot be read: {error}") from error
        if candidate.sha256 != manifest.candidate_sha256:
            raise AttestationError(
                f"The bundle holds candidate {candidate.sha256}, "
                f"its manifest names {manifest.candidate_sha256}."
            )
        if manifest.bundle_sha256 != expected_sha256:
            raise AttestationError(
                f"The bundle is {manifest.bundle_sha256}, the job asks for {expected_sha256}."
            )
        return cls(manifest=manifest, candidate=candidate)
