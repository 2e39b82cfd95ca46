"""What the bench costs beside the candidate: ``python -m benchmarks.bench_harness [CODEC.py]``.

Prints one table with the targets. Overhead is CPU time of the worker, its sandboxes and libraries,
over CPU time of the candidate's own calls, on the default campaign's screen (clips, frames and
qualities) without anchors. Parallel efficiency is the clock time on one core over that on all,
times their number. Measure on a quiet machine.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks import bench_metrics
from codec_lab.bundle import Bundle, Manifest
from codec_lab.limits import Limits
from codec_lab.plan import EvaluationPlan
from codec_worker import clips, video
from codec_worker.contract import Clip, Geometry
from codec_worker.directory_store import DirectoryStore
from codec_worker.evaluate import read_candidate
from codec_worker.execution import Execution, LoadedClip, first_frames
from codec_worker.sandbox.base_process import close_idle_bases
from codec_worker.sandbox.sandbox import Sandbox

SEED = Path(__file__).parents[1] / "codec_worker" / "codecs" / "seed.py"
CALLS = {"64×48, 8 frames": (64, 48, 8), "1080p, 1 frame": (1920, 1080, 1)}
FLAT = """
import struct
import numpy as np

def encode(clip, quality):
    return struct.pack("<3H3B", *clip.y.shape, *(plane[0, 0, 0] for plane in clip[:3]))

def decode(bitstream):
    n, h, w, *samples = struct.unpack("<3H3B", bitstream)
    shapes = (n, h, w), (n, h // 2, w // 2), (n, h // 2, w // 2)
    return tuple(np.full(shape, s, np.uint8) for shape, s in zip(shapes, samples))
"""


class Row(NamedTuple):
    """One line of the table."""

    name: str
    figure: str
    target: str = ""


class Screening(NamedTuple):
    """What measuring the screen set took."""

    wall_s: float
    cpu_s: float
    candidate_cpu_s: float


def main(codec: Path) -> None:
    """Print the table, line by line as it is measured."""
    head = Row("measure", "figure", "target")
    for name, figure, target in chain([head], _call_rows(), _screen_rows(codec), _metric_rows()):
        print(f"{name:36}{figure:>52}  {target}", flush=True)


def _screen_rows(codec: Path) -> Iterator[Row]:
    cores = os.sched_getaffinity(0)
    on_all = _screen_set(codec)
    bench_s = on_all.cpu_s - on_all.candidate_cpu_s
    yield Row("screen set: CPU of the candidate", f"{on_all.candidate_cpu_s:.1f} s")
    yield Row("screen set: CPU of the bench", f"{bench_s:.2f} s")
    yield Row("overhead", f"{100 * bench_s / on_all.candidate_cpu_s:.1f} %", "≤ 5 %")
    os.sched_setaffinity(0, {min(cores)})
    on_one = _screen_set(codec)
    os.sched_setaffinity(0, cores)
    yield Row("screen set on one core", f"{on_one.wall_s:.1f} s, CPU {on_one.cpu_s:.1f} s")
    yield Row(f"screen set on {len(cores)}", f"{on_all.wall_s:.1f} s, CPU {on_all.cpu_s:.1f} s")
    efficiency = on_one.wall_s / on_all.wall_s / len(cores)
    yield Row("parallel efficiency", f"{efficiency:.2f}", "≥ 0.85")


def _screen_set(codec: Path) -> Screening:
    candidate = read_candidate(codec)
    manifest = Manifest(candidate_sha256=candidate.sha256, packages=(), limits=Limits())
    bundle = Bundle(manifest=manifest, candidate=candidate)
    with tempfile.TemporaryDirectory(prefix="codec-lab-bench-") as folder:
        store = DirectoryStore(Path(folder))
        all_clips = {frozen.source: frozen.data for frozen in clips.default_clips()}
        plan = EvaluationPlan(clips=tuple(all_clips))
        assert plan.screen is not None
        loaded = [
            first_frames(LoadedClip(one, clips.thaw(one, all_clips[one])), plan.screen.frames)
            for one in plan.screen_clips
        ]
        execution = Execution(bundle, plan, store, "out/", lambda *_: None)
        close_idle_bases()  # their CPU time counts once they have ended
        cpu_before_s, started = _cpu_s(), time.perf_counter()
        execution.run(loaded, plan.screen_qualities, ())
        wall_s = time.perf_counter() - started
        close_idle_bases()
        return Screening(wall_s, _cpu_s() - cpu_before_s, execution.candidate_cpu_s)


def _cpu_s() -> float:
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def _call_rows() -> Iterator[Row]:
    started = time.perf_counter()
    with (
        Sandbox({"codec.py": FLAT}, "encode", Limits()) as encoder,
        Sandbox({"codec.py": FLAT}, "decode", Limits()) as decoder,
    ):
        for name, size in CALLS.items():
            clip = _noise(*size)
            bitstream = encoder.encode(clip, 30).value
            assert bitstream is not None
            geometry = Geometry.of(clip)
            planes = decoder.decode(bitstream, geometry).value
            assert planes is not None
            assert planes[0][-1, -1, -1] == clip.y[0, 0, 0]
            if started:
                yield Row("sandboxes: start and first calls", _ms(time.perf_counter() - started))
                started = 0.0
            encode_s = _median_s(lambda: encoder.encode(clip, 30), 50)  # noqa: B023
            decode_s = _median_s(lambda: decoder.decode(bitstream, geometry), 50)  # noqa: B023
            figure = f"encode {_ms(encode_s)}, decode {_ms(decode_s)}"
            yield Row(f"warm round trip, {name}", figure, "≤ 10 ms")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def _metric_rows() -> Iterator[Row]:
    for row in bench_metrics.rows():
        figure = (
            f"{row.worker_ms:.2f} ms/frame, ffmpeg's {row.program_ms:.2f}, ratio {row.ratio:.2f}"
        )
        yield Row(f"{row.metrics} of {row.size}", figure, row.target)


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


if __name__ == "__main__":
    print(video.LIBRARY)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SEED)
