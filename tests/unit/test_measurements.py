"""Of what an experiment measured, its candidate's part is taken: a fix makes another candidate."""

from codec_lab.experiment import Evaluation
from codec_lab.measurements import current_results, results_of
from tests.fakes import MemoryRecords
from tests.unit.builders import NOON, clip_result, experiment

OLD, NEW = "a" * 64, "b" * 64


def evaluation(clip: str, candidate_sha256: str) -> Evaluation:
    return Evaluation(
        experiment_id=experiment().experiment_id,
        run=1,
        candidate_sha256=candidate_sha256,
        bundle_sha256=OLD,
        at=NOON,
        result=clip_result(clip, {}),
    )


def test_the_results_of_another_candidate_stay_out() -> None:
    measured = [evaluation("hall", OLD), evaluation("park", NEW), evaluation("zoo", NEW)]
    assert [result.clip for result in results_of(measured, NEW)] == ["park", "zoo"]
    assert results_of(measured, None) == ()


def test_the_results_in_force_are_those_of_the_experiments_candidate() -> None:
    records = MemoryRecords()
    for one in (evaluation("hall", OLD), evaluation("park", NEW)):
        records.put_evaluation(one)
    found = current_results(records, experiment(candidate_sha256=NEW))
    assert [result.clip for result in found] == ["park"]
