"""An experiment as the dashboard shows it."""

from datetime import datetime
from enum import StrEnum

from codec_lab.clip import ClipRole
from codec_lab.experiment import Attempt, HumanReason
from codec_lab.model import Model
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Mind
from codec_lab.verdict import ClipResult, Metric


class ExperimentRow(Model):
    """An experiment in the table.

    Attributes
    ----------
    name : str
        What it changed, in a line.
    version : int
        The run; a command carries the version it saw.
    attempts : int
        Of the phase where it stands, out of five.
    bd_rate_percent, bd_rate_low_percent, bd_rate_high_percent : float or None
        Mean BD-rate over the development clips and its 95 % interval.
    bitrate_bps, psnr_y_db, ssim_y, vmaf : float or None
        Means over the development clips at the second lowest quality.
    stop_reason : str or None
        Why the screen ended it; it has no BD-rate then.
    """

    experiment_id: str
    number: int
    version: int
    name: str
    status: Status
    phase: Phase
    needs_human: bool
    attempts: int
    bd_rate_percent: float | None
    bd_rate_low_percent: float | None
    bd_rate_high_percent: float | None
    bitrate_bps: float | None
    psnr_y_db: float | None
    ssim_y: float | None
    vmaf: float | None
    tier: str | None
    stop_reason: str | None
    cost_usd: float
    updated_at: datetime


class ExperimentPage(Model):
    """A page of the table.

    Attributes
    ----------
    total : int
        Experiments that match, on all pages.
    next_cursor : str or None
        Asks for the next page.
    needs_human : int
        Experiments of the campaign that wait for a person, whether they match or not.
    """

    items: tuple[ExperimentRow, ...]
    total: int
    next_cursor: str | None
    needs_human: int
    reference_anchor: str


class SortOrder(StrEnum):
    """An order of the table; a minus turns it round. What is missing comes last."""

    UPDATED = "updated_at"
    UPDATED_DOWN = "-updated_at"
    NUMBER = "number"
    NUMBER_DOWN = "-number"
    BD_RATE = "bd_rate_percent"
    BD_RATE_DOWN = "-bd_rate_percent"
    COST = "cost_usd"
    COST_DOWN = "-cost_usd"


class ExperimentDetail(Model):
    """An experiment in full.

    Attributes
    ----------
    summary : ExperimentRow
        Its row of the table.
    parent_id : str or None
        The experiment it was made from; None for the seed or an unknown one.
    question : HumanReason or None
        What a person is asked now.
    explanation : str or None
        The same in plain words.
    reasons : tuple of HumanReason
        Every time a person was asked, the last one included.
    decode_cpu_s_per_frame : float or None
        Mean over the rate points of the development clips.
    framework_version : int
        The version of the framework that it was last designed or deployed on.
    execution_url : str or None
        The execution in the console of Step Functions.
    """

    summary: ExperimentRow
    campaign_id: str
    created_at: datetime
    resume_from: Phase | None
    hint: str | None
    mind: Mind | None
    change: str | None
    hypothesis: str | None
    expected_bd_rate_percent: float | None
    analysis: str | None
    decode_cpu_s_per_frame: float | None
    candidate_sha256: str | None
    bundle_sha256: str | None
    parent_sha256: str | None
    parent_id: str | None
    framework_version: int
    validation_attempts: int
    execution_attempts: int
    max_attempts: int
    question: HumanReason | None
    explanation: str | None
    reasons: tuple[HumanReason, ...]
    execution_arn: str | None
    execution_url: str | None


class AttemptList(Model):
    """Every attempt with its fault, and the fix that followed with its diff."""

    attempts: tuple[Attempt, ...]


class MeanBdRate(Model):
    """The mean BD-rate over the clips of a role; absent unless each of them has one.

    Attributes
    ----------
    low_percent, high_percent : float or None
        Its bootstrap 95 % interval over the clips.
    interval_reason : str or None
        Why that is absent.
    """

    anchor: str
    metric: Metric
    role: ClipRole
    percent: float | None
    low_percent: float | None
    high_percent: float | None
    interval_reason: str | None


class ResultsView(Model):
    """What an experiment measured, clip by clip, beside the anchors.

    Attributes
    ----------
    results : tuple of ClipResult
        ``role`` marks the hidden clips, which no mind sees.
    """

    candidate_sha256: str | None
    reference_anchor: str
    results: tuple[ClipResult, ...]
    means: tuple[MeanBdRate, ...]


class HumanRequest(Model):
    """An experiment that waits for a person."""

    experiment_id: str
    campaign_id: str
    version: int
    name: str
    phase: Phase
    reason: str
    attempts: int
    asked_at: datetime


class HumanRequests(Model):
    """The experiments that wait for a person, the longest waiting first.

    Attributes
    ----------
    total : int
        How many wait; of a campaign where very many do, the first alone are listed.
    """

    total: int
    items: tuple[HumanRequest, ...]
