"""The phase ``Analyze``: what the measurements say, written after them."""

from collections.abc import Callable, Sequence
from statistics import fmean

from codec_lab import documents, keys
from codec_lab.archive import Archive, with_own
from codec_lab.bootstrap import MIN_CLIPS, Interval, mean_interval
from codec_lab.campaign import CampaignChanges
from codec_lab.clip import ClipRole
from codec_lab.errors import (
    BudgetExceededError,
    CodecLabError,
    ConfigurationError,
    DesignRejectedError,
)
from codec_lab.events import AnalyzeResult, PhaseRequest
from codec_lab.experiment import UNMEASURED, Experiment, ExperimentChanges
from codec_lab.framework_in_force import framework_of
from codec_lab.lessons import MAX_CHARACTERS, lessons
from codec_lab.measurements import current_results
from codec_lab.minds import Analysis, AnalysisTask
from codec_lab.novelty import outputs_sha256
from codec_lab.operating_point import operating_point
from codec_lab.phase import Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import Analyst, Clock, ObjectStore, Records
from codec_lab.proposal import Mind
from codec_lab.tiers import REFERENCE_ANCHOR, tier_of, withheld_tier
from codec_lab.verdict import BdRate, ClipResult, Metric

_OTHER_METRICS = {
    Metric.PSNR_YUV: "PSNR-YUV",
    Metric.SSIM_Y: "SSIM",
    Metric.XPSNR_Y: "XPSNR",
    Metric.VMAF: "VMAF",
    Metric.VMAF_NEG: "VMAF-NEG",
}


def rules_alone(_: Mind) -> Analyst | None:
    """Give no analyst: the rules say what was measured."""
    return None


def analyze(
    request: PhaseRequest,
    *,
    records: Records,
    objects: ObjectStore,
    clock: Clock,
    analyst_of: Callable[[Mind], Analyst | None] = rules_alone,
) -> AnalyzeResult:
    """Sum up what an experiment measured on the development clips.

    Hidden clips stay out: what is written here reaches the next design. The measurement is
    recorded before a mind explains it; an explanation that fails costs nothing of it. A run is
    explained once: a function that is retried gives the explanation again that it was given.

    Raises
    ------
    ConfigurationError
        If the experiment measured nothing.
    """
    experiment = records.experiment(request.experiment_id)
    if experiment.stop_reason is not None:
        return _stopped(experiment, experiment.stop_reason, records, clock, analyst_of)
    plan = documents.load(objects, keys.plan(experiment.campaign_id), EvaluationPlan)
    measured = current_results(records, experiment)
    results = [result for result in measured if result.role is ClipRole.DEVELOPMENT]
    if not results:
        raise ConfigurationError(f"{experiment.experiment_id} measured nothing to analyze.")
    bd_rate_percent = mean_bd_rate(results, REFERENCE_ANCHOR)
    interval = bd_rate_interval(results, REFERENCE_ANCHOR)
    yuv_percent = mean_bd_rate(results, REFERENCE_ANCHOR, Metric.PSNR_YUV)
    tier = tier_of(bd_rate_percent, yuv_percent)
    shown_point = operating_point(results)
    outputs = outputs_sha256(measured)
    known = records.experiments(experiment.campaign_id)
    repeated = Archive(known).repeated_by(outputs, experiment.number)
    analysis = _in_words(results, plan.anchors)
    if withheld := withheld_tier(bd_rate_percent, yuv_percent):
        analysis += f" {withheld}"
    if repeated is not None:
        analysis += (
            f" Every bitstream equals that of {repeated.experiment_id}: the change has no effect, "
            "and the result counts once."
        )
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            phase=Phase.DESIGN_NEXT,
            bd_rate_percent=bd_rate_percent,
            bd_rate_low_percent=interval.low,
            bd_rate_high_percent=interval.high,
            bitrate_bps=shown_point.bitrate_bps,
            psnr_y_db=shown_point.psnr_y_db,
            ssim_y=shown_point.ssim_y,
            vmaf=shown_point.vmaf,
            decode_cpu_s_per_frame=_cpu_s_per_frame(results, "decode"),
            outputs_sha256=outputs,
            repeats=repeated.experiment_id if repeated else None,
            tier=tier,
            analysis=analysis,
        ),
    )
    effects = lessons(with_own(known, records.experiment(experiment.experiment_id)))
    campaign = records.campaign(experiment.campaign_id)
    analyst = analyst_of(campaign.mind)
    learnt = effects
    if analyst is not None:
        parents = (one for one in known if one.candidate_sha256 == experiment.parent_sha256)
        parent = next(parents, None)
        task = AnalysisTask(
            goal=campaign.goal,
            experiment_id=experiment.experiment_id,
            change=experiment.change or "",
            hypothesis=experiment.hypothesis or "",
            expected_bd_rate_percent=experiment.expected_bd_rate_percent,
            facts=analysis,
            results=tuple(results),
            parent=parent.analysis or "" if parent else "",
            effects=effects,
            lessons=campaign.lessons,
            framework=framework_of(campaign, objects),
        )
        key = keys.analysis(experiment.experiment_id, request.run)
        if objects.exists(key):
            found = documents.load(objects, key, Analysis)
        else:
            found = _explained(analyst, task, experiment, records)
            documents.save(objects, key, found)
        analysis = f"{analysis}\n\n{found.analysis}"
        # An empty notebook replaces none; where there is none yet, the measured effects begin it.
        learnt = found.lessons[:MAX_CHARACTERS].strip() or campaign.lessons or effects
        records.update_experiment(
            experiment.experiment_id, ExperimentChanges(updated_at=clock.now(), analysis=analysis)
        )
    records.update_campaign(experiment.campaign_id, CampaignChanges(lessons=learnt))
    return AnalyzeResult(bd_rate_percent=bd_rate_percent, tier=tier, analysis=analysis)


