"""The champion of a campaign: better beyond chance on clips that no mind has seen."""

from collections.abc import Iterable

from codec_lab.analyzing import bd_rate_of
from codec_lab.bootstrap import mean_interval, paired_interval
from codec_lab.campaign import Champion
from codec_lab.clip import ClipRole
from codec_lab.experiment import Evaluation, Experiment
from codec_lab.model import Sha256
from codec_lab.tiers import REFERENCE_ANCHOR


def crown(
    experiment: Experiment,
    measured: Iterable[Evaluation],
    incumbent: Champion | None,
    measured_before: Iterable[Evaluation],
) -> Champion | None:
    """Decide whether an experiment's candidate becomes the champion.

    Parameters
    ----------
    experiment : Experiment
        The challenger.
    measured : iterable of Evaluation
        Its measurements.
    incumbent : Champion or None
        The champion so far.
    measured_before : iterable of Evaluation
        The champion's measurements.

    Returns
    -------
    Champion or None
        The new champion; None if nothing changes, or the hidden clips are too few to tell.
    """
    sha256 = experiment.candidate_sha256
    if sha256 is None or (incumbent is not None and incumbent.candidate_sha256 == sha256):
        return None
    challenger = _hidden(measured, sha256)
    if incumbent is None:
        alone = mean_interval(list(challenger.values()))
        if alone.low is None or alone.high is None:
            return None
        reason = f"The first on the hidden clips: [{alone.low:+.1f}, {alone.high:+.1f}] %."
    else:
        paired = paired_interval(challenger, _hidden(measured_before, incumbent.candidate_sha256))
        if paired.low is None or paired.high is None or paired.high >= 0:
            return None
        reason = (
            f"Needs [{paired.low:+.1f}, {paired.high:+.1f}] % of the rate of "
            f"{incumbent.experiment_id} more on the hidden clips."
        )
    return Champion(experiment_id=experiment.experiment_id, candidate_sha256=sha256, reason=reason)


def _hidden(measured: Iterable[Evaluation], candidate_sha256: Sha256) -> dict[str, float | None]:
    rates = {
        evaluation.result.clip: bd_rate_of(evaluation.result, REFERENCE_ANCHOR)
        for evaluation in measured
        if evaluation.result.role is ClipRole.HIDDEN
        and evaluation.candidate_sha256 == candidate_sha256
    }
    return {clip: None if rate is None else rate.percent for clip, rate in rates.items()}
