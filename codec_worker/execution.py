"""The full measurement: every clip at every rate point, beside the anchors."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import NamedTuple

from codec_lab.bd_rate import MIN_POINTS, RateQuality, bd_rate, least_anchor_share_percent
from codec_lab.bundle import Bundle
from codec_lab.clip import ClipRole, SourceClip
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore
from codec_lab.verdict import AnchorCurve, BdRate, ClipResult, Metric, RatePoint
from codec_worker import anchors, environment, vmaf
from codec_worker.contract import Clip
from codec_worker.failure import withhold_if_hidden
from codec_worker.installed import sandboxes
from codec_worker.kept_points import KeptPoints
from codec_worker.protocol import (
    check_curve,
    check_no_clip_is_embedded,
    check_round_trip,
    decode_point,
    encode_variant,
)
from codec_worker.runner import Encoded, Runner
from codec_worker.turns import encode_then_decode
from codec_worker.variants import Variants
from codec_worker.video import planes_sha256

PointListener = Callable[[SourceClip, RatePoint], None]
"""Is told of each rate point as it is measured, one at a time."""


class LoadedClip(NamedTuple):
    """A clip's record and its frames."""

    source: SourceClip
    clip: Clip


def first_frames(loaded: LoadedClip, count: int) -> LoadedClip:
    """Give the first frames of a clip, as a clip of its own."""
    source, clip = loaded
    if source.frame_count <= count:
        return loaded
    cut = Clip(clip.y[:count], clip.u[:count], clip.v[:count], clip.fps)
    changes = {"sha256": planes_sha256(cut), "frame_count": count}
    return LoadedClip(source.model_copy(update=changes), cut)


class _Task(NamedTuple):
    loaded: LoadedClip
    quality: int

    @property
    def key(self) -> tuple[str, int]:
        """Clip and quality."""
        return self.loaded.source.name, self.quality

    @property
    def what(self) -> str:
        """For messages."""
        return f"{self.loaded.source.name} at quality {self.quality}"

    @property
    def weight(self) -> tuple[int, str, int]:
        """Grows with the time that the clip takes, then with the time that the point takes."""
        return self.loaded.clip.y.size, self.loaded.source.name, self.quality


class _Bitstreams(NamedTuple):
    """What a task's encoders gave.

    Attributes
    ----------
    encoded : Encoded
        Of the clip.
    of_variant : bytes or None
        Of a variant of it, where that is checked.
    """

    encoded: Encoded
    of_variant: bytes | None


