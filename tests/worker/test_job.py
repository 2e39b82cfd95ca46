"""Jobs from their specification to the verdict, in the real sandbox on small clips."""

import hashlib
import io
import random
import re
import shlex
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from codec_lab.bd_rate import (
    MIN_ANCHOR_SHARE_PERCENT,
    MIN_UNEVEN_SHARE_PERCENT,
    RateQuality,
    bd_rate,
)
from codec_lab.bundle import Bundle
from codec_lab.candidate import Candidate
from codec_lab.clip import ClipRole
from codec_lab.errors import AttestationError, BenchError, ConfigurationError
from codec_lab.framework import SHIPPED, Framework
from codec_lab.job import JobKind, JobSpec
from codec_lab.limits import Limits
from codec_lab.plan import Screen
from codec_lab.verdict import Metric, Progress, Verdict
from codec_worker import clips, screen, video
from codec_worker.contract import Clip
from codec_worker.failure import CandidateFailedError
from codec_worker.metrics import measure
from codec_worker.sandbox.outcome import Outcome, Run
from codec_worker.sandbox.sandbox import Sandbox
from tests.worker.bench import ANCHORS, Bench
from tests.worker.samples import FRAMES, TINY_CODEC, moving_clip, tiny_candidate


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Verdict]:
    bench = Bench(tmp_path_factory.mktemp("cache"), tiny_candidate(top="print('imported')"))
    return bench, bench.run(JobKind.EXECUTE)


def test_a_validation_that_passes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tiny_candidate())

    verdict = bench.run(JobKind.VALIDATE)

    assert verdict.passed
    assert verdict.results == ()
    assert bench.lines[:2] == ["PHASE 3: VALIDATION", "Validation attempt 2/5"]
    assert bench.lines[-1] == "Validation passed"
    assert Verdict.model_validate_json(bench.store.get("out/verdict.json")) == verdict
    assert [path.name for path in tmp_path.iterdir()] == [f"{bench.plan.clips[0].sha256}.mkv"]


def test_the_screen_measures_less_than_the_execution_and_saves_it_the_work(
    tmp_path: Path,
) -> None:
    candidate = tiny_candidate(encode="print('!'); return honest_encode(clip, quality)")
    bench = Bench(tmp_path, candidate, screen=Screen(frames=FRAMES))

    [screened] = bench.run(JobKind.VALIDATE).screen
    assert screened.clip == "seen"  # no hidden clip takes part
    assert [point.quality for point in screened.points] == [30, 40, 60]
    assert [curve.anchor for curve in screened.anchors] == ["x264-medium"]
    of_screen = next(rate for rate in screened.bd_rates if rate.metric is Metric.PSNR_Y)
    assert of_screen.percent is not None
    del bench.store.data["out/log.txt"]
    full = bench.run(JobKind.EXECUTE).results[0]
    assert [full.points[index] for index in (0, 1, 3)] == list(screened.points)
    log = bench.store.get("out/log.txt").decode()
    encoded = [line for line in log.splitlines() if line.startswith("== encode of seen")]
    assert {line.removesuffix(", a variant") for line in encoded} == {
        "== encode of seen at quality 50"
    }


def test_what_is_drawn_follows_from_the_whole_bundle(tmp_path: Path) -> None:
    """With other modules or limits, what a fault told of the last draw is worth nothing."""

    def variants(limits: Limits | None = None, framework: Framework = SHIPPED) -> dict[str, str]:
        encode = "print(zlib.crc32(clip.y)); return honest_encode(clip, quality)"
        bench = Bench(tmp_path, tiny_candidate(encode), limits, Screen(frames=FRAMES), framework)
        assert bench.run(JobKind.VALIDATE).passed
        log = bench.store.get("out/log.txt").decode()
        return dict(re.findall(r"== encode of (.+), a variant\n(\d+)", log))

    of_bundle = variants()
    # Of the smoke test and of the screen, both of which always try the lowest quality.
    assert {f"the first 8 frames of seen at quality {quality}" for quality in (30, 60)} | {
        "seen at quality 30"
    } <= of_bundle.keys()
    assert variants() == of_bundle
    unused = Framework(version=1, files={"toolbox/steps.py": "SCALE = 3\n"})
    for others in (variants(framework=unused), variants(Limits(wall_s=500))):
        assert not of_bundle.items() & others.items()


def test_a_candidate_imports_the_modules_of_its_framework(tmp_path: Path) -> None:
    files = {"toolbox/steps.py": "from toolbox.scale import SCALE\nprint('scale', SCALE)\n"}
    files["toolbox/scale.py"] = "SCALE = 3\n"
    candidate = tiny_candidate(top="from toolbox import steps")

    with_modules = Bench(tmp_path, candidate, framework=Framework(version=1, files=files))
    assert with_modules.run(JobKind.VALIDATE).passed
    assert "scale 3" in with_modules.store.get("out/log.txt").decode()

    fault = Bench(tmp_path, candidate).run(JobKind.VALIDATE).fault
    assert fault is not None
    assert fault.error_type == "CandidateImportError"
    assert "no module toolbox.steps for candidates" in fault.message


