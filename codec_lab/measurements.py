"""What was measured of one candidate, among all that its experiment measured."""

from collections.abc import Iterable

from codec_lab.experiment import Evaluation, Experiment
from codec_lab.model import Sha256
from codec_lab.ports import Records
from codec_lab.verdict import ClipResult


def results_of(
    evaluations: Iterable[Evaluation], candidate_sha256: Sha256 | None
) -> tuple[ClipResult, ...]:
    """Take the measurements of one candidate; none if there is no candidate."""
    return tuple(
        evaluation.result
        for evaluation in evaluations
        if evaluation.candidate_sha256 == candidate_sha256
    )


def current_results(records: Records, experiment: Experiment) -> tuple[ClipResult, ...]:
    """Read the measurements of an experiment's candidate in force."""
    return results_of(records.evaluations(experiment.experiment_id), experiment.candidate_sha256)
