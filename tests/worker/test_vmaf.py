"""VMAF by the ffmpeg program: the same as by its documented call, or absent with a reason."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from codec_lab.clip import ClipRole
from codec_lab.errors import BenchError
from codec_lab.verdict import Metric
from codec_worker import anchors, clips, ffmpeg_program, metrics, vmaf
from codec_worker.contract import Clip
from codec_worker.execution import clip_result
from tests.worker.samples import moving_clip


@pytest.fixture(scope="module")
def carphone() -> Clip:
    frozen = next(iter(clips.default_clips(max_frames=9)))
    return clips.thaw(frozen.source, frozen.data)


def noisy(clip: Clip, deviation: float) -> Clip:
    rng = np.random.default_rng(0)
    y, u, v = (
        np.clip(plane + rng.normal(0, deviation, plane.shape), 0, 255).astype(np.uint8)
        for plane in clip[:3]
    )
    return Clip(y, u, v, clip.fps)


def documented_call(folder: Path, distorted: Clip, reference: Clip, model: str) -> list[float]:
    """Score two files as FFmpeg's manual has it: the distorted one first."""
    program = ffmpeg_program.find()
    assert program is not None
    arguments = [str(program.path), "-v", "error"]
    height, width = reference.y.shape[1:]
    for name, clip in (("distorted", distorted), ("reference", reference)):
        file = folder / f"{name}.yuv"
        file.write_bytes(b"".join(map(bytes, ffmpeg_program.raw_planes(clip[:3]))))
        arguments += ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}"]
        arguments += ["-r", "25", "-i", str(file)]
    log = folder / "log.json"
    filter_ = f"[0][1]libvmaf=log_fmt=json:log_path={log}:model=version={model}"
    subprocess.run([*arguments, "-lavfi", filter_, "-f", "null", "-"], check=True)
    return [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]


def test_both_models_agree_with_the_documented_call(tmp_path: Path, carphone: Clip) -> None:
    decoded = noisy(carphone, 6)

    scores = vmaf.measure(carphone, decoded[:3])

    assert scores is not None
    for values, model in zip(scores, ("vmaf_v0.6.1", "vmaf_v0.6.1neg"), strict=True):
        expected = documented_call(tmp_path, decoded, carphone, model)
        assert list(values) == pytest.approx(expected, abs=1e-6)


def test_golden(carphone: Clip) -> None:
    # x264 medium at CRF 37, 9 frames of carphone, by the program of imageio-ffmpeg 0.8.1.
    point = anchors.measure_point(anchors.table()["x264-medium"], 37, carphone)

    assert (point.vmaf, point.vmaf_neg) == pytest.approx((71.0150, 67.5482), abs=0.01)


def test_the_distorted_picture_goes_first(tmp_path: Path, carphone: Clip) -> None:
    blurred = carphone._replace(
        y=((carphone.y.astype(int) + np.roll(carphone.y, 1, 2)) // 2).astype(np.uint8)
    )

    scores = vmaf.measure(carphone, blurred[:3])

    assert scores is not None
    swapped = documented_call(tmp_path, carphone, blurred, "vmaf_v0.6.1")
    assert abs(scores.vmaf.mean() - np.mean(swapped)) > 5


def test_frames_are_paired_one_by_one(carphone: Clip) -> None:
    """A clip that lags a frame behind is another clip, and equal ones are equal at every frame."""
    late = Clip(*(np.roll(plane, 1, axis=0) for plane in carphone[:3]), carphone.fps)

    equal = vmaf.measure(carphone, carphone[:3])
    lagging = vmaf.measure(carphone, late[:3])

    assert equal is not None
    assert lagging is not None
    assert equal.vmaf.min() > 95
    assert lagging.vmaf.max() < equal.vmaf.min() - 5


def test_sharpening_gains_vmaf_but_not_neg(carphone: Clip) -> None:
    y = carphone.y.astype(float)
    blur = (np.roll(y, 1, 1) + np.roll(y, -1, 1) + np.roll(y, 1, 2) + np.roll(y, -1, 2)) / 4
    sharp = np.clip(y + 0.3 * (y - blur), 0, 255).astype(np.uint8)
    soft = np.clip(y - 0.3 * (y - blur), 0, 255).astype(np.uint8)

    of_sharp = metrics.measure(carphone, (sharp, carphone.u, carphone.v))
    of_soft = metrics.measure(carphone, (soft, carphone.u, carphone.v))

    assert of_sharp.vmaf is not None
    assert of_sharp.vmaf_neg is not None
    assert of_soft.vmaf is not None
    assert of_sharp.vmaf > of_soft.vmaf
    assert of_sharp.vmaf_neg < of_sharp.vmaf


@pytest.fixture
def _without_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_program, "find", lambda: None)