def test_the_modules_of_the_framework_count_as_source_and_import_no_more(tmp_path: Path) -> None:
    def fault_of(module: str) -> str:
        framework = Framework(version=1, files={"toolbox/steps.py": module})
        fault = Bench(tmp_path, tiny_candidate(), framework=framework).run(JobKind.VALIDATE).fault
        assert fault is not None
        return fault.message

    noise = random.Random(0).randbytes(200_000).hex()
    padded = tiny_candidate(top=f"NOISE = '{noise[:105_000]}'")
    screen.screen(padded)
    with pytest.raises(CandidateFailedError, match="at most 65536 are allowed"):
        screen.screen(padded, {"toolbox/steps.py": f"NOISE = '{noise[-15_000:]}'"})
    assert "no module boto3 for candidates" in fault_of("import boto3\n")
    assert "no module codec_worker.metrics" in fault_of("from codec_worker import metrics\n")


def test_the_screen_takes_the_first_frames(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tiny_candidate(), screen=Screen(frames=4))

    [screened] = bench.run(JobKind.VALIDATE).screen
    source = clips.thaw(bench.plan.clips[0], bench.store.get(bench.plan.clips[0].key))
    cut = Clip(source.y[:4], source.u[:4], source.v[:4], source.fps)
    assert screened.frame_count == 4
    assert screened.clip_sha256 == video.planes_sha256(cut)
    codec: dict[str, object] = {}
    exec(TINY_CODEC, codec)
    for point in screened.points:
        assert point.bitstream_key is not None
        expected = codec["encode"](cut, point.quality)  # type: ignore[operator]
        assert bench.store.get(point.bitstream_key) == expected
    assert [point.size_bytes for point in bench.run(JobKind.EXECUTE).results[0].points] != [
        point.size_bytes for point in screened.points
    ]


def test_a_fault_on_the_screen_leaves_no_score(tmp_path: Path) -> None:
    candidate = tiny_candidate(encode="assert len(clip.y) < 9; return honest_encode(clip, quality)")

    verdict = Bench(tmp_path, candidate, screen=Screen()).run(JobKind.VALIDATE)

    assert verdict.fault is not None
    assert verdict.fault.error_type == "CandidateCrashError"
    assert verdict.screen == ()


def test_a_validation_that_fails_is_a_verdict(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tiny_candidate(encode="print('here'); return 1 // 0"))

    verdict = bench.run(JobKind.VALIDATE)

    assert verdict.fault is not None
    assert verdict.fault.error_type == "CandidateCrashError"
    assert bench.lines[-1].startswith("Validation failed: CandidateCrashError: encode of the first")
    assert Verdict.model_validate_json(bench.store.get("out/verdict.json")) == verdict
    assert bench.store.get("out/log.txt") == (
        b"== encode of the first 8 frames of seen at quality 30\nhere\n"
    )


def test_the_screen_comes_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Candidate(files={"codec.py": "def encode(clip, quality): ..."}))

    for kind in JobKind:
        verdict = bench.run(kind)
        assert verdict.fault is not None
        assert verdict.fault.message == "codec.py defines no decode(bitstream) at its top level."
        assert verdict.results == ()


def test_an_execution_measures_every_point_of_every_clip(
    executed: tuple[Bench, Verdict],
) -> None:
    bench, verdict = executed

    assert verdict.passed
    assert verdict.kind is JobKind.EXECUTE
    assert verdict.candidate_sha256 == bench.bundle.candidate.sha256
    assert [(result.clip, result.role) for result in verdict.results] == [
        ("seen", ClipRole.DEVELOPMENT),
        ("unseen", ClipRole.HIDDEN),
    ]
    for result in verdict.results:
        assert [point.quality for point in result.points] == [30, 40, 50, 60]
        assert [curve.anchor for curve in result.anchors] == list(ANCHORS)
        assert len(result.bd_rates) == len(ANCHORS) * len(Metric)
    assert timedelta(0) < verdict.ended_at - verdict.started_at < timedelta(minutes=2)
    assert Verdict.model_validate_json(bench.store.get("out/verdict.json")) == verdict


