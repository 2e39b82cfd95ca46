"""Which files an experiment left, and where they lie."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from codec_lab import keys
from codec_lab.dashboard.evidence_views import EvidenceFile, FileKind
from codec_lab.dashboard.ports import Evidence
from codec_lab.experiment import Experiment
from codec_lab.verdict import ClipResult

DECODER_FILE = "decoder.zip"
_KINDS = {
    ".bin": FileKind.BITSTREAM,
    ".mkv": FileKind.DECODED_CLIP,
    ".npz": FileKind.FRAME_METRICS,
}


class StoredFile(NamedTuple):
    """A file with the key under which it lies."""

    key: str
    file: EvidenceFile


def evidence_files(
    experiment: Experiment, results: Iterable[ClipResult], objects: Evidence
) -> list[StoredFile]:
    """Find the files of the measurements in force, of the decoder, and of the last verdict."""
    found = list(_of_points(results, objects))
    if experiment.bundle_sha256 is not None:
        key = keys.bundle(experiment.bundle_sha256)
        for size_bytes in objects.sizes(key).values():
            file = _file(DECODER_FILE, FileKind.DECODER, size_bytes)
            found.append(StoredFile(key, file))
    if experiment.verdict_key is not None:
        folder = experiment.verdict_key.rpartition("/")[0]
        for key, size_bytes in objects.sizes(f"{folder}/").items():
            name = key.removeprefix(f"{folder}/").replace("/", "-")  # shard-1/log.txt
            if name == "verdict.json":
                found.append(StoredFile(key, _file(name, FileKind.VERDICT, size_bytes)))
            elif name.endswith("log.txt"):
                found.append(StoredFile(key, _file(name, FileKind.LOG, size_bytes)))
    return found


def point_stems(results: Iterable[ClipResult]) -> Iterator[tuple[ClipResult, int, str]]:
    """Give every rate point whose evidence was stored: clip, quality, and how its keys begin."""
    for result in results:
        for point in result.points:
            if point.bitstream_key is not None:
                yield result, point.quality, point.bitstream_key.removesuffix(".bin")


def sizes_beside(stems: Iterable[str], objects: Evidence) -> Mapping[str, int]:
    """Give the size of everything that lies in the folders of some rate points, by key."""
    found: dict[str, int] = {}
    for folder in sorted({stem.rpartition("/")[0] for stem in stems}):
        found |= objects.sizes(f"{folder}/")
    return found


def _of_points(results: Iterable[ClipResult], objects: Evidence) -> Iterator[StoredFile]:
    points = list(point_stems(results))
    sizes = sizes_beside((stem for _, _, stem in points), objects)
    for result, quality, stem in points:
        for ending, kind in _KINDS.items():
            key = f"{stem}{ending}"
            if key in sizes:
                file = _file(key.rpartition("/")[2], kind, sizes[key], result.clip, quality)
                yield StoredFile(key, file)


def _file(
    name: str,
    kind: FileKind,
    size_bytes: int,
    clip: str | None = None,
    quality: int | None = None,
) -> EvidenceFile:
    return EvidenceFile(name=name, kind=kind, size_bytes=size_bytes, clip=clip, quality=quality)
