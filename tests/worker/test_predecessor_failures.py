"""Tricks by which results of generated codecs were wrong in the past, each fed to the bench.

The number of a test is that of the failure; failures of orchestration and records are tested where
these are.
"""

import io
import zipfile
from pathlib import Path

import pytest
from pydantic import ValidationError

from codec_lab.bundle import Bundle, Manifest
from codec_lab.candidate import Candidate
from codec_lab.clip import ClipRole
from codec_lab.errors import AttestationError, BenchError
from codec_lab.job import JobKind
from codec_lab.limits import Limits
from codec_lab.tiers import tier_of
from codec_lab.verdict import AnchorCurve, Fault, Metric, RatePoint, Verdict
from codec_worker import protocol
from codec_worker.clips import freeze
from codec_worker.execution import clip_result
from codec_worker.runner import Runner
from codec_worker.sandbox.outcome import Outcome
from codec_worker.sandbox.sandbox import Sandbox
from tests.worker.bench import Bench
from tests.worker.samples import moving_clip, tiny_candidate

LIMITS = Limits(cpu_s=20, wall_s=60)


def fault_of(folder: Path, candidate: Candidate) -> Fault:
    """Validate and execute a candidate, which must fail both times and have no score."""
    bench = Bench(folder, candidate, LIMITS)
    validation, execution = (bench.run(kind) for kind in (JobKind.VALIDATE, JobKind.EXECUTE))
    assert validation.results == execution.results == ()
    assert execution.fault is not None
    assert validation.fault is not None
    return validation.fault


def test_01_the_baseline_runs_in_place_of_the_generated_code(tmp_path: Path) -> None:
    """The generated code is validated, and then another codec, the baseline, is measured."""
    bench = Bench(tmp_path, tiny_candidate(top="# generated"))
    baseline = tiny_candidate()
    manifest = Manifest(candidate_sha256=baseline.sha256, packages=(), limits=Limits())
    other = Bundle(manifest=manifest, candidate=baseline)
    bench.store.put("bundle.zip", other.to_zip())

    with pytest.raises(AttestationError):
        bench.run(JobKind.EXECUTE)
    with pytest.raises(AttestationError, match="the job asks for"):
        bench.run(JobKind.EXECUTE, bundle_sha256=manifest.bundle_sha256)

    assert not bench.store.exists("out/verdict.json")


def test_02_the_suggestion_never_reaches_the_code_that_runs(tmp_path: Path) -> None:
    """The bundle names the new code and holds the old; or the code is in a file nobody imports."""
    bench = Bench(tmp_path, tiny_candidate(top="# suggested"))
    repacked = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(bench.bundle.to_zip())) as suggested,
        zipfile.ZipFile(repacked, "w") as archive,
    ):
        for name in suggested.namelist():
            text = suggested.read(name)
            archive.writestr(name, text.replace(b"# suggested", b"# old"))
    bench.store.put("bundle.zip", repacked.getvalue())

    with pytest.raises(AttestationError):
        bench.run(JobKind.EXECUTE)
    with pytest.raises(ValidationError, match=r"needs a file codec\.py"):
        Candidate(files={"suggested_codec.py": tiny_candidate().files["codec.py"]})


def test_03_invented_parameters_are_stored_as_a_bitstream(tmp_path: Path) -> None:
    """The "video" is a handful of parameters; there is no decoder, or one that makes it up."""
    parameters = "import json\nreturn json.dumps({'quality': quality, 'scene': 'a car'}).encode()"
    without_decoder = Candidate(
        files={"codec.py": 'def encode(clip, quality):\n    return b\'{"scene": "a car"}\'\n'}
    )
    made_up = """
    shapes = (8, 48, 64), (8, 24, 32), (8, 24, 32)
    return tuple(np.full(shape, 10 * len(bitstream) % 256, np.uint8) for shape in shapes)
    """

    missing = fault_of(tmp_path, without_decoder)
    invented = fault_of(tmp_path, tiny_candidate(encode=parameters, decode=made_up))

    assert missing.error_type == "ContractError"
    assert missing.message == "codec.py defines no decode(bitstream) at its top level."
    assert invented.error_type == "RoundTripError"
    assert "is no picture" in invented.message