def test_numbers_can_be_recomputed_from_the_stored_bitstreams(
    executed: tuple[Bench, Verdict],
) -> None:
    """The tiny codec runs here in the open: bytes, picture and metrics must be the same."""
    bench, verdict = executed
    codec: dict[str, object] = {}
    exec(TINY_CODEC, codec)
    source = clips.thaw(bench.plan.clips[0], bench.store.get(bench.plan.clips[0].key))

    for point in verdict.results[0].points:
        assert point.bitstream_key is not None
        bitstream = bench.store.get(point.bitstream_key)
        assert hashlib.sha256(bitstream).hexdigest() == point.bitstream_sha256
        assert bitstream == codec["encode"](source, point.quality)  # type: ignore[operator]
        quality = measure(source, codec["decode"](bitstream))  # type: ignore[operator]
        assert len(bitstream) == point.size_bytes
        assert point.bitrate_bps == 8 * len(bitstream) * 25 / FRAMES
        assert (point.psnr_y_db, point.psnr_yuv_db, point.ssim_y) == (
            quality.psnr_y_db,
            quality.psnr_yuv_db,
            quality.ssim_y,
        )


def test_bd_rates_are_those_of_the_curves(executed: tuple[Bench, Verdict]) -> None:
    _, verdict = executed
    result = verdict.results[0]

    for found in result.bd_rates:
        curve = next(curve for curve in result.anchors if curve.anchor == found.anchor)
        anchor, tested = (
            [RateQuality(point.bitrate_bps, point.value(found.metric)) for point in points]
            for points in (curve.points, result.points)
        )
        is_psnr = found.metric in {Metric.PSNR_Y, Metric.PSNR_YUV}
        share = MIN_ANCHOR_SHARE_PERCENT if is_psnr else MIN_UNEVEN_SHARE_PERCENT
        wanted = bd_rate(anchor, tested, min_anchor_share_percent=share)
        assert (found.percent, found.overlap_percent, found.reason) == wanted
    against_x264 = next(b for b in result.bd_rates if b.metric is Metric.PSNR_Y)
    assert against_x264.percent is not None
    assert against_x264.percent > 100  # the tiny codec is no match


def test_evidence(executed: tuple[Bench, Verdict]) -> None:
    bench, verdict = executed

    name = f"points/seen-{FRAMES}f-q40"
    frames = np.load(io.BytesIO(bench.store.get(f"{name}.npz")), allow_pickle=False)
    decoded, _ = video.read(bench.store.get(f"{name}.mkv"), "decoded")

    assert frames["psnr_db"].shape == (FRAMES, 3)
    assert frames["ssim_y"].shape == (FRAMES,)
    point = verdict.results[0].points[1]
    assert frames["psnr_db"][:, 0].mean() == pytest.approx(point.psnr_y_db)
    assert video.planes_sha256(decoded) == point.decoded_sha256
    source = moving_clip(FRAMES, seed=1)
    assert measure(source, decoded[:3]).psnr_y_db == pytest.approx(point.psnr_y_db)
    log = bench.store.get("out/log.txt").decode()
    assert "== encode of seen at quality 30\nimported\n" in log
    assert verdict.environment["numpy"] == np.__version__
    assert verdict.environment["video_library"] == video.LIBRARY
    assert {"rlimits", "seccomp"} <= set(verdict.environment["sandbox"].split(", "))
    assert Limits.model_validate_json(verdict.environment["limits"]) == Limits()


def test_how_to_repeat_a_job_stands_beside_its_verdict(executed: tuple[Bench, Verdict]) -> None:
    bench, verdict = executed
    lines = bench.store.get("out/reproduce.txt").decode().splitlines()
    [command] = [line for line in lines if line.startswith("  python -m codec_worker")]
    *_, kind, text = shlex.split(command)
    assert kind == "execute"
    other = Bench(bench.folder, bench.bundle.candidate)
    other.store.data = dict(bench.store.data)
    spec = JobSpec.model_validate_json(text).model_dump(exclude={"kind"})
    again = other.run(JobKind.EXECUTE, **spec)

    assert other.store.exists("out/again/verdict.json")
    bytes_of_both = [
        [point.bitstream_sha256 for result in one.results for point in result.points]
        for one in (verdict, again)
    ]
    assert bytes_of_both[0] == bytes_of_both[1]
    assert f"numpy=={np.__version__}" in next(line for line in lines if "pip install" in line)
    assert {f"  {name}: {value}" for name, value in verdict.environment.items()} <= set(lines)


def test_progress_grows_point_by_point(executed: tuple[Bench, Verdict]) -> None:
    bench, verdict = executed

    progress = TypeAdapter(list[Progress]).validate_json(bench.store.get("out/progress.json"))

    assert [step.done_points for step in progress] == list(range(9))
    assert {step.total_points for step in progress} == {8}
    assert progress[0].point is None
    told = {(step.clip, step.point.quality): step.point for step in progress[1:] if step.point}
    measured = {(r.clip, point.quality): point for r in verdict.results for point in r.points}
    assert told == measured