def _explained(
    analyst: Analyst, task: AnalysisTask, experiment: Experiment, records: Records
) -> Analysis:
    """Give a mind's explanation and lessons, or why there are none; record what it cost."""
    try:
        found = analyst.analyze(task)
    except (BudgetExceededError, DesignRejectedError) as error:
        found = Analysis(
            analysis=f"There is no explanation: {error}",
            lessons="",
            model_cost_usd=error.model_cost_usd,
        )
    except CodecLabError as error:
        records.add_model_cost(experiment, error.model_cost_usd)
        raise
    records.add_model_cost(experiment, found.model_cost_usd)
    return found


def _stopped(
    experiment: Experiment,
    stop_reason: str,
    records: Records,
    clock: Clock,
    analyst_of: Callable[[Mind], Analyst | None],
) -> AnalyzeResult:
    """Sum up an experiment that the screen has ended: without a BD-rate or a tier.

    The rules' notebook learns from it at once; an analyst is told at the next full measurement.
    """
    ended = ExperimentChanges(updated_at=clock.now(), phase=Phase.DESIGN_NEXT)
    records.update_experiment(
        experiment.experiment_id,
        ended.model_copy(update={**UNMEASURED, "analysis": stop_reason}),
    )
    campaign = records.campaign(experiment.campaign_id)
    if analyst_of(campaign.mind) is None:
        stopped = records.experiment(experiment.experiment_id)
        learnt = lessons(with_own(records.experiments(experiment.campaign_id), stopped))
        records.update_campaign(experiment.campaign_id, CampaignChanges(lessons=learnt))
    return AnalyzeResult(bd_rate_percent=None, tier=None, analysis=stop_reason)


def bd_rate_of(result: ClipResult, anchor: str, metric: Metric = Metric.PSNR_Y) -> BdRate | None:
    """Find a clip's BD-rate against an anchor."""
    return next(
        (rate for rate in result.bd_rates if rate.anchor == anchor and rate.metric is metric), None
    )


def mean_bd_rate(
    results: Sequence[ClipResult], anchor: str, metric: Metric = Metric.PSNR_Y
) -> float | None:
    """Average the BD-rate over clips.

    Returns
    -------
    float or None
        In percent; None unless it is known on every clip, for a mean over some of them would be
        a choice of clips.
    """
    percents = _percents(results, anchor, metric)
    known = [percent for percent in percents if percent is not None]
    return fmean(known) if known and len(known) == len(percents) else None


def bd_rate_interval(
    results: Sequence[ClipResult], anchor: str, metric: Metric = Metric.PSNR_Y
) -> Interval:
    """Give the bootstrap 95 % interval over clips of the mean BD-rate, in percent."""
    return mean_interval(_percents(results, anchor, metric))


def _percents(results: Sequence[ClipResult], anchor: str, metric: Metric) -> list[float | None]:
    rates = (bd_rate_of(result, anchor, metric) for result in results)
    return [None if rate is None else rate.percent for rate in rates]


def _in_words(results: Sequence[ClipResult], anchors: Sequence[str]) -> str:
    sentences = []
    for anchor in anchors:
        mean = mean_bd_rate(results, anchor)
        of_clips = ", ".join(f"{r.clip} {_percent(bd_rate_of(r, anchor))}" for r in results)
        overall = "no mean"
        if mean is not None:
            overall = f"{mean:+.1f} %{_in_brackets(bd_rate_interval(results, anchor))} in the mean"
        sentences.append(f"BD-rate on luma PSNR against {anchor}: {overall} ({of_clips}).")
    sentences += _on_other_metrics(results)
    if len(results) >= MIN_CLIPS:
        sentences.append("Brackets hold the bootstrap 95 % interval over clips.")
    else:
        sentences.append(f"There are fewer than {MIN_CLIPS} clips: no interval over clips.")
    for direction in ("encode", "decode"):
        seconds = _cpu_s_per_frame(results, direction)
        if seconds is not None:
            sentences.append(f"It takes {1000 * seconds:.0f} ms of CPU a frame to {direction}.")
    return " ".join(sentences)


def _on_other_metrics(results: Sequence[ClipResult]) -> list[str]:
    """Tell the means against the reference on the metrics where they are known."""
    means = {metric: mean_bd_rate(results, REFERENCE_ANCHOR, metric) for metric in _OTHER_METRICS}
    known = [
        f"{_OTHER_METRICS[metric]} {mean:+.1f} %"
        for metric, mean in means.items()
        if mean is not None
    ]
    return [f"On other metrics against {REFERENCE_ANCHOR}: {', '.join(known)}."] if known else []


def _in_brackets(interval: Interval) -> str:
    return "" if interval.reason is not None else f" [{interval.low:+.1f}, {interval.high:+.1f}]"


def _percent(rate: BdRate | None) -> str:
    if rate is None:
        return "not measured"
    return f"not available: {rate.reason}" if rate.percent is None else f"{rate.percent:+.1f} %"


def _cpu_s_per_frame(results: Sequence[ClipResult], direction: str) -> float | None:
    spent = [
        (getattr(point, f"{direction}_cpu_s"), result.frame_count)
        for result in results
        for point in result.points
    ]
    if any(cpu_s is None for cpu_s, _ in spent):
        return None
    return float(sum(cpu_s for cpu_s, _ in spent) / sum(frames for _, frames in spent))
