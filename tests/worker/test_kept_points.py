"""What was measured once is not measured again; what is not proven is."""

import json
import re
from pathlib import Path

import pytest

from codec_lab.errors import StoreUnavailableError
from codec_lab.job import JobKind
from codec_lab.limits import Limits
from codec_lab.verdict import Verdict
from codec_worker import environment, measuring_code
from tests.fakes import MemoryObjects
from tests.worker.bench import Bench
from tests.worker.samples import FRAMES, tiny_candidate

SPEAKING = {"encode": "print('!'); return honest_encode(clip, quality)"}
ALL = {(clip, quality) for clip in ("seen", "unseen") for quality in (30, 40, 50, 60)}
POINT = f"points/seen-{FRAMES}f-q40"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Verdict]:
    bench = Bench(tmp_path_factory.mktemp("cache"), tiny_candidate(**SPEAKING))
    verdict = bench.run(JobKind.EXECUTE)
    assert encoded(bench) == ALL
    return bench, verdict


def encoded(bench: Bench) -> set[tuple[str, int]]:
    """The points that the last job had the candidate encode: it prints a line each time."""
    log = bench.store.data.pop("out/log.txt", b"").decode()
    found = re.findall(r"^== encode of (\w+) at quality (\d+)$", log, re.MULTILINE)
    assert len(set(found)) == len(found)
    return {(clip, int(quality)) for clip, quality in found}


def again(first: Bench, folder: Path, **candidate: str) -> Bench:
    """A bench that finds what another has left in the store."""
    bench = Bench(folder, tiny_candidate(**(candidate or SPEAKING)))
    bench.store.data = {**first.store.data, "bundle.zip": bench.bundle.to_zip()}
    return bench


def test_a_second_job_takes_every_point_over(first: tuple[Bench, Verdict], tmp_path: Path) -> None:
    bench = again(first[0], tmp_path)
    verdict = bench.run(JobKind.EXECUTE)
    assert encoded(bench) == set()
    assert verdict.results == first[1].results
    progress = json.loads(bench.store.get("out/progress.json"))
    assert [step["done_points"] for step in progress] == list(range(9))


@pytest.mark.parametrize("part", ["bin", "npz", "json"])
def test_a_damaged_point_is_measured_again(
    first: tuple[Bench, Verdict], tmp_path: Path, part: str
) -> None:
    bench = again(first[0], tmp_path)
    data = bytearray(bench.store.get(f"{POINT}.{part}"))
    data[len(data) // 2] ^= 1
    bench.store.put(f"{POINT}.{part}", bytes(data))
    verdict = bench.run(JobKind.EXECUTE)
    assert encoded(bench) == {("seen", 40)}
    assert bench.store.get(f"{POINT}.bin") == first[0].store.get(f"{POINT}.bin")
    again_sha256 = [point.bitstream_sha256 for point in verdict.results[0].points]
    assert again_sha256 == [point.bitstream_sha256 for point in first[1].results[0].points]


def test_a_point_without_its_bitstream_is_measured_again(
    first: tuple[Bench, Verdict], tmp_path: Path
) -> None:
    bench = again(first[0], tmp_path)
    del bench.store.data[f"{POINT}.bin"]
    bench.run(JobKind.EXECUTE)
    assert encoded(bench) == {("seen", 40)}


def test_no_point_of_another_candidate_is_taken(
    first: tuple[Bench, Verdict], tmp_path: Path
) -> None:
    bench = again(first[0], tmp_path, **SPEAKING, top="# another candidate")
    bench.run(JobKind.EXECUTE)
    assert encoded(bench) == ALL


def test_under_other_limits_everything_is_measured_again(
    first: tuple[Bench, Verdict], tmp_path: Path
) -> None:
    bench = Bench(tmp_path, tiny_candidate(**SPEAKING), Limits(cpu_s=100))
    bench.store.data = {**first[0].store.data, "bundle.zip": bench.bundle.to_zip()}
    bench.run(JobKind.EXECUTE)
    assert encoded(bench) == ALL


def test_in_another_environment_everything_is_measured_again(
    first: tuple[Bench, Verdict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = environment.describe(Limits())
    monkeypatch.setattr(environment, "describe", lambda limits: {**found, "numpy": "1.0"})
    bench = again(first[0], tmp_path)
    bench.run(JobKind.EXECUTE)
    assert encoded(bench) == ALL


def test_with_other_measuring_code_everything_is_measured_again(
    first: tuple[Bench, Verdict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring_code, "SHA256", "5" * 64)
    bench = again(first[0], tmp_path)
    bench.run(JobKind.EXECUTE)
    assert encoded(bench) == ALL


def test_of_a_lost_job_the_points_remain(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tiny_candidate(**SPEAKING))
    bench.store = LostStore(bench.store)
    with pytest.raises(StoreUnavailableError):
        bench.run(JobKind.EXECUTE)
    kept = {name for name in bench.store.data if re.fullmatch(r"points/.*\.json", name)}
    assert len(kept) >= 3
    measured = encoded(bench)
    bench.store.is_lost = False
    verdict = bench.run(JobKind.EXECUTE)
    assert verdict.passed
    assert len(encoded(bench)) == len(ALL) - len(kept)
    assert len(measured) >= len(kept)


class LostStore(MemoryObjects):
    """Is away once three points have been told of."""

    def __init__(self, store: MemoryObjects) -> None:
        super().__init__()
        self.data = store.data
        self.is_lost = True

    def put(self, key: str, data: bytes) -> None:
        if self.is_lost and key == "out/progress.json" and len(json.loads(data)) > 3:
            raise StoreUnavailableError("The store is away.")
        super().put(key, data)
