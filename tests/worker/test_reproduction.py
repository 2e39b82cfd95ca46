"""A measurement made again: identical, or every difference by its name."""

import io
import logging
from pathlib import Path

import numpy as np
import pytest
from aws_lambda_powertools import Logger

from codec_lab import keys
from codec_lab.errors import ConfigurationError
from codec_lab.job import JobKind
from codec_lab.verdict import Verdict
from codec_worker import measuring_code
from codec_worker.reproduction import Reproduction, compare, measure_again
from tests.fakes import MemoryObjects
from tests.worker.bench import ANCHORS, Bench
from tests.worker.samples import FRAMES, tiny_candidate

POINT = f"points/seen-{FRAMES}f-q40"


class Measured:
    """A measurement of record, and the same made again elsewhere."""

    def __init__(self, folder: Path) -> None:
        bench = Bench(folder / "cache", tiny_candidate())
        self.objects = bench.store
        self.objects.put(keys.bundle(bench.bundle.manifest.bundle_sha256), bench.bundle.to_zip())
        self.stored = bench.run(JobKind.EXECUTE)
        self.elsewhere = MemoryObjects()
        self.again = self.measure_again(folder)

    def measure_again(self, folder: Path) -> Verdict:
        logger = Logger(service="test-again", level=logging.CRITICAL)
        return measure_again(
            self.stored, "plan.json", self.objects, self.elsewhere, folder / "fresh", logger
        )

    def compare(
        self,
        *,
        stored: Verdict | None = None,
        data: dict[str, bytes] | None = None,
        again: Verdict | None = None,
    ) -> Reproduction:
        objects = MemoryObjects()
        objects.data = {**self.objects.data, **(data or {})}
        return compare(stored or self.stored, objects, again or self.again, self.elsewhere)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return Measured(tmp_path_factory.mktemp("measured"))


def test_the_same_candidate_gives_the_same_bytes_and_numbers(measured: Measured) -> None:
    report = measured.compare()
    assert report == Reproduction(
        clips=2,
        points=8,
        anchor_points=sum(len(c.points) for r in measured.stored.results for c in r.anchors),
        differences=(),
        environment=(),
    )
    assert report.anchor_points >= 8 * len(ANCHORS)
    # Nothing was taken over: every bitstream was made anew, elsewhere.
    again = {p.bitstream_key for r in measured.again.results for p in r.points}
    assert all(key is not None and measured.elsewhere.exists(key) for key in again)
    assert not any(measured.objects.exists(key or "") for key in again)


def test_another_library_version_is_named(measured: Measured) -> None:
    environment = {**measured.stored.environment, "numpy": "1.0", "processor": "Z80"}
    older = measured.stored.model_copy(update={"environment": environment})
    report = measured.compare(stored=older)
    assert report.differences == ()
    here = measured.again.environment
    assert [(one.what, one.stored, one.here) for one in report.environment] == [
        ("processor", "Z80", here["processor"]),
        ("numpy", "1.0", np.__version__),
    ]


def test_other_measuring_code_is_named(measured: Measured) -> None:
    environment = {**measured.stored.environment, "measuring_code": "0123456789ab"}
    older = measured.stored.model_copy(update={"environment": environment})
    [found] = measured.compare(stored=older).environment
    here = measuring_code.SHA256[:12]
    assert (found.what, found.stored, found.here) == ("measuring_code", "0123456789ab", here)


def test_a_tampered_bitstream_is_named(measured: Measured) -> None:
    tampered = bytearray(measured.objects.get(f"{POINT}.bin"))
    tampered[9] ^= 1
    [found] = measured.compare(data={f"{POINT}.bin": bytes(tampered)}).differences
    assert (found.clip, found.codec, found.quality) == ("seen", "candidate", 40)
    assert found.what == "bitstream, from byte 9"


def test_a_shorter_bitstream_is_named(measured: Measured) -> None:
    whole = measured.objects.get(f"{POINT}.bin")
    [found] = measured.compare(data={f"{POINT}.bin": whole[:-1]}).differences
    assert found.what == f"bitstream, from byte {len(whole) - 1}"
    assert (found.stored, found.here) == (f"{len(whole) - 1} bytes", f"{len(whole)} bytes")


