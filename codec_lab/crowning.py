"""The champion of a campaign: better on clips that no mind has seen."""

from collections.abc import Iterable

from codec_lab.analyzing import bd_rate_of, mean_bd_rate
from codec_lab.bootstrap import mean_interval, paired_interval
from codec_lab.campaign import Champion
from codec_lab.clip import ClipRole
from codec_lab.experiment import Evaluation, Experiment
from codec_lab.measurements import results_of
from codec_lab.model import Sha256
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import ClipResult, Metric


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
        The new champion; None if nothing changes, or the hidden clips are too few to tell. The
        first is the one to beat; it only must not trade chroma for luma.
    """
    sha256 = experiment.candidate_sha256
    if sha256 is None or (incumbent is not None and incumbent.candidate_sha256 == sha256):
        return None
    challenger = _hidden(measured, sha256)
    luma = _percents(challenger, Metric.PSNR_Y)
    yuv = mean_bd_rate(challenger, REFERENCE_ANCHOR, Metric.PSNR_YUV)
    if incumbent is None:
        alone = mean_interval(list(luma.values()))
        mean = mean_bd_rate(challenger, REFERENCE_ANCHOR)
        if alone.low is None or alone.high is None or mean is None or yuv is None:
            return None
        if (mean < 0) != (yuv < 0):
            return None
        reason = (
            "The first on the hidden clips, and the one to beat: BD-rate against "
            f"{REFERENCE_ANCHOR} {mean:+.1f} % [{alone.low:+.1f}, {alone.high:+.1f}]."
        )
    else:
        before = _hidden(measured_before, incumbent.candidate_sha256)
        paired = paired_interval(luma, _percents(before, Metric.PSNR_Y))
        if paired.low is None or paired.high is None or paired.high >= 0:
            return None
        yuv_before = mean_bd_rate(before, REFERENCE_ANCHOR, Metric.PSNR_YUV)
        if yuv is None or yuv_before is None or yuv > yuv_before:
            return None
        reason = (
            f"[{paired.low:+.1f}, {paired.high:+.1f}] points of BD-rate against "
            f"{REFERENCE_ANCHOR} from {incumbent.experiment_id} on the hidden clips, on PSNR-YUV "
            f"{yuv - yuv_before:+.1f} in the mean."
        )
    return Champion(experiment_id=experiment.experiment_id, candidate_sha256=sha256, reason=reason)


def _hidden(measured: Iterable[Evaluation], candidate_sha256: Sha256) -> list[ClipResult]:
    of_clip = {
        result.clip: result
        for result in results_of(measured, candidate_sha256)
        if result.role is ClipRole.HIDDEN
    }
    return list(of_clip.values())


def _percents(results: Iterable[ClipResult], metric: Metric) -> dict[str, float | None]:
    rates = {result.clip: bd_rate_of(result, REFERENCE_ANCHOR, metric) for result in results}
    return {clip: None if rate is None else rate.percent for clip, rate in rates.items()}
