"""A bitstream of an experiment decoded again from the files that a person downloaded."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from codec_lab.bundle import MANIFEST_FILE, Bundle, Manifest
from codec_lab.errors import AttestationError, ConfigurationError
from codec_lab.verdict import ClipResult, RatePoint, Verdict
from codec_worker.contract import Clip
from codec_worker.failure import CandidateFailedError
from codec_worker.installed import sandboxes
from codec_worker.runner import Runner
from codec_worker.video import planes_sha256


class DecodedAgain(NamedTuple):
    """What a bitstream decodes to, and of which clip and quality it is."""

    clip: Clip
    result: ClipResult
    point: RatePoint


def decode_again(decoder: Path, bitstream: Path, verdict: Path) -> DecodedAgain:
    """Decode a bitstream in the sandbox and prove that the frames are those that were measured.

    Parameters
    ----------
    decoder : Path
        The bundle that was measured, ``decoder.zip``.
    bitstream : Path
        One of its bitstreams.
    verdict : Path
        The verdict about them: it names the clip's size and the hash of the decoded planes.

    Raises
    ------
    ConfigurationError
        If a file is not what it should be, or the bitstream is not of that verdict.
    AttestationError
        If the decoder is another, or decodes to other frames.
    """
    stated = _verdict(verdict)
    data = _read(bitstream)
    result, point = _measured(stated, data, bitstream)
    bundle = _bundle(decoder, stated)
    height, width, frame_count = result.height, result.width, result.frame_count
    shape = Clip(
        np.empty((frame_count, height, width), np.uint8),
        np.empty((frame_count, height // 2, width // 2), np.uint8),
        np.empty((frame_count, height // 2, width // 2), np.uint8),
        result.fps,
    )
    try:
        with (
            sandboxes(bundle) as make_box,
            Runner(
                bundle.candidate, bundle.manifest.limits, make_box, toolbox=bundle.toolbox
            ) as runner,
        ):
            planes = runner.decode(data, shape, bitstream.name).planes
    except CandidateFailedError as error:
        raise AttestationError(
            f"{bitstream.name} was decoded when it was measured and is not now: {error}"
        ) from error
    clip = Clip(*planes, result.fps)
    if point.decoded_sha256 != planes_sha256(clip):
        raise AttestationError(
            f"{bitstream.name} decodes to other frames than those that were measured."
        )
    return DecodedAgain(clip, result, point)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _verdict(path: Path) -> Verdict:
    try:
        return Verdict.model_validate_json(_read(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path} is no verdict of an experiment.") from error


def _measured(verdict: Verdict, data: bytes, bitstream: Path) -> tuple[ClipResult, RatePoint]:
    sha256 = hashlib.sha256(data).hexdigest()
    for result in verdict.results:
        for point in result.points:
            if point.bitstream_sha256 == sha256:
                return result, point
    raise ConfigurationError(
        f"{bitstream} is none of the bitstreams of this verdict: take both from one experiment."
    )


def _bundle(path: Path, verdict: Verdict) -> Bundle:
    data = _read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = Manifest.model_validate_json(archive.read(MANIFEST_FILE))
    except (zipfile.BadZipFile, KeyError, ValidationError) as error:
        raise ConfigurationError(f"{path} is no decoder of an experiment.") from error
    if manifest.bundle_sha256 != verdict.bundle_sha256:
        raise AttestationError(f"{path} is not the decoder that this verdict is about.")
    return Bundle.from_zip(data, manifest.bundle_sha256)