class Execution:
    """Measures one candidate on clips of a plan.

    Rate points run side by side, one per core, each in sandboxes of its own; no decoder runs while
    its clip is being encoded. Times are CPU times of the candidate's processes, which do not
    depend on how busy the machine is. A point that the same run has measured before is taken from
    the store.

    Parameters
    ----------
    bundle : Bundle
        The candidate, and what each of its calls may use.
    plan : EvaluationPlan
        Rate points and anchors.
    store : ObjectStore
        Keeps the rate points and the anchors' curves.
    points_prefix : str
        Where the rate points are kept; ends with a slash.
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
        points_prefix: str,
        on_point: PointListener,
    ) -> None:
        self._bundle = bundle
        self._plan = plan
        self._store = store
        conditions = environment.describe(bundle.manifest.limits)
        self._variants = Variants(plan.secret, bundle.manifest.bundle_sha256)
        self._kept = KeptPoints(bundle, conditions, store, points_prefix)
        self._on_point = on_point
        self._runners: SimpleQueue[Runner] = SimpleQueue()
        self.log: list[str] = []
        self.candidate_cpu_s = 0.0

    def run(
        self, clips: Sequence[LoadedClip], qualities: Sequence[int], anchor_names: Sequence[str]
    ) -> tuple[ClipResult, ...]:
        """Measure clips at rate points of the plan.

        Parameters
        ----------
        clips : sequence of LoadedClip
            What to encode.
        qualities, anchor_names : sequence
            Which of the plan's rate points and anchors.

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
        tasks = [_Task(loaded, quality) for loaded in clips for quality in qualities]
        tasks.sort(key=lambda task: task.weight, reverse=True)  # the long ones first: no core idles
        measured = self._measured_before(tasks)
        tasks = [task for task in tasks if task.key not in measured]
        with self._at_work(len(tasks)) as pool:
            of_clips = [(task.loaded.source.name, task) for task in tasks]
            for task, point in encode_then_decode(
                pool, _cores(), of_clips, self._encode, self._decode
            ):
                measured[task.key] = point
                self._on_point(task.loaded.source, point)
            curves = {
                (loaded.source.name, name): pool.submit(
                    anchors.curve, name, loaded.source, loaded.clip, self._store
                )
                for loaded in clips
                for name in anchor_names
            }
            by_clip = {
                source: [measured[source.name, quality] for quality in sorted(qualities)]
                for source, _ in clips
            }
            for source, curve in by_clip.items():
                with withhold_if_hidden(source, self.log):
                    check_curve(curve, source.name)
            return tuple(
                clip_result(
                    source, curve, [curves[source.name, name].result() for name in anchor_names]
                )
                for source, curve in by_clip.items()
            )

    def _measured_before(self, tasks: Sequence[_Task]) -> dict[tuple[str, int], RatePoint]:
        found = {}
        for task in tasks:
            point = self._kept.find(task.loaded.source, task.quality)
            if point is not None:
                found[task.key] = point
                self._on_point(task.loaded.source, point)
        return found

    @contextmanager
    def _at_work(self, task_count: int) -> Iterator[ThreadPoolExecutor]:
        """Give a pool of threads and, for as many of them as there are tasks, a runner each."""
        bundle, count = self._bundle, min(_cores(), task_count)
        candidate, limits = bundle.candidate, bundle.manifest.limits
        runners: list[Runner] = []
        try:
            with ExitStack() as stack:
                make_box = stack.enter_context(sandboxes(bundle))
                runners += [
                    Runner(candidate, limits, make_box, toolbox=bundle.toolbox)
                    for _ in range(count)
                ]
                for runner in runners:
                    self._runners.put(stack.enter_context(runner))
                pool = stack.enter_context(ThreadPoolExecutor(_cores()))
                try:
                    yield pool
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            self._runners = SimpleQueue()
            self.log += [entry for runner in runners for entry in runner.log]
            self.candidate_cpu_s += sum(runner.cpu_s for runner in runners)

    def _encode(self, task: _Task) -> _Bitstreams:
        (source, clip), quality = task
        with self._runner(source) as runner:
            encoded = runner.encode(clip, quality, task.what)
            variant = self._variant(task)
            if variant is None:
                return _Bitstreams(encoded, None)
            return _Bitstreams(encoded, encode_variant(runner, variant, quality, task.what))

    def _decode(self, task: _Task, bitstreams: _Bitstreams) -> RatePoint:
        """Decode and measure one point; check the round trip at the cheapest."""
        (source, clip), quality = task
        with self._runner(source) as runner:
            measurement = decode_point(runner, clip, quality, bitstreams.encoded, task.what)
            if self._is_proof(task):
                check_round_trip(runner, clip, measurement, task.what)
            variant = self._variant(task)
            if variant is not None and bitstreams.of_variant is not None:
                check_no_clip_is_embedded(
                    runner, variant, measurement, bitstreams.of_variant, task.what
                )
        shown = quality == sorted(self._plan.qualities)[1]  # pictures of one point per clip
        return self._kept.keep(source, clip, measurement, with_pictures=shown)

    def _is_proof(self, task: _Task) -> bool:
        return task.quality == min(self._plan.qualities)

    def _variant(self, task: _Task) -> Clip | None:
        """Draw the variant that is tried beside a clip, at the lowest and one more quality."""
        (source, clip), quality = task
        # A hidden clip has been seen by no candidate: a variant of it would tell nothing.
        if source.role is ClipRole.HIDDEN:
            return None
        drawn = self._variants.quality(source.name, self._plan.qualities)
        if not self._is_proof(task) and quality != drawn:
            return None
        return self._variants.of(clip, source.name, quality)

    @contextmanager
    def _runner(self, source: SourceClip) -> Iterator[Runner]:
        """Give the next free runner for a call on a clip."""
        runner = self._runners.get()
        try:
            with withhold_if_hidden(source, runner.log):
                yield runner
        finally:
            self._runners.put(runner)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def clip_result(
    source: SourceClip, points: Sequence[RatePoint], curves: Sequence[AnchorCurve]
) -> ClipResult:
    """Put a candidate's points beside the anchors' and compare them."""
    absence = vmaf.absence(source.width, source.height)
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
        bd_rates=tuple(
            _compare(curve, points, metric, absence) for curve in curves for metric in Metric
        ),
        vmaf_reason=absence,
    )


def _compare(
    curve: AnchorCurve, points: Sequence[RatePoint], metric: Metric, absence: str | None
) -> BdRate:
    anchor, tested = (
        [
            RateQuality(point.bitrate_bps, value)
            for point in side
            if (value := point.value(metric)) is not None
        ]
        for side in (curve.points, points)
    )
    if not anchor or not tested:
        return BdRate(
            anchor=curve.anchor, metric=metric, percent=None, overlap_percent=0, reason=absence
        )
    share = least_anchor_share_percent(metric)
    delta = bd_rate(anchor, tested, min(len(points), MIN_POINTS), share)
    return BdRate(
        anchor=curve.anchor,
        metric=metric,
        percent=delta.percent,
        overlap_percent=delta.overlap_percent,
        reason=delta.reason,
    )
