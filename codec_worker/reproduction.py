"""An experiment's measurement made again elsewhere, and every difference by its name."""

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from aws_lambda_powertools import Logger
from numpy.typing import NDArray

from codec_lab import documents, keys
from codec_lab.errors import ConfigurationError
from codec_lab.job import JobKind, JobSpec
from codec_lab.model import Model, Name
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore
from codec_lab.verdict import ClipResult, RatePoint, Verdict
from codec_worker.job import Job

_NOT_COMPARED = frozenset(
    {
        "encode_cpu_s",
        "decode_cpu_s",
        "encode_peak_memory_bytes",
        "decode_peak_memory_bytes",
        "bitstream_key",
        "bitstream_sha256",  # the bytes themselves are compared
    }
)
"""Fields of a rate point that another run need not repeat."""


class Difference(Model):
    """Something that came out otherwise.

    Attributes
    ----------
    clip : str or None
        On which clip; None for the run as a whole.
    codec : str
        ``candidate`` or an anchor's name.
    quality : int or None
        At which rate point.
    what : str
        What differs.
    stored, here : str
        How it was, and how it is now.
    """

    clip: Name | None = None
    codec: Name = "candidate"
    quality: int | None = None
    what: str
    stored: str
    here: str


class Reproduction(Model):
    """What came of measuring again.

    Attributes
    ----------
    clips, points, anchor_points : int
        How much was compared.
    differences : tuple of Difference
        None if every bitstream, picture and metric is the same.
    environment : tuple of Difference
        Versions, processor and limits that are not those of the stored measurement.
    """

    clips: int
    points: int
    anchor_points: int
    differences: tuple[Difference, ...]
    environment: tuple[Difference, ...]


def measure_again(
    stored: Verdict,
    plan_key: str,
    objects: ObjectStore,
    elsewhere: ObjectStore,
    cache_folder: Path,
    logger: Logger,
) -> Verdict:
    """Measure what a verdict is about in a fresh store.

    Parameters
    ----------
    stored : Verdict
        Of an execution.
    plan_key : str
        Its evaluation plan.
    objects : ObjectStore
        Holds the plan, the bundle and the clips.
    elsewhere : ObjectStore
        Gets copies of these, and every result; holds none, or it would not be measured.
    cache_folder : Path
        Where copies of clips stay.
    logger : Logger
        Of the job.

    Raises
    ------
    ConfigurationError
        If the plan has other clips, or a part is missing.
    """
    plan = documents.load(objects, plan_key, EvaluationPlan)
    clips = {clip.name: clip for clip in plan.clips}
    for result in stored.results:
        if result.clip not in clips or clips[result.clip].sha256 != result.clip_sha256:
            raise ConfigurationError(f"The plan {plan_key} no longer has the clip {result.clip}.")
        key = clips[result.clip].key
        elsewhere.put(key, objects.get(key))
    bundle_key = keys.bundle(stored.bundle_sha256)
    elsewhere.put(bundle_key, objects.get(bundle_key))
    documents.save(elsewhere, plan_key, plan)
    spec = JobSpec(
        kind=JobKind.EXECUTE,
        experiment_id=stored.experiment_id,
        run=stored.run,
        attempt=stored.attempt,
        candidate_sha256=stored.candidate_sha256,
        bundle_sha256=stored.bundle_sha256,
        bundle_key=bundle_key,
        plan_key=plan_key,
        output_prefix="again/",
        points_prefix="again/points/",
        clips=tuple(result.clip for result in stored.results),
    )
    return Job(spec, elsewhere, cache_folder, logger).run()


def compare(
    stored: Verdict, objects: ObjectStore, again: Verdict, elsewhere: ObjectStore
) -> Reproduction:
    """Compare two measurements of one candidate: bytes, pictures, and metrics by frame.

    Parameters
    ----------
    stored, objects
        The measurement of record, and the store of its evidence.
    again, elsewhere
        The same of the new one.
    """
    differences: list[Difference] = []
    if again.fault is not None:
        fault = f"{again.fault.error_type}: {again.fault.message}"
        differences.append(Difference(what="the candidate fails", stored="passed", here=fault))
    here = {result.clip: result for result in again.results}
    compared = [(result, here[result.clip]) for result in stored.results if result.clip in here]
    for before, now in compared:
        differences += _points(before, objects, now, elsewhere)
        differences += _anchors(before, now)
    return Reproduction(
        clips=len(compared),
        points=sum(len(before.points) for before, _ in compared),
        anchor_points=sum(len(curve.points) for one, _ in compared for curve in one.anchors),
        differences=tuple(differences),
        environment=tuple(_environment(stored.environment, again.environment)),
    )