def test_operators_see_phases_and_points(executed: tuple[Bench, Verdict]) -> None:
    lines = executed[0].lines

    assert lines[:2] == ["PHASE 4: EXECUTION", "Execution attempt 2/5"]
    assert lines[-1] == "Execution passed"
    assert len([line for line in lines if " at quality " in line and "PSNR-Y" in line]) == 8


@pytest.mark.parametrize(
    ("candidate", "error_type"),
    [
        (tiny_candidate(encode="return honest_encode(clip, min(quality, 50))"), "ContractError"),
        (
            tiny_candidate(encode="assert len(clip.y) < 9; return honest_encode(clip, quality)"),
            "CandidateCrashError",
        ),
        (
            tiny_candidate(
                encode="return bytes([quality == 50]) + honest_encode(clip, quality)",
                decode="""
                if bitstream[0]:
                    return None
                return honest_decode(bitstream[1:])
                """,
            ),
            "ContractError",
        ),
    ],
    ids=["a flat end of the curve", "fails after the smoke test", "one point fails"],
)
def test_one_fault_at_any_point_leaves_no_score(
    tmp_path: Path, candidate: Candidate, error_type: str
) -> None:
    bench = Bench(tmp_path, candidate)

    verdict = bench.run(JobKind.EXECUTE)

    assert verdict.fault is not None
    assert verdict.fault.error_type == error_type
    assert verdict.results == ()


HIDDEN_TRICKS = {
    "a message": (
        """
        if clip.y.shape[1] == 32:
            raise ValueError(clip.y[0, 0].tobytes().hex())
        return honest_encode(clip, quality)
        """,
        "CandidateCrashError",
    ),
    "a log": (
        """
        print(clip.y[0, 0].tobytes().hex())
        assert clip.y.shape[1] != 32
        return honest_encode(clip, quality)
        """,
        "CandidateCrashError",
    ),
    "a score": (
        "return honest_encode(clip, 50 if clip.y.shape[1] == 32 else quality)",
        "ContractError",
    ),
}


@pytest.mark.parametrize(("encode", "error_type"), HIDDEN_TRICKS.values(), ids=HIDDEN_TRICKS)
def test_a_fault_tells_nothing_of_a_hidden_clip(
    tmp_path: Path, encode: str, error_type: str
) -> None:
    """A fault goes into the next fix's prompt."""
    bench = Bench(tmp_path, tiny_candidate(encode=encode))
    first_row = moving_clip(FRAMES, 32, 48, seed=2).y[0, 0].tobytes().hex()

    fault = bench.run(JobKind.EXECUTE).fault

    assert fault is not None
    assert fault.model_dump(exclude_defaults=True) == {
        "error_type": error_type,
        "message": "encode failed on a hidden clip; what happened is in the job's log.",
        "direction": "encode",
    }
    log = bench.store.get("out/log.txt").decode()
    assert "== Fault on unseen\n" in log
    assert (first_row in log) == ("hex()" in encode)


def test_another_candidate_than_the_jobs_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tiny_candidate())

    with pytest.raises(AttestationError, match="the job asks for"):
        bench.run(JobKind.EXECUTE, candidate_sha256="0" * 64)
    with pytest.raises(AttestationError, match="the job asks for"):
        bench.run(JobKind.EXECUTE, bundle_sha256="0" * 64)
    assert not bench.store.exists("out/verdict.json")


def test_a_bundle_that_was_exchanged_is_refused(tmp_path: Path) -> None:
    bench, other = Bench(tmp_path, tiny_candidate()), tiny_candidate(top="# another")
    exchanged = Bundle(manifest=bench.bundle.manifest, candidate=other)
    bench.store.put("bundle.zip", exchanged.to_zip())

    with pytest.raises(AttestationError, match="its manifest names"):
        bench.run(JobKind.VALIDATE)


@pytest.mark.parametrize("missing", ["bundle.zip", "plan.json"])
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    bench = Bench(tmp_path, tiny_candidate())
    del bench.store.data[missing]

    with pytest.raises(ConfigurationError, match=missing):
        bench.run(JobKind.VALIDATE)


def test_a_damaged_plan_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tiny_candidate())
    bench.store.put("plan.json", b'{"clips": []}')

    with pytest.raises(ConfigurationError, match=r"The evaluation plan plan\.json cannot be read"):
        bench.run(JobKind.VALIDATE)


def test_a_failing_sandbox_gives_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Sandbox, clip: Clip, quality: int) -> Run[bytes]:
        return Run(Outcome.SANDBOX_ERROR, None, None, "no seccomp", "", "", 0.0, 0.0, 0)

    monkeypatch.setattr(Sandbox, "encode", fail)
    bench = Bench(tmp_path, tiny_candidate())

    for kind in JobKind:
        with pytest.raises(BenchError, match="no seccomp"):
            bench.run(kind)
    assert not bench.store.exists("out/verdict.json")
