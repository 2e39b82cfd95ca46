"""An experiment, its attempts and the questions it puts to a person."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from codec_lab.model import Model, Moment, Name, Sha256
from codec_lab.parameters import Values
from codec_lab.phase import Phase, Status
from codec_lab.proposal import FixTool, Mind
from codec_lab.verdict import ClipResult, Fault

Count = Annotated[int, Field(ge=0)]
OPEN_STATUSES = (Status.QUEUED, Status.RUNNING, Status.NEEDS_HUMAN)


class FixTried(Model):
    """A fix as the person who is asked sees it.

    Attributes
    ----------
    attempt : int
        The attempt whose fault it answered.
    tool : FixTool
        By which means.
    reason : str
        What it changed and why.
    bundle_sha256 : str
        The bundle it led to.
    """

    attempt: int
    tool: FixTool
    reason: str
    bundle_sha256: Sha256


class HumanReason(Model):
    """Why a person is asked, written by the state ``FlagHuman``.

    Attributes
    ----------
    phase : Phase
        Where the experiment stopped.
    reason : str
        Why the lab does not go on by itself.
    error_type, message : str
        The last error.
    attempts : int
        Attempts of that phase in this run, refused fixes among them.
    fixes : tuple of FixTried
        Every fix of that run.
    asked_at : datetime
        When.
    execution_arn : str
        The execution that stopped.
    """

    phase: Phase
    reason: str
    error_type: str
    message: str
    attempts: int
    fixes: tuple[FixTried, ...] = ()
    asked_at: Moment
    execution_arn: str


class Experiment(Model):
    """The record of one experiment.

    Attributes
    ----------
    experiment_id, campaign_id : str
        Names; ``number`` counts within the campaign from 1.
    run : int
        Executions started for it so far; the first is 1.
    status, phase : Status, Phase
        Where it stands.
    resume_from : Phase or None
        Where the current run began, if not at the design.
    hint : str or None
        What a person advised for the current run.
    proposal_key : str or None
        The proposal in force, in the object store.
    parent_proposal_key : str or None
        The one it was made from.
    parent_verdict_key : str or None
        What was measured of that one; the seed has none.
    candidate_sha256, bundle_sha256, parent_sha256 : str or None
        What runs and what it was made from.
    framework_version : int
        The version of the framework that it was last designed or deployed on.
    mind, change, hypothesis, expected_bd_rate_percent
        As proposed, before any measurement.
    source_sha256 : str or None
        Hash of what the candidate's source says, whatever its comments and formatting.
    parameters : dict or None
        The values that the candidate declares.
    needs_human : bool
        Whether a person must answer before it goes on.
    human_intervention_reasons : tuple of HumanReason
        Every time a person was asked.
    reminded_run : int
        The last run about whose question a person was reminded; 0 if none was.
    last_order : str or None
        The key of the last order that changed it, by which that order knows its own effect.
    screen_bd_rate_percent : float or None
        The screen's mean BD-rate; comparable with other screens of the campaign alone.
    stop_reason : str or None
        Why it was stopped after the screen; it has no BD-rate then.
    verdict_key : str or None
        The verdict of the last execution.
    bd_rate_percent : float or None
        Mean over the clips of the BD-rate on luma PSNR against x265; absent unless measured on
        every clip.
    bd_rate_low_percent, bd_rate_high_percent : float or None
        Its bootstrap 95 % interval over the clips; absent with fewer than three.
    bitrate_bps, psnr_y_db, ssim_y, vmaf : float or None
        Means over the development clips at the second lowest quality.
    decode_cpu_s_per_frame : float or None
        Mean over the rate points of the development clips.
    outputs_sha256 : str or None
        Hash of all its bitstreams.
    repeats : str or None
        The earlier experiment that wrote the same bitstreams; what changed had no effect.
    tier : str or None
        Which goal it reaches, on PSNR-Y and on PSNR-YUV.
    analysis : str or None
        What the measurements say; written after them.
    model_cost_usd : Decimal
        What the calls to a model cost.
    aws_cost_usd : Decimal or None
        What AWS cost, by its list prices; absent where no AWS was used.
    usd_per_point : Decimal or None
        Both by percent point of BD-rate gained over the parent; absent if none was gained.
    """

    experiment_id: Name
    campaign_id: Name
    number: Annotated[int, Field(ge=1)]
    run: Annotated[int, Field(ge=1)] = 1
    status: Status = Status.QUEUED
    phase: Phase = Phase.DESIGN
    resume_from: Phase | None = None
    hint: str | None = None
    created_at: Moment
    updated_at: Moment
    execution_arn: str | None = None
    proposal_key: str | None = None
    parent_proposal_key: str | None = None
    parent_verdict_key: str | None = None
    candidate_sha256: Sha256 | None = None
    bundle_sha256: Sha256 | None = None
    parent_sha256: Sha256 | None = None
    framework_version: Count = 0
    mind: Mind | None = None
    change: str | None = None
    hypothesis: str | None = None
    expected_bd_rate_percent: float | None = None
    source_sha256: Sha256 | None = None
    parameters: Values | None = None
    validation_attempts: Count = 0
    execution_attempts: Count = 0
    needs_human: bool = False
    human_intervention_reasons: tuple[HumanReason, ...] = ()
    reminded_run: Count = 0
    last_order: str | None = None
    screen_bd_rate_percent: float | None = None
    stop_reason: str | None = None
    verdict_key: str | None = None
    bd_rate_percent: float | None = None
    bd_rate_low_percent: float | None = None
    bd_rate_high_percent: float | None = None
    bitrate_bps: float | None = None
    psnr_y_db: float | None = None
    ssim_y: float | None = None
    vmaf: float | None = None
    decode_cpu_s_per_frame: float | None = None
    outputs_sha256: Sha256 | None = None
    repeats: Name | None = None
    tier: str | None = None
    analysis: str | None = None
    model_cost_usd: Decimal = Decimal(0)
    aws_cost_usd: Decimal | None = None
    usd_per_point: Decimal | None = None


class ExperimentChanges(Model):
    """Attributes to write; what is not given stays as it is, what is given as None is removed."""

    updated_at: Moment
    run: int | None = None
    status: Status | None = None
    phase: Phase | None = None
    resume_from: Phase | None = None
    hint: str | None = None
    proposal_key: str | None = None
    parent_proposal_key: str | None = None
    parent_verdict_key: str | None = None
    candidate_sha256: Sha256 | None = None
    bundle_sha256: Sha256 | None = None
    parent_sha256: Sha256 | None = None
    framework_version: int | None = None
    mind: Mind | None = None
    change: str | None = None
    hypothesis: str | None = None
    expected_bd_rate_percent: float | None = None
    source_sha256: Sha256 | None = None
    parameters: Values | None = None
    validation_attempts: int | None = None
    execution_attempts: int | None = None
    needs_human: bool | None = None
    reminded_run: int | None = None
    last_order: str | None = None
    screen_bd_rate_percent: float | None = None
    stop_reason: str | None = None
    verdict_key: str | None = None
    bd_rate_percent: float | None = None
    bd_rate_low_percent: float | None = None
    bd_rate_high_percent: float | None = None
    bitrate_bps: float | None = None
    psnr_y_db: float | None = None
    ssim_y: float | None = None
    vmaf: float | None = None
    decode_cpu_s_per_frame: float | None = None
    outputs_sha256: Sha256 | None = None
    repeats: Name | None = None
    tier: str | None = None
    analysis: str | None = None
    usd_per_point: Decimal | None = None


UNMEASURED: Mapping[str, None] = MappingProxyType(
    dict.fromkeys(
        (
            "verdict_key",
            "bd_rate_percent",
            "bd_rate_low_percent",
            "bd_rate_high_percent",
            "bitrate_bps",
            "psnr_y_db",
            "ssim_y",
            "vmaf",
            "decode_cpu_s_per_frame",
            "outputs_sha256",
            "repeats",
            "tier",
            "analysis",
            "usd_per_point",
        )
    )
)
"""Changes that take away what a full measurement gave."""

UNTRIED = MappingProxyType({**UNMEASURED, "screen_bd_rate_percent": None, "stop_reason": None})
"""Changes that take away all that was measured: another candidate has not earned it."""


class Attempt(Model):
    """One attempt of a phase, and the fix that followed it.

    Attributes
    ----------
    passed : bool
        Whether the phase held.
    fault : Fault or None
        Why not.
    fix_tool, fix_reason, fix_diff
        The fix that a failed attempt led to, with a unified diff of the source.
    fix_outcome : str or None
        What became of it, where that is not the next attempt's outcome: of a change of the
        framework.
    rejected_fixes : tuple of str
        Why earlier answers to this fault were no fixes; each was an attempt too.
    """

    experiment_id: Name
    run: int
    phase: Phase
    attempt: int
    at: Moment
    passed: bool
    candidate_sha256: Sha256 | None = None
    bundle_sha256: Sha256 | None = None
    fault: Fault | None = None
    fix_tool: FixTool | None = None
    fix_reason: str | None = None
    fix_diff: str | None = None
    fix_outcome: str | None = None
    rejected_fixes: tuple[str, ...] = ()


class Evaluation(Model):
    """What an experiment measured on one clip, with the hash of what was measured."""

    experiment_id: Name
    run: int
    candidate_sha256: Sha256
    bundle_sha256: Sha256
    at: Moment
    result: ClipResult