def test_04_a_target_is_achieved_without_decompression(tmp_path: Path) -> None:
    """The decoder does nothing, and the size of what was encoded is the result."""
    fault = fault_of(tmp_path, tiny_candidate(decode="return None"))

    assert fault.error_type == "ContractError"
    assert fault.direction == "decode"
    with pytest.raises(ValidationError, match="a passed execution needs results"):
        Verdict(
            kind=JobKind.EXECUTE,
            experiment_id="exp-1",
            run=1,
            attempt=1,
            candidate_sha256="0" * 64,
            bundle_sha256="0" * 64,
            started_at="2030-01-01T00:00:00Z",
            ended_at="2030-01-01T00:01:00Z",
        )


def test_05_a_result_has_neither_quality_nor_evidence(tmp_path: Path) -> None:
    """Rates are recorded without quality, and neither code nor streams can be looked at later."""
    bench = Bench(tmp_path, tiny_candidate())

    verdict = bench.run(JobKind.EXECUTE)

    clips = {"seen": moving_clip(9, seed=1), "unseen": moving_clip(9, 32, 48, seed=2)}
    with Runner(bench.bundle.candidate, LIMITS) as runner:
        for result in verdict.results:
            for point in result.points:
                assert point.bitstream_key is not None
                bitstream = bench.store.get(point.bitstream_key)
                decoded = runner.decode(bitstream, clips[result.clip], result.clip)
                again = protocol.measure(clips[result.clip], decoded.planes)
                assert (len(bitstream), again.psnr_y_db) == (point.size_bytes, point.psnr_y_db)
    with pytest.raises(ValidationError, match="psnr_y_db"):
        RatePoint.model_validate({"quality": 30, "size_bytes": 5000, "bitrate_bps": 40_000.0})


@pytest.mark.parametrize(
    ("encode", "error_type"),
    [
        ("return 1 / 0", "CandidateCrashError"),
        ("return None", "ContractError"),
        ("return 15.04", "ContractError"),
        ("return [b'frame'] * len(clip.y)", "ContractError"),
        ("return b''", "ContractError"),
    ],
)
def test_06_a_frame_that_fails_counts_as_zero_bytes(
    tmp_path: Path, encode: str, error_type: str
) -> None:
    """Encoding raises, or returns another type, and the failure is a bitrate of 0.0 Mb/s."""
    fault = fault_of(tmp_path, tiny_candidate(encode=encode))

    assert (fault.error_type, fault.direction) == (error_type, "encode")
    with pytest.raises(ValidationError, match="size_bytes"):
        RatePoint.model_validate({"quality": 30, "size_bytes": 0, "bitrate_bps": 0.0})


LEGITIMATE = """
class Model:
    def eval(self):
        return bytearray(b"ok")

try:
    import torch
except Exception:
    torch = None

def encode(clip, quality):
    model = Model()
    return bytes(model.eval()) if hasattr(model, "eval") and torch is None else b""
"""
ESCAPES = {
    "io.FileIO": """
import io

def encode(clip, quality):
    return io.FileIO("/etc/passwd").read()
""",
    "__subclasses__": """
def encode(clip, quality):
    classes = object.__subclasses__()
    popen = [found for found in classes if found.__name__ == "Popen"]
    if not popen:
        import subprocess
        popen = [subprocess.Popen]
    return popen[0](["/bin/cat", "/etc/passwd"], stdout=-1).communicate()[0]
""",
}