def _points(
    before: ClipResult, objects: ObjectStore, now: ClipResult, elsewhere: ObjectStore
) -> Iterator[Difference]:
    curve = Difference(clip=before.clip, what="", stored="", here="")
    yield from _lacking(curve, before.points, now.points)
    for at, stored, here in _shared(curve, before.points, now.points):
        bitstreams = _read(objects, stored, ".bin"), _read(elsewhere, here, ".bin")
        frames = _read(objects, stored, ".npz"), _read(elsewhere, here, ".npz")
        yield from _named(at, "bitstream", *bitstreams, _differing_byte(*bitstreams))
        yield from _metrics(at, stored, here)
        yield from _named(at, "metrics by frame", *frames, _differing_frame(*frames))


def _anchors(before: ClipResult, now: ClipResult) -> Iterator[Difference]:
    stored, here = (
        {curve.anchor: curve.points for curve in result.anchors} for result in (before, now)
    )
    for anchor in dict.fromkeys((*stored, *here)):
        curve = Difference(clip=before.clip, codec=anchor, what="", stored="", here="")
        points = stored.get(anchor, ()), here.get(anchor, ())
        yield from _lacking(curve, *points)
        for at, one, other in _shared(curve, *points):
            yield from _metrics(at, one, other)


def _lacking(
    curve: Difference, before: Sequence[RatePoint], now: Sequence[RatePoint]
) -> Iterator[Difference]:
    """Name the rate points that only one side has."""
    sides = [{point.quality for point in points} for points in (before, now)]
    for quality in sorted(set.symmetric_difference(*sides)):
        stored, here = ("measured" if quality in side else "missing" for side in sides)
        changes = {"quality": quality, "what": "rate point", "stored": stored, "here": here}
        yield curve.model_copy(update=changes)


def _shared(
    curve: Difference, before: Sequence[RatePoint], now: Sequence[RatePoint]
) -> Iterator[tuple[Difference, RatePoint, RatePoint]]:
    """Pair the rate points that both sides have, each pair with its place."""
    by_quality = {point.quality: point for point in now}
    for stored in before:
        if stored.quality in by_quality:
            at = curve.model_copy(update={"quality": stored.quality})
            yield at, stored, by_quality[stored.quality]


def _metrics(at: Difference, stored: RatePoint, here: RatePoint) -> Iterator[Difference]:
    for name in RatePoint.model_fields:
        one, other = getattr(stored, name), getattr(here, name)
        if name not in _NOT_COMPARED and one != other:
            yield at.model_copy(update={"what": name, "stored": str(one), "here": str(other)})


def _environment(stored: Mapping[str, str], here: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys((*stored, *here)):
        one, other = stored.get(name, "absent"), here.get(name, "absent")
        if one != other:
            yield Difference(what=name, stored=one, here=other)


def _read(objects: ObjectStore, point: RatePoint, suffix: str) -> bytes | None:
    if point.bitstream_key is None:
        return None
    key = point.bitstream_key.removesuffix(".bin") + suffix
    return objects.get(key) if objects.exists(key) else None


def _named(
    at: Difference, what: str, stored: bytes | None, here: bytes | None, place: str | None
) -> Iterator[Difference]:
    if place is None:
        return
    one, other = ("missing" if data is None else f"{len(data)} bytes" for data in (stored, here))
    yield at.model_copy(update={"what": f"{what}{place}", "stored": one, "here": other})


def _differing_byte(stored: bytes | None, here: bytes | None) -> str | None:
    if stored is None or here is None:
        return ""
    if stored == here:
        return None
    shared = zip(stored, here, strict=False)
    first = next((index for index, (a, b) in enumerate(shared) if a != b), None)
    return f", from byte {min(len(stored), len(here)) if first is None else first}"


def _differing_frame(stored: bytes | None, here: bytes | None) -> str | None:
    if stored is None or here is None:
        return ""
    one, other = _arrays(stored), _arrays(here)
    if one.keys() != other.keys():
        return ": other metrics"
    wrong = [
        int(np.argmax(_by_frame(one[name], other[name])))
        for name in one
        if _by_frame(one[name], other[name]).any()
    ]
    return f", from frame {min(wrong)}" if wrong else None


def _by_frame(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    differs = (one != other) & ~(np.isnan(one) & np.isnan(other))
    by_frame: NDArray[np.bool_] = differs.reshape(len(differs), -1).any(axis=1)
    return by_frame


def _arrays(data: bytes) -> dict[str, NDArray[np.float64]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
