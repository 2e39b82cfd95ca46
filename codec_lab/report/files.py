"""The files that come with a report, and where they go."""

import base64
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from codec_lab import documents, keys
from codec_lab.bundle import Bundle
from codec_lab.errors import AttestationError, ConfigurationError
from codec_lab.experiment import Experiment
from codec_lab.ports import ObjectStore
from codec_lab.report.models import Download, DownloadKind, Downloads
from codec_lab.report.redaction import Redaction
from codec_lab.verdict import ClipResult, Verdict

MAX_EMBEDDED_BYTES = 2 << 20
"""A page that is sent by the API has room for 6 MB in all."""

_NO_ROOM = "Not all of its files have room in one page; `lab report --output FOLDER` writes them."
_MEDIA_TYPES = {
    DownloadKind.DECODER: "application/zip",
    DownloadKind.BITSTREAM: "application/octet-stream",
    DownloadKind.VERDICT: "application/json",
}


class Beside(Protocol):
    """Where files go that come with a page."""

    @property
    def takes_all(self) -> bool:
        """Whether there is room for every experiment's files, not the best one's alone."""

    def put(self, file_name: str, media_type: str, data: bytes, /) -> str | None:
        """Keep a file and give its address for the page; None if there is no room."""


class Embedded:
    """Keeps files in the page itself, as far as there is room."""

    takes_all = False

    def __init__(self, room_bytes: int = MAX_EMBEDDED_BYTES) -> None:
        self._room_bytes = room_bytes

    def put(self, _file_name: str, media_type: str, data: bytes) -> str | None:
        """Give the file's bytes as an address; None if there is no room."""
        if len(data) > self._room_bytes:
            return None
        self._room_bytes -= len(data)
        return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


class _Found(NamedTuple):
    kind: DownloadKind
    file_name: str
    data: bytes
    clip: str | None = None
    quality: int | None = None


def downloads(
    experiment: Experiment,
    results: Sequence[ClipResult],
    beside: Beside,
    *,
    objects: ObjectStore,
    redaction: Redaction,
) -> Downloads:
    """Put an experiment's decoder and bitstreams beside a page, and what proves them.

    Parameters
    ----------
    experiment : Experiment
        One that was measured.
    results : sequence of ClipResult
        Its measurements on the development clips.
    beside : Beside
        Where the files go.
    objects : ObjectStore
        Where they are.
    redaction : Redaction
        A decoder whose source has something to keep back stays where it is, for a source that
        was changed would be another decoder.
    """
    try:
        found = list(_found(experiment, results, objects))
        texts = list(_texts(found[0].data, experiment))
    except ConfigurationError:
        return _none(experiment, "Its files are no longer stored.")
    except AttestationError:
        return _none(experiment, "Its stored decoder is not the one that was measured.")
    if any(map(redaction.finds_something, texts)):
        return _none(experiment, "Its source names something that is not for the public.")
    files = []
    for file in found:
        name = f"{experiment.experiment_id}-{file.file_name}"
        href = beside.put(name, _MEDIA_TYPES[file.kind], file.data)
        if href is not None:
            files.append(
                Download(
                    kind=file.kind,
                    file_name=name,
                    href=href,
                    size_bytes=len(file.data),
                    clip=file.clip,
                    quality=file.quality,
                )
            )
    return Downloads(
        experiment_id=experiment.experiment_id,
        files=tuple(files),
        absence=None if len(files) == len(found) else _NO_ROOM,
    )


def _none(experiment: Experiment, absence: str) -> Downloads:
    return Downloads(experiment_id=experiment.experiment_id, files=(), absence=absence)


def _found(
    experiment: Experiment, results: Sequence[ClipResult], objects: ObjectStore
) -> Iterator[_Found]:
    """Read the files, the decoder first."""
    if experiment.bundle_sha256 is None or experiment.verdict_key is None:
        raise ConfigurationError(f"{experiment.experiment_id} has no files.")
    decoder = objects.get(keys.bundle(experiment.bundle_sha256))
    yield _Found(DownloadKind.DECODER, "decoder.zip", decoder)
    verdict = documents.load(objects, experiment.verdict_key, Verdict)
    yield _Found(DownloadKind.VERDICT, "verdict.json", _public(verdict, results))
    for result in results:
        for point in result.points:
            if point.bitstream_key is not None:
                yield _Found(
                    DownloadKind.BITSTREAM,
                    point.bitstream_key.rpartition("/")[2],
                    objects.get(point.bitstream_key),
                    result.clip,
                    point.quality,
                )


def _public(verdict: Verdict, results: Sequence[ClipResult]) -> bytes:
    """Write a verdict about the development clips, without the machine it was found on."""
    shown = tuple(
        result.model_copy(
            update={
                "points": tuple(
                    point.model_copy(update={"bitstream_key": None}) for point in result.points
                ),
                "anchors": (),
                "vmaf_reason": None,
            }
        )
        for result in results
    )
    public = verdict.model_copy(update={"results": shown, "screen": (), "environment": {}})
    return public.model_dump_json(indent=2).encode()


def _texts(decoder: bytes, experiment: Experiment) -> Iterator[str]:
    assert experiment.bundle_sha256 is not None
    for path, text in Bundle.from_zip(decoder, experiment.bundle_sha256).source.items():
        yield path
        yield text
