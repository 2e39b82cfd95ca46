"""The benchmark's table and ``lab evaluate`` give the same numbers."""

from pathlib import Path

import pytest

from benchmarks.bench_codec import coded, curve, percent
from codec_lab.verdict import Metric
from codec_worker import video
from codec_worker.codecs import small
from codec_worker.evaluate import Terms, evaluate_module
from tests.fakes import MemoryObjects
from tests.worker.samples import sample_clips


def test_rate_points_and_bd_rate_are_those_of_lab_evaluate(tmp_path: Path) -> None:
    frozen = sample_clips()[0]
    terms = Terms(anchors=("mpeg4",))
    verdict = evaluate_module(
        Path(small.__file__), [frozen], MemoryObjects(), tmp_path / "cache", terms
    )
    (result,) = verdict.results
    clip = video.read(frozen.data, "seen").clip

    points = coded(small, clip, terms.qualities).points(clip)

    assert [point.size_bytes for point in points] == [p.size_bytes for p in result.points]
    for metric in Metric:
        for ours, theirs in zip(points, result.points, strict=True):
            assert ours.value(metric) == theirs.value(metric)
    (anchor,) = result.anchors
    compared = [found for found in result.bd_rates if found.percent is not None]
    assert compared
    for found in compared:
        tested = curve(points, found.metric)
        assert percent(curve(anchor.points, found.metric), tested) == pytest.approx(found.percent)
