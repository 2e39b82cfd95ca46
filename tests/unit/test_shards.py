"""An execution in shards: who measures which clip, and how their verdicts become one."""

from datetime import timedelta

import pytest

from codec_lab import documents, keys
from codec_lab.clip import SourceClip
from codec_lab.errors import AttestationError, UnchangedResultError
from codec_lab.events import JudgeRequest, JudgeResult
from codec_lab.experiment import ExperimentChanges
from codec_lab.job import JobKind, JobSpec
from codec_lab.judging import judge
from codec_lab.merging import attest, merge
from codec_lab.parent_equality import fault_of_equality
from codec_lab.phase import Phase
from codec_lab.sharding import shares
from codec_lab.verdict import ClipResult, Fault, Verdict
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords
from tests.unit.builders import NOON, clip, clip_result, experiment, opened, verdict

CRASH = Fault(error_type="CandidateCrashError", message="IndexError: line 3")
WHOLE = JobSpec(
    kind=JobKind.EXECUTE,
    experiment_id="default-0001",
    run=1,
    attempt=1,
    candidate_sha256="c" * 64,
    bundle_sha256="b" * 64,
    bundle_key="bundle",
    plan_key=keys.plan("default"),
    output_prefix="execute-1/",
    points_prefix="points/",
    clips=("hall", "park"),
)
FIRST, SECOND = (
    WHOLE.model_copy(update={"clips": (name,), "output_prefix": keys.shard("execute-1/", number)})
    for number, name in enumerate(("park", "hall"), start=1)
)


def clip_of(name: str, frame_count: int) -> SourceClip:
    return clip(name).model_copy(update={"frame_count": frame_count})


def result(name: str, **changes: object) -> ClipResult:
    """A clip's result; changes go into every rate point, its quality added to a number."""
    whole = clip_result(name, {"x265-medium": 10.0})
    points = []
    for point in whole.points:
        hashes = {
            "bitstream_sha256": f"{point.quality:064x}",
            "decoded_sha256": f"{100 + point.quality:064x}",
        }
        points.append(point.model_copy(update={**hashes, **changes}))
    return whole.model_copy(update={"points": tuple(points)})


def test_every_clip_is_in_one_shard_and_the_longest_is_alone() -> None:
    clips = [clip_of("a", 10), clip_of("b", 90), clip_of("c", 30), clip_of("d", 40)]
    assert shares(clips, 1) == (("a", "b", "c", "d"),)
    assert shares(clips, 2) == (("b",), ("a", "c", "d"))
    assert sorted(shares(clips, 9)) == [("a",), ("b",), ("c",), ("d",)]


def test_results_come_together_in_the_order_of_the_plan() -> None:
    later = verdict(FIRST, results=(result("park"),)).model_copy(
        update={
            "ended_at": NOON + timedelta(minutes=1),
            "environment": {"numpy": "1", "processor": "A"},
        }
    )
    other = verdict(SECOND, results=(result("hall"),)).model_copy(
        update={"environment": {"numpy": "1", "processor": "B"}}
    )
    merged = merge(WHOLE, [later, other])
    assert [one.clip for one in merged.results] == ["hall", "park"]
    assert (merged.started_at, merged.ended_at) == (NOON, NOON + timedelta(minutes=1))
    assert merged.environment == {"numpy": "1", "processor": "A; B"}


def test_the_first_fault_decides_and_leaves_no_score() -> None:
    other = Fault(error_type="RoundTripError", message="?")
    merged = merge(WHOLE, [verdict(FIRST, fault=CRASH), verdict(SECOND, fault=other)])
    assert (merged.fault, merged.results) == (CRASH, ())
    merged = merge(WHOLE, [verdict(FIRST, results=(result("park"),)), verdict(SECOND, fault=other)])
    assert (merged.fault, merged.results) == (other, ())


def test_a_missing_clip_is_no_verdict() -> None:
    with pytest.raises(AttestationError, match="measured park, the plan has hall, park"):
        merge(WHOLE, [verdict(FIRST, results=(result("park"),))])


