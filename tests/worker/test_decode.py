"""A downloaded bitstream decodes to the frames that were measured, or is refused."""

from pathlib import Path

import numpy as np
import pytest

from codec_lab.errors import AttestationError, ConfigurationError
from codec_lab.job import JobKind
from codec_worker.decode import decode_again
from codec_worker.video import planes_sha256
from tests.worker.bench import Bench
from tests.worker.samples import tiny_candidate


class Downloads:
    """The files of an experiment, as a person saved them."""

    def __init__(self, folder: Path) -> None:
        bench = Bench(folder / "cache", tiny_candidate())
        self.verdict = bench.run(JobKind.EXECUTE)
        self.point = self.verdict.results[0].points[2]
        self.files = [folder / name for name in ("decoder.zip", "q.bin", "verdict.json")]
        decoder, bitstream, verdict = self.files
        decoder.write_bytes(bench.store.get("bundle.zip"))
        bitstream.write_bytes(bench.store.get(self.point.bitstream_key or ""))
        verdict.write_text(self.verdict.model_dump_json())


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Downloads:
    return Downloads(tmp_path_factory.mktemp("downloads"))


def test_the_frames_are_those_that_were_measured(downloads: Downloads) -> None:
    decoded = decode_again(*downloads.files)
    assert decoded.point == downloads.point
    assert decoded.result.clip == downloads.verdict.results[0].clip
    assert planes_sha256(decoded.clip) == downloads.point.decoded_sha256
    assert decoded.clip.y.dtype == np.uint8


def test_other_frames_are_not_given(downloads: Downloads, tmp_path: Path) -> None:
    wrong = downloads.point.model_copy(update={"decoded_sha256": "0" * 64})
    result = downloads.verdict.results[0]
    points = tuple(wrong if point == downloads.point else point for point in result.points)
    results = (result.model_copy(update={"points": points}),)
    changed = tmp_path / "verdict.json"
    changed.write_text(downloads.verdict.model_copy(update={"results": results}).model_dump_json())
    with pytest.raises(AttestationError, match="other frames than those that were measured"):
        decode_again(*downloads.files[:2], changed)


def test_another_decoder_is_refused(downloads: Downloads, tmp_path: Path) -> None:
    other = Bench(tmp_path / "cache", tiny_candidate(top="OTHER = 1"))
    decoder = tmp_path / "decoder.zip"
    decoder.write_bytes(other.store.get("bundle.zip"))
    with pytest.raises(AttestationError, match="not the decoder that this verdict is about"):
        decode_again(decoder, *downloads.files[1:])


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (0, "is no decoder of an experiment"),
        (1, "is none of the bitstreams of this verdict"),
        (2, "is no verdict of an experiment"),
    ],
)
def test_what_is_no_such_file_is_named(
    downloads: Downloads, tmp_path: Path, index: int, sentence: str
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"something else")
    files = [*downloads.files]
    files[index] = other
    with pytest.raises(ConfigurationError, match=f"{other} {sentence}"):
        decode_again(*files)
    files[index] = tmp_path / "absent"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        decode_again(*files)
