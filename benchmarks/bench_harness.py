"""What the bench costs beside the candidate: ``python -m benchmarks.bench_harness [CODEC.py]``.

Overhead is CPU time of the worker, its sandboxes and libraries, over CPU time of the candidate's
own calls. Parallel efficiency is CPU time over clock time and cores: low on a busy machine.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from codec_lab.bundle import Bundle, Manifest
from codec_lab.limits import Limits
from codec_lab.plan import EvaluationPlan
from codec_worker import clips, metrics, video
from codec_worker.contract import Clip, Geometry
from codec_worker.directory_store import DirectoryStore
from codec_worker.evaluate import read_candidate
from codec_worker.execution import Execution, LoadedClip
from codec_worker.sandbox import Sandbox

SEED = Path(__file__).parents[1] / "codec_worker" / "codecs" / "small.py"
SIZES = {"CIF": (352, 288, 60), "1080p": (1920, 1080, 12)}
IDENTITY = """
def encode(clip, quality):
    return b"x"
def decode(bitstream):
    raise ValueError
"""


def main(codec: Path) -> None:
    """Print all tables."""
    with tempfile.TemporaryDirectory(prefix="codec-lab-bench-") as folder:
        _print("screen set", _screen_set(codec, Path(folder)))
    _print("warm sandbox", _warm_call())
    _print("metrics, ms/frame", _metric_times())


def _screen_set(codec: Path, folder: Path) -> dict[str, str]:
    store = DirectoryStore(folder)
    loaded = []
    for frozen in clips.default_clips():
        store.put(frozen.source.key, frozen.data)
        loaded.append(LoadedClip(frozen.source, clips.thaw(frozen.source, frozen.data)))
    candidate = read_candidate(codec)
    manifest = Manifest(candidate_sha256=candidate.sha256, packages=(), limits=Limits())
    plan = EvaluationPlan(clips=tuple(clip.source for clip in loaded), anchors=())
    execution = Execution(
        Bundle(manifest=manifest, candidate=candidate), plan, store, "out/", lambda *_: None
    )
    cpu_before_s, started = _cpu_s(), time.perf_counter()
    execution.run(loaded)
    wall_s, cpu_s = time.perf_counter() - started, _cpu_s() - cpu_before_s
    candidate_s, cores = execution.candidate_cpu_s, len(os.sched_getaffinity(0))
    return {
        "points": str(len(loaded) * len(plan.qualities)),
        "wall": f"{wall_s:.1f} s",
        "CPU of the candidate": f"{candidate_s:.1f} s",
        "CPU of the bench": f"{cpu_s - candidate_s:.2f} s",
        "overhead": f"{100 * (cpu_s - candidate_s) / candidate_s:.1f} %",
        f"parallel efficiency on {cores} cores": f"{cpu_s / wall_s / cores:.2f}",
    }


def _cpu_s() -> float:
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def _warm_call() -> dict[str, str]:
    clip = _noise(64, 48, 8)
    started = time.perf_counter()
    with Sandbox({"codec.py": IDENTITY}, "encode", Limits()) as box:
        box.encode(clip, 30)
        first_s = time.perf_counter() - started
        warm_s = _median_s(lambda: box.encode(clip, 30), 50)
    return {"start and first call": f"{1000 * first_s:.0f} ms", "call": f"{1000 * warm_s:.1f} ms"}


def _metric_times() -> dict[str, str]:
    program = shutil.which("ffmpeg") or _bundled_ffmpeg()
    lines = {}
    for name, (width, height, count) in SIZES.items():
        source, decoded = _noise(width, height, count), _noise(width, height, count)
        ours_s = _median_s(lambda: metrics.measure(source, decoded[:3]), 5) / count  # noqa: B023
        lines[name] = f"PSNR and SSIM {1000 * ours_s:.2f}"
        if program is None:
            lines[name] += " (no ffmpeg program here to compare with)"
        else:
            theirs_s = _program_s(program, source, decoded) / count
            lines[name] += f", ffmpeg {1000 * theirs_s:.2f}, ratio {ours_s / theirs_s:.2f}"
    return lines


def _bundled_ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 (an extra)
    except ImportError:
        return None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _program_s(program: str, source: Clip, decoded: Clip) -> float:
    with tempfile.TemporaryDirectory(prefix="codec-lab-bench-") as folder:
        files = [Path(folder) / name for name in ("decoded.yuv", "source.yuv")]
        for file, clip in zip(files, (decoded, source), strict=True):
            file.write_bytes(b"".join(p.tobytes() for f in zip(*clip[:3], strict=True) for p in f))
        _, height, width = Geometry.of(source)
        raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}"]
        inputs = [word for file in files for word in (*raw, "-i", str(file))]
        graph = "[1]split[a][b];[0][a]psnr[p];[p][b]ssim"
        command = [program, "-v", "error", "-filter_complex_threads", "1", *inputs]
        command += ["-lavfi", graph, "-f", "null", "-"]
        return _median_s(lambda: subprocess.run(command, check=True), 3)


def _median_s(call: Callable[[], object], count: int) -> float:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


def _noise(width: int, height: int, count: int) -> Clip:
    rng = np.random.default_rng(count)
    y, u, v = (
        rng.integers(0, 256, shape, np.uint8)
        for shape in Geometry(count, height, width).plane_shapes
    )
    return Clip(y, u, v, 25.0)


def _print(title: str, lines: dict[str, str]) -> None:
    print(title)
    for name, value in lines.items():
        print(f"  {name:32} {value}")


if __name__ == "__main__":
    print(video.LIBRARY)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SEED)