def test_a_missing_bitstream_is_named(measured: Measured) -> None:
    objects = MemoryObjects()
    objects.data = {key: v for key, v in measured.objects.data.items() if key != f"{POINT}.bin"}
    report = compare(measured.stored, objects, measured.again, measured.elsewhere)
    assert [(one.what, one.stored) for one in report.differences] == [("bitstream", "missing")]


def test_other_pictures_and_metrics_are_named(measured: Measured) -> None:
    first, second = measured.stored.results
    point = first.points[1].model_copy(update={"decoded_sha256": "0" * 64, "psnr_y_db": 30.5})
    anchor = second.anchors[0].points[0].model_copy(update={"size_bytes": 7})
    points = (first.points[0], point, *first.points[2:])
    curve = second.anchors[0].model_copy(update={"points": (anchor, *second.anchors[0].points[1:])})
    other = measured.stored.model_copy(
        update={
            "results": (
                first.model_copy(update={"points": points}),
                second.model_copy(update={"anchors": (curve, *second.anchors[1:])}),
            )
        }
    )
    found = measured.compare(stored=other).differences
    assert [(one.clip, one.codec, one.quality, one.what) for one in found] == [
        ("seen", "candidate", 40, "psnr_y_db"),
        ("seen", "candidate", 40, "decoded_sha256"),
        ("unseen", ANCHORS[0], anchor.quality, "size_bytes"),
    ]
    assert found[0].stored == "30.5"


def test_points_that_one_side_lacks_are_named_and_the_others_paired_by_quality(
    measured: Measured,
) -> None:
    first, second = measured.again.results
    lowest, *others = first.anchors[0].points
    anchors = (first.anchors[0].model_copy(update={"points": tuple(others)}), *first.anchors[1:])
    shifted = second.points[0].model_copy(update={"quality": 31})
    other = measured.again.model_copy(
        update={
            "results": (
                first.model_copy(update={"anchors": anchors}),
                second.model_copy(update={"points": (shifted, *second.points[1:]), "anchors": ()}),
            )
        }
    )
    found = measured.compare(again=other).differences
    assert {one.what for one in found} == {"rate point"}
    assert [(one.clip, one.codec, one.quality, one.stored, one.here) for one in found] == [
        ("seen", ANCHORS[0], lowest.quality, "measured", "missing"),
        ("unseen", "candidate", 30, "measured", "missing"),
        ("unseen", "candidate", 31, "missing", "measured"),
        *(
            ("unseen", curve.anchor, point.quality, "measured", "missing")
            for curve in second.anchors
            for point in sorted(curve.points, key=lambda point: point.quality)
        ),
    ]


def test_a_frame_that_measures_otherwise_is_named(measured: Measured) -> None:
    with np.load(io.BytesIO(measured.objects.get(f"{POINT}.npz"))) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    arrays["psnr_db"][5, 1] += 0.5
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    [found] = measured.compare(data={f"{POINT}.npz": buffer.getvalue()}).differences
    assert found.what == "metrics by frame, from frame 5"


def test_a_candidate_that_fails_here_is_not_reproduced(measured: Measured) -> None:
    fault = {"error_type": "CandidateCrashError", "message": "no AVX2"}
    failed = Verdict.model_validate({**measured.again.model_dump(), "results": (), "fault": fault})
    report = measured.compare(again=failed)
    assert [(one.what, one.here) for one in report.differences] == [
        ("the candidate fails", "CandidateCrashError: no AVX2")
    ]
    assert report.points == 0


def test_a_clip_that_is_no_longer_in_the_plan_is_named(measured: Measured, tmp_path: Path) -> None:
    first = measured.stored.results[0].model_copy(update={"clip_sha256": "0" * 64})
    other = measured.stored.model_copy(update={"results": (first,)})
    with pytest.raises(ConfigurationError, match="no longer has the clip seen"):
        measure_again(
            other, "plan.json", measured.objects, MemoryObjects(), tmp_path, Logger(service="t")
        )
