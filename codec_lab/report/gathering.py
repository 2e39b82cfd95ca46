"""A campaign's report, gathered from its records."""

from collections.abc import Mapping, Sequence

from codec_lab import documents, keys
from codec_lab.campaign import Campaign
from codec_lab.clip import ClipRole
from codec_lab.dashboard.experiment_queries import explanation
from codec_lab.dashboard.lineage import candidates, parent_of
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.experiment import Experiment
from codec_lab.measurements import current_results
from codec_lab.phase import Status
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import Clock, ObjectStore, Records
from codec_lab.report.files import Beside, downloads
from codec_lab.report.models import (
    CampaignReport,
    ClipCurves,
    Curve,
    CurvePoint,
    Measurement,
    ReportedExperiment,
)
from codec_lab.report.redaction import Redaction
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import ClipResult, RatePoint

SHOWN_LEADERS = 10
DRAWN_LEADERS = 3
"""Curves beside the anchors'; more could not be told apart."""


def gather_report(
    campaign_id: str, beside: Beside, *, records: Records, objects: ObjectStore, clock: Clock
) -> CampaignReport:
    """Gather what the public may read of a campaign.

    Hidden clips appear as a number alone. Of errors there is the kind and never the message; of
    texts that a person or a mind wrote there is what ``Redaction`` leaves.

    Parameters
    ----------
    campaign_id : str
        Which campaign.
    beside : Beside
        Where the decoders and bitstreams go.
    records, objects, clock
        Where to look.

    Raises
    ------
    UnknownRecordError
        If there is no such campaign.
    """
    campaign = records.campaign(campaign_id)
    plan = documents.load(objects, keys.plan(campaign_id), EvaluationPlan)
    hidden = [clip.name for clip in plan.clips if clip.role is ClipRole.HIDDEN]
    redaction = Redaction(hidden)
    experiments = sorted(records.experiments(campaign_id), key=lambda one: one.number)
    leaders = _leaders(experiments)
    with_files = leaders if beside.takes_all else leaders[:1]
    results = {
        one.experiment_id: _shown_results(records, one, hidden)
        for one in (leaders if beside.takes_all else leaders[:DRAWN_LEADERS])
    }
    return CampaignReport(
        campaign_id=campaign_id,
        goal=redaction(campaign.goal),
        mind=campaign.mind,
        created_at=campaign.created_at,
        written_at=clock.now(),
        model_cost_usd=float(campaign.model_cost_usd),
        champion_id=_champion_id(campaign),
        lessons=tuple(redaction(campaign.lessons).splitlines()),
        measurement=_measurement(plan),
        experiments=_reported(experiments, redaction),
        leaders=tuple(one.experiment_id for one in leaders[:SHOWN_LEADERS]),
        clips=_clip_curves(plan, leaders[:DRAWN_LEADERS], results),
        downloads=tuple(
            downloads(one, results[one.experiment_id], beside, objects=objects, redaction=redaction)
            for one in with_files
        ),
    )


def _leaders(experiments: Sequence[Experiment]) -> list[Experiment]:
    measured = [
        (one.bd_rate_percent, one.number, one)
        for one in experiments
        if one.bd_rate_percent is not None
    ]
    return [one for _, _, one in sorted(measured, key=lambda entry: entry[:2])]


def _shown_results(
    records: Records, experiment: Experiment, hidden: Sequence[str]
) -> tuple[ClipResult, ...]:
    return tuple(
        result
        for result in current_results(records, experiment)
        if result.role is ClipRole.DEVELOPMENT and result.clip not in hidden
    )


def _champion_id(campaign: Campaign) -> str | None:
    return campaign.champion.experiment_id if campaign.champion is not None else None


def _measurement(plan: EvaluationPlan) -> Measurement:
    shown = [clip for clip in plan.clips if clip.role is ClipRole.DEVELOPMENT]
    return Measurement(
        clips=tuple(clip.name for clip in shown),
        hidden_clips=len(plan.clips) - len(shown),
        qualities=tuple(sorted(plan.qualities)),
        anchors=plan.anchors,
        reference_anchor=REFERENCE_ANCHOR,
    )