@pytest.mark.usefixtures("_without_program")
def test_without_the_program_vmaf_is_absent_with_a_reason() -> None:
    clip = moving_clip()
    source = clips.freeze("sample", clip, ClipRole.DEVELOPMENT, "").source

    quality = metrics.measure(clip, noisy(clip, 5)[:3])
    points = [metrics.rate_point(q, 1000 * q, clip, quality) for q in (30, 40, 50, 60)]
    result = clip_result(source, points, [])

    assert (quality.vmaf, quality.vmaf_neg) == (None, None)
    assert "vmaf" not in quality.frames.arrays()
    assert points[0].value(Metric.VMAF) is None
    assert result.vmaf_reason == (
        "VMAF was not measured: no ffmpeg program: install the package imageio-ffmpeg"
    )


@pytest.mark.usefixtures("_without_program")
def test_without_the_program_nothing_runs() -> None:
    with pytest.raises(BenchError, match="There is no ffmpeg program: install"):
        ffmpeg_program.run([], [], 1)


def test_a_program_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    program = ffmpeg_program.Program(Path("/opt/ffmpeg"), "ffmpeg 5", frozenset({"--enable-gpl"}))
    monkeypatch.setattr(ffmpeg_program, "find", lambda: program)

    assert vmaf.absence(64, 48) == (
        "VMAF was not measured: the ffmpeg program /opt/ffmpeg is built without libvmaf"
    )


def test_small_pictures_say_so_and_crash_nothing() -> None:
    clip = moving_clip(frames=2, height=16, width=64)

    assert metrics.measure(clip, clip[:3]).vmaf is None
    assert vmaf.absence(64, 16) == "VMAF was not measured: 64×16 is below 32×32"
    assert vmaf.absence(32, 32) is None


def test_a_curve_measured_without_vmaf_is_another_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    source = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "").source
    key = anchors.curve_key("x264-medium", source)

    monkeypatch.setattr(ffmpeg_program, "find", lambda: None)

    assert anchors.curve_key("x264-medium", source) != key


def test_a_program_that_fails_is_our_fault() -> None:
    with pytest.raises(BenchError, match=r"The ffmpeg program ended with \d+: "):
        ffmpeg_program.run(["-i", "/nowhere", "-f", "null", "-"], [], 20)


def test_a_program_that_is_gone_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ffmpeg_program.Program(Path("/nowhere/ffmpeg"), "ffmpeg 9", frozenset())
    monkeypatch.setattr(ffmpeg_program, "find", lambda: gone)

    with pytest.raises(BenchError, match="cannot be started: No such file"):
        ffmpeg_program.run([], [], 1)


def test_a_program_that_hangs_is_killed() -> None:
    endless = ["-re", "-f", "lavfi", "-i", "testsrc", "-f", "null", "-"]

    with pytest.raises(BenchError, match="took more than 1 s"):
        ffmpeg_program.run(endless, [], 1)


def test_a_program_that_reads_nothing_does_not_hang_us() -> None:
    plenty = [np.zeros(1 << 20, np.uint8).data] * 8

    with pytest.raises(BenchError, match="ended with"):
        ffmpeg_program.run(["-i", "/nowhere", "-f", "null", "-"], plenty, 20)
