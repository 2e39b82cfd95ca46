"""The metrics beside FFmpeg's own filters run as a program: ``python -m benchmarks.bench_metrics``.

Both measure the same frames with one filter thread; the program reads raw video from files in
memory, and its clock includes its start. Ratios below 1 mean that the worker is faster.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from codec_worker import clips, ffmpeg_program, quality_filters, video, vmaf
from codec_worker.contract import Clip, Geometry, Planes

SIZES = {"CIF": (352, 288, 90), "1080p": (1920, 1080, 10)}
REPETITIONS = 3
FILTERS = {
    "PSNR, SSIM, XPSNR": "[0]split=2[d1][d2];[1]split=3[s1][s2][s3];[d1][s1]psnr[p];[p][s2]ssim,"
    "nullsink;[s3][d2]xpsnr",
    "VMAF, VMAF-NEG": "[0][1]libvmaf=n_threads=0:"
    "model='version=vmaf_v0.6.1\\:name=a|version=vmaf_v0.6.1neg\\:name=b'",
}


class Row(NamedTuple):
    """One comparison.

    Attributes
    ----------
    size, metrics : str
        What was measured.
    worker_ms, program_ms : float
        Median clock time for each frame.
    ratio : float
        Of the two.
    target : str
        What the ratio must be; none for VMAF, which the worker has from the same program.
    """

    size: str
    metrics: str
    worker_ms: float
    program_ms: float
    ratio: float
    target: str


def rows() -> list[Row]:
    """Measure every size, worker and program in turn.

    Raises
    ------
    BenchError
        If there is no ffmpeg program.
    """
    found = []
    for size, (width, height, count) in SIZES.items():
        source = _clip(width, height, count)
        decoded = _worse(source)
        ours: dict[str, Callable[[], object]] = {
            "PSNR, SSIM, XPSNR": partial(quality_filters.compare, source, decoded),
            "VMAF, VMAF-NEG": partial(vmaf.measure, source, decoded),
        }
        with tempfile.TemporaryDirectory(prefix="codec-lab-bench-", dir="/dev/shm") as folder:
            inputs = _raw_inputs(Path(folder), source, decoded)
            for name, graph in FILTERS.items():
                worker_s, program_s = _in_turn(ours[name], partial(_program, inputs, graph))
                found.append(
                    Row(
                        size,
                        name,
                        1000 * worker_s / count,
                        1000 * program_s / count,
                        worker_s / program_s,
                        "" if "VMAF" in name else "≤ 1",
                    )
                )
    return found


def _in_turn(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Give the median times of two calls that alternate, so that both meet the same machine."""
    times: tuple[list[float], list[float]] = ([], [])
    for call, kept in islice(cycle(zip((ours, theirs), times, strict=True)), 2 * REPETITIONS):
        started = time.perf_counter()
        call()
        kept.append(time.perf_counter() - started)
    return median(times[0]), median(times[1])


def _clip(width: int, height: int, count: int) -> Clip:
    """Scale carphone, forth and back, to a size."""
    frozen = next(iter(clips.default_clips()))
    clip = clips.thaw(frozen.source, frozen.data)
    order = list(islice(cycle([*range(len(clip.y)), *reversed(range(len(clip.y)))]), count))

    def scaled(plane: np.ndarray, h: int, w: int) -> np.ndarray:
        rows = np.arange(h) * plane.shape[1] // h
        columns = np.arange(w) * plane.shape[2] // w
        return np.ascontiguousarray(plane[order][:, rows][:, :, columns])

    shapes = Geometry(count, height, width).plane_shapes
    y, u, v = (scaled(p, *shape[1:]) for p, shape in zip(clip[:3], shapes, strict=True))
    return Clip(y, u, v, clip.fps)


def _worse(clip: Clip) -> Planes:
    y, u, v = (plane & 0xF8 | 4 for plane in clip[:3])
    return y, u, v


def _raw_inputs(folder: Path, source: Clip, decoded: Planes) -> list[str]:
    _, height, width = Geometry.of(source)
    arguments = []
    for name, planes in (("decoded", decoded), ("source", source[:3])):
        file = folder / f"{name}.yuv"
        with file.open("wb") as raw:
            raw.writelines(ffmpeg_program.raw_planes(planes))
        arguments += ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}"]
        arguments += ["-r", str(1 / video.time_base_of(source.fps)), "-i", str(file)]
    return arguments


def _program(inputs: list[str], graph: str) -> None:
    program = ffmpeg_program.find()
    if program is None:
        ffmpeg_program.run([], [], 1)  # says what is missing
        return
    command = [str(program.path), "-v", "error", "-filter_complex_threads", "1", *inputs]
    subprocess.run([*command, "-filter_complex", graph, "-f", "null", "-"], check=True)


def main() -> None:
    """Print the table."""
    print(f"{video.LIBRARY}; {ffmpeg_program.version_with('libvmaf')}; {os.cpu_count()} cores")
    print(f"{'ms/frame':30} {'worker':>8} {'program':>8} {'ratio':>6}")
    for row in rows():
        name = f"{row.size}: {row.metrics}"
        print(f"{name:30} {row.worker_ms:8.2f} {row.program_ms:8.2f} {row.ratio:6.2f}")


if __name__ == "__main__":
    main()