def test_a_shard_about_another_clip_is_refused() -> None:
    with pytest.raises(AttestationError, match="is about hall, the job asked for park"):
        attest(FIRST, verdict(FIRST, results=(result("hall"),)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "every bitstream is byte by byte its parent's"),
        ({"bitstream_sha256": "0" * 64}, "every decoded picture and every size is its parent's"),
        ({"decoded_sha256": None}, "every bitstream"),
    ],
)
def test_what_equals_its_parent_is_void(change: dict[str, object], words: str) -> None:
    fault = fault_of_equality([result("hall", **change)], [result("hall")])
    assert fault is not None
    assert fault.error_type == "UnchangedResultError"
    assert words in fault.message
    assert "at all 4 rate points" in fault.message


@pytest.mark.parametrize(
    "change",
    [
        {"bitstream_sha256": "0" * 64, "decoded_sha256": "0" * 64},
        {"bitstream_sha256": "0" * 64, "size_bytes": 1},  # the same pictures at fewer bytes
        {"bitstream_sha256": None, "decoded_sha256": None},  # nothing is known
        {"quality": 7},
    ],
    ids=["other pictures", "fewer bytes", "unknown", "another quality"],
)
def test_what_differs_from_its_parent_is_valid(change: dict[str, object]) -> None:
    assert fault_of_equality([result("hall", **change)], [result("hall")]) is None


def test_one_point_that_differs_is_enough() -> None:
    child = result("hall")
    last = child.points[-1].model_copy(
        update={"bitstream_sha256": "0" * 64, "decoded_sha256": "0" * 64}
    )
    child = child.model_copy(update={"points": (*child.points[:-1], last)})
    assert fault_of_equality([child], [result("hall")]) is None


def test_other_clips_do_not_compare() -> None:
    assert fault_of_equality([result("hall")], [result("hall"), result("park")]) is None


def judged(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, *found: Verdict
) -> JudgeResult:
    opened(records, objects, clock)
    records.create_experiment(experiment())
    changes = ExperimentChanges(updated_at=clock.now(), parent_verdict_key="parent/verdict.json")
    records.update_experiment("default-0001", changes)
    for shard, verdict_of_shard in zip((FIRST, SECOND), found, strict=True):
        documents.save(objects, shard.verdict_key, verdict_of_shard)
    return judge(
        JudgeRequest(job=WHOLE, shards=(FIRST, SECOND)),
        records=records,
        objects=objects,
        clock=clock,
    )


def test_an_execution_in_shards_is_judged_as_one(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    shards = verdict(FIRST, results=(result("park"),)), verdict(SECOND, results=(result("hall"),))
    passed = judged(records, objects, clock, *shards)
    assert (passed.clips, passed.rate_points, passed.stopped) == (2, 8, False)
    stored = documents.load(objects, WHOLE.verdict_key, Verdict)
    assert [one.clip for one in stored.results] == ["hall", "park"]
    assert records.experiment("default-0001").verdict_key == WHOLE.verdict_key
    assert {one.result.clip for one in records.evaluations("default-0001")} == {"hall", "park"}


def test_a_shard_of_another_candidate_is_refused(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    forged = verdict(SECOND, results=(result("hall"),))
    forged = forged.model_copy(update={"candidate_sha256": "0" * 64})
    with pytest.raises(AttestationError, match=r"shard-2/verdict\.json has candidate_sha256 0000"):
        judged(records, objects, clock, verdict(FIRST, results=(result("park"),)), forged)
    assert not records.evaluations("default-0001")


def test_a_result_of_its_parent_is_a_fault_for_the_fix_loop(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> None:
    shards = verdict(FIRST, results=(result("park"),)), verdict(SECOND, results=(result("hall"),))
    of_parent = WHOLE.model_copy(update={"candidate_sha256": "a" * 64})
    parent = verdict(of_parent, results=(result("hall"), result("park")))
    documents.save(objects, "parent/verdict.json", parent)
    with pytest.raises(UnchangedResultError, match="at all 8 rate points every bitstream"):
        judged(records, objects, clock, *shards)
    [attempt] = records.attempts("default-0001", Phase.EXECUTION)
    assert attempt.fault is not None
    assert not records.evaluations("default-0001")
    assert documents.load(objects, WHOLE.verdict_key, Verdict).results == ()
    assert records.experiment("default-0001").phase is Phase.EXECUTION