def _reported(
    experiments: Sequence[Experiment], redaction: Redaction
) -> tuple[ReportedExperiment, ...]:
    rows = [ListedExperiment.of(one) for one in experiments]
    by_candidate = candidates(rows)
    by_id = {one.experiment_id: one for one in experiments}
    reported = []
    for row in rows:
        parent = parent_of(row, by_candidate)
        experiment = by_id[row.experiment_id]
        reported.append(
            _entry(experiment, by_id[parent.experiment_id] if parent else None, redaction)
        )
    return tuple(reported)


def _entry(one: Experiment, parent: Experiment | None, redaction: Redaction) -> ReportedExperiment:
    before = parent.bd_rate_percent if parent is not None else None
    gain_points = None
    if before is not None and one.bd_rate_percent is not None:
        gain_points = before - one.bd_rate_percent
    is_measured = one.analysis is not None and one.stop_reason is None
    return ReportedExperiment(
        experiment_id=one.experiment_id,
        number=one.number,
        status=one.status,
        phase=one.phase,
        at=one.updated_at,
        change=_redacted(one.change, redaction),
        hypothesis=_redacted(one.hypothesis, redaction),
        expected_bd_rate_percent=one.expected_bd_rate_percent,
        parent_id=parent.experiment_id if parent is not None else None,
        validation_attempts=one.validation_attempts,
        execution_attempts=one.execution_attempts,
        bd_rate_percent=one.bd_rate_percent,
        bd_rate_low_percent=one.bd_rate_low_percent,
        bd_rate_high_percent=one.bd_rate_high_percent,
        bitrate_bps=one.bitrate_bps,
        psnr_y_db=one.psnr_y_db,
        ssim_y=one.ssim_y,
        vmaf=one.vmaf,
        decode_cpu_s_per_frame=one.decode_cpu_s_per_frame,
        tier=one.tier,
        absence=_absence(one, redaction),
        gain_points=gain_points,
        repeats=one.repeats,
        analysis=_redacted(one.analysis, redaction) if is_measured else None,
    )


def _absence(one: Experiment, redaction: Redaction) -> str | None:
    """Say why an experiment has no BD-rate."""
    if one.bd_rate_percent is not None:
        return None
    if one.stop_reason is not None:
        return redaction(one.stop_reason)
    if one.status in {Status.NEEDS_HUMAN, Status.ABANDONED}:
        reasons = one.human_intervention_reasons
        why = explanation(reasons[-1]) if reasons else "It stopped before it was measured."
        return f"{why} It was given up." if one.status is Status.ABANDONED else why
    if one.status is Status.COMPLETED:
        return "It was not measured on every clip beside the reference."
    return "It has not been measured yet."


def _redacted(text: str | None, redaction: Redaction) -> str | None:
    return None if text is None else redaction(text)


def _clip_curves(
    plan: EvaluationPlan,
    leaders: Sequence[Experiment],
    results: Mapping[str, Sequence[ClipResult]],
) -> tuple[ClipCurves, ...]:
    clips = []
    for clip in plan.clips:
        measured = {
            one.experiment_id: result
            for one in leaders
            for result in results[one.experiment_id]
            if result.clip == clip.name and clip.role is ClipRole.DEVELOPMENT
        }
        first = next(iter(measured.values()), None)
        if first is None:
            continue
        clips.append(
            ClipCurves(
                clip=first.clip,
                width=first.width,
                height=first.height,
                frame_count=first.frame_count,
                fps=first.fps,
                curves=tuple(
                    Curve(codec=experiment_id, made_by=None, points=_points(result.points))
                    for experiment_id, result in measured.items()
                ),
                anchors=tuple(
                    Curve(
                        codec=anchor.anchor,
                        made_by=f"{anchor.library} {anchor.options}",
                        points=_points(anchor.points),
                    )
                    for anchor in first.anchors
                ),
                bd_rates=first.bd_rates,
            )
        )
    return tuple(clips)


def _points(points: Sequence[RatePoint]) -> tuple[CurvePoint, ...]:
    return tuple(
        CurvePoint(quality=point.quality, bitrate_bps=point.bitrate_bps, psnr_y_db=point.psnr_y_db)
        for point in sorted(points, key=lambda point: point.bitrate_bps)
    )
