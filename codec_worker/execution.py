"""The full measurement: every clip at every rate point, beside the anchors."""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_lab.bd_rate import RateQuality, bd_rate
from codec_lab.bundle import Bundle
from codec_lab.clip import SourceClip
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore
from codec_lab.verdict import AnchorCurve, BdRate, ClipResult, Metric, RatePoint
from codec_worker import anchors
from codec_worker.contract import Clip
from codec_worker.failure import withhold_if_hidden
from codec_worker.protocol import Measurement, check_curve, check_round_trip, measure_point
from codec_worker.runner import Runner
from codec_worker.video import freeze

PointListener = Callable[[SourceClip, RatePoint], None]
"""Is told of each rate point as it is measured, one at a time."""


class LoadedClip(NamedTuple):
    """A clip's record and its frames."""

    source: SourceClip
    clip: Clip


class _Task(NamedTuple):
    loaded: LoadedClip
    quality: int

    @property
    def weight(self) -> int:
        """Grows with the time that the point takes."""
        return self.loaded.clip.y.size * (50 + self.quality)


class Execution:
    """Measures one candidate on all clips of a plan.

    Rate points run side by side, one per core, each in sandboxes of its own; times are CPU times
    of the candidate's processes, which do not depend on how busy the machine is.

    Parameters
    ----------
    bundle : Bundle
        The candidate, and what each of its calls may use.
    plan : EvaluationPlan
        Rate points and anchors.
    store : ObjectStore
        Gets the evidence and keeps the anchors' curves.
    output_prefix : str
        Where the evidence goes; ends with a slash.
    on_point : callable
        Is told of each rate point.

    Attributes
    ----------
    log : list of str
        What the candidate printed, and faults on hidden clips in full.
    candidate_cpu_s : float
        CPU time of all its calls, those of the checks included.
    """

    def __init__(
        self,
        bundle: Bundle,
        plan: EvaluationPlan,
        store: ObjectStore,
        output_prefix: str,
        on_point: PointListener,
    ) -> None:
        self._bundle = bundle
        self._plan = plan
        self._store = store
        self._prefix = output_prefix
        self._on_point = on_point
        self._runners: SimpleQueue[Runner] = SimpleQueue()
        self.log: list[str] = []
        self.candidate_cpu_s = 0.0

    def run(self, clips: Sequence[LoadedClip]) -> tuple[ClipResult, ...]:
        """Measure everything.

        Returns
        -------
        tuple of ClipResult
            In the order of the clips.

        Raises
        ------
        CandidateFailedError
            If the candidate fails at any point; nothing is scored then.
        BenchError
            If the bench fails.
        """
        tasks = [_Task(loaded, quality) for loaded in clips for quality in self._plan.qualities]
        tasks.sort(key=lambda task: task.weight, reverse=True)  # the long ones first: no core idles
        worker_count = min(len(os.sched_getaffinity(0)), len(tasks))
        candidate, limits = self._bundle.candidate, self._bundle.manifest.limits
        runners = [Runner(candidate, limits) for _ in range(worker_count)]
        try:
            with ExitStack() as stack:
                for runner in runners:
                    self._runners.put(stack.enter_context(runner))
                pool = stack.enter_context(ThreadPoolExecutor(worker_count))
                points = {pool.submit(self._measure, task): task for task in tasks}
                curves = {
                    (loaded.source.name, name): pool.submit(
                        anchors.curve, name, loaded.source, loaded.clip, self._store
                    )
                    for loaded in clips
                    for name in self._plan.anchors
                }
                try:
                    return self._collect(clips, points, curves)
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            self.log += [entry for runner in runners for entry in runner.log]
            self.candidate_cpu_s = sum(runner.cpu_s for runner in runners)

    def _measure(self, task: _Task) -> Measurement:
        """Measure one point on the next free runner; check the round trip at the cheapest."""
        (source, clip), quality = task
        what = f"{source.name} at quality {quality}"
        runner = self._runners.get()
        try:
            with withhold_if_hidden(source, runner.log):
                measurement = measure_point(runner, clip, quality, what)
                if quality == min(self._plan.qualities):
                    check_round_trip(runner, clip, measurement, what)
        finally:
            self._runners.put(runner)
        return measurement

    def _collect(
        self,
        clips: Sequence[LoadedClip],
        points: dict["Future[Measurement]", _Task],
        curves: dict[tuple[str, str], "Future[AnchorCurve]"],
    ) -> tuple[ClipResult, ...]:
        measured: dict[str, list[RatePoint]] = {source.name: [] for source, _ in clips}
        frames: dict[str, NDArray[np.float64]] = {}
        for future in as_completed(points):
            (source, clip), quality = points[future]
            measurement = future.result()
            point = self._keep(source, clip, measurement)
            measured[source.name].append(point)
            per_frame = measurement.quality.frames
            frames[f"{source.name}/{quality}/psnr_db"] = per_frame.psnr_db
            frames[f"{source.name}/{quality}/ssim_y"] = per_frame.ssim_y
            self._on_point(source, point)
        for source, _ in clips:
            curve = measured[source.name]
            curve.sort(key=lambda point: point.quality)
            with withhold_if_hidden(source, self.log):
                check_curve(curve, source.name)
        self._store.put(f"{self._prefix}frames.npz", _npz(frames))
        return tuple(
            clip_result(
                source,
                measured[source.name],
                [curves[source.name, anchor].result() for anchor in self._plan.anchors],
            )
            for source, _ in clips
        )

    def _keep(self, source: SourceClip, clip: Clip, measurement: Measurement) -> RatePoint:
        """Store the bitstream of a point, and of one point per clip the decoded pictures."""
        point, bitstream = measurement.point, measurement.encoded.bitstream
        name = f"{source.name}-q{point.quality}"
        key = f"{self._prefix}bitstreams/{name}.bin"
        self._store.put(key, bitstream)
        if point.quality == self._plan.qualities[1]:
            decoded = Clip(*measurement.decoded.planes, clip.fps)
            self._store.put(f"{self._prefix}decoded/{name}.mkv", freeze(decoded))
        sha256 = hashlib.sha256(bitstream).hexdigest()
        return point.model_copy(update={"bitstream_key": key, "bitstream_sha256": sha256})


def clip_result(
    source: SourceClip, points: Sequence[RatePoint], curves: Sequence[AnchorCurve]
) -> ClipResult:
    """Put a candidate's points beside the anchors' and compare them."""
    return ClipResult(
        clip=source.name,
        clip_sha256=source.sha256,
        role=source.role,
        width=source.width,
        height=source.height,
        frame_count=source.frame_count,
        fps=source.fps,
        points=tuple(points),
        anchors=tuple(curves),
        bd_rates=tuple(_compare(curve, points, metric) for curve in curves for metric in Metric),
    )


def _compare(curve: AnchorCurve, points: Sequence[RatePoint], metric: Metric) -> BdRate:
    anchor, tested = (
        [RateQuality(point.bitrate_bps, point.value(metric)) for point in side]
        for side in (curve.points, points)
    )
    delta = bd_rate(anchor, tested)
    return BdRate(
        anchor=curve.anchor,
        metric=metric,
        percent=delta.percent,
        overlap_percent=delta.overlap_percent,
        reason=delta.reason,
    )


def _npz(arrays: dict[str, NDArray[np.float64]]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