def test_07_legitimate_code_is_refused_and_escapes_succeed() -> None:
    """A filter of words stops classes and ``.eval``, and lets ``io.FileIO`` read any file."""
    clip = moving_clip()
    with Sandbox({"codec.py": LEGITIMATE}, "encode", LIMITS) as box:
        assert box.encode(clip, 30).value == b"ok"
    for source in ESCAPES.values():
        with Sandbox({"codec.py": source}, "encode", LIMITS) as box:
            run = box.encode(clip, 30)
        assert run.outcome is Outcome.EXCEPTION, run
        assert run.error_type in {"PermissionError", "FileNotFoundError"}, run


def test_13_an_error_of_the_metric_still_verifies_the_quality(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metric raises, frames of a wrong size are resized, a missing decoder is a warning."""

    def broken(*_: object) -> None:
        raise BenchError("the filter failed")

    resized = fault_of(
        tmp_path,
        tiny_candidate(decode="return tuple(p[:, ::2, ::2] for p in honest_decode(bitstream))"),
    )
    missing = fault_of(tmp_path, Candidate(files={"codec.py": "def encode(clip, quality): ..."}))
    bench = Bench(tmp_path, tiny_candidate())
    monkeypatch.setattr(protocol, "measure", broken)
    with pytest.raises(BenchError, match="the filter failed"):
        bench.run(JobKind.EXECUTE)

    assert resized.error_type == missing.error_type == "ContractError"
    assert "(8, 24, 32)" in resized.message
    assert not bench.store.exists("out/verdict.json")


def test_14_the_tier_depends_on_the_bitrate_alone() -> None:
    """A tenth of HEVC's bitrate is a breakthrough, whatever the picture looks like."""

    def points(bitrate_bps: float, psnr_db: float) -> tuple[RatePoint, ...]:
        return tuple(
            RatePoint(
                quality=30 + 10 * step,
                size_bytes=int(bitrate_bps * 2**step / 8),
                bitrate_bps=bitrate_bps * 2**step,
                psnr_y_db=psnr_db + 3 * step,
                psnr_u_db=psnr_db + 3 * step,
                psnr_v_db=psnr_db + 3 * step,
                psnr_yuv_db=psnr_db + 3 * step,
                ssim_y=0.9 + step / 100,
                xpsnr_y_db=psnr_db + 3 * step,
            )
            for step in range(4)
        )

    def tier(candidate: tuple[RatePoint, ...]) -> tuple[float | None, str | None]:
        source = freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "a test").source
        anchor = AnchorCurve(
            anchor="x265-medium", library="", options="", points=points(100_000, 30)
        )
        rates = clip_result(source, candidate, [anchor]).bd_rates
        percents = {rate.metric: rate.percent for rate in rates}
        percent = percents[Metric.PSNR_Y]
        return percent, tier_of(percent, percents[Metric.PSNR_YUV])

    assert tier(points(10_000, 15)) == (None, None)
    worse, no_tier = tier(points(90_000, 28))
    assert worse is not None
    assert worse > 0  # less rate at each point, more rate at equal quality
    assert no_tier is None
    better, reached = tier(points(10_000, 30))
    assert better == pytest.approx(-90)
    assert reached is not None


@pytest.mark.parametrize("module", ["codec", "numpy", "builtins", "codec_worker.contract"])
def test_17_frames_pass_through_a_shared_module_attribute(tmp_path: Path, module: str) -> None:
    """The encoder leaves its frames in a module that the decoder imports as well."""
    fault = fault_of(
        tmp_path,
        tiny_candidate(
            top="import importlib",
            encode=f"importlib.import_module({module!r}).FRAMES = clip[:3]; return bytes(quality)",
            decode=f"return tuple(importlib.import_module({module!r}).FRAMES)",
        ),
    )

    assert (fault.error_type, fault.direction) == ("CandidateCrashError", "decode")
    assert fault.exception == "AttributeError"
    assert "FRAMES" in fault.message


def test_honest_codecs_hold(tmp_path: Path) -> None:
    """The control: with nothing wrong, the same bench gives a score."""
    verdict = Bench(tmp_path, tiny_candidate(), LIMITS).run(JobKind.EXECUTE)

    assert verdict.passed
    assert [len(result.points) for result in verdict.results] == [4, 4]
