"""A campaign as the dashboard shows it."""

from datetime import datetime
from enum import StrEnum

from codec_lab.campaign import Champion, ReachedBound
from codec_lab.model import Model
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Mind


class CampaignState(StrEnum):
    """What a campaign does at the moment."""

    RUNNING = "running"
    """Its machine runs."""

    PAUSING = "pausing"
    """A person paused it; the running experiment goes on to its end."""

    PAUSED = "paused"
    """A person paused it and nothing runs."""

    IDLE = "idle"
    """Its machine does not run: a bound is reached, or nobody started it."""


class CampaignView(Model):
    """A campaign with its settings and counts.

    Attributes
    ----------
    version : int
        Of the settings; a command carries the version it saw.
    experiment_limit, budget_usd, daily_budget_usd, wall_time_limit_s, target_bd_rate_percent
        The bounds, as in ``Control``; None is no bound.
    bounds_reached : tuple of ReachedBound
        Those at which it begins no more experiments.
    spent_usd : float
        What calls to a model and AWS cost.
    counts : dict of Status to int
        Experiments by status; together ``experiment_count``.
    best_experiment_id, best_bd_rate_percent
        The lowest BD-rate so far.
    champion : Champion or None
        The best by the hidden clips alone; None while they are too few to tell.
    reference_anchor : str
        Against which anchor BD-rates are given.
    """

    campaign_id: str
    version: int
    goal: str
    mind: Mind
    created_at: datetime
    state: CampaignState
    experiment_count: int
    experiment_limit: int
    spent_usd: float
    budget_usd: float | None
    daily_budget_usd: float | None
    wall_time_limit_s: int | None
    target_bd_rate_percent: float | None
    bounds_reached: tuple[ReachedBound, ...]
    failures_in_a_row: int
    counts: dict[Status, int]
    best_experiment_id: str | None
    best_bd_rate_percent: float | None
    champion: Champion | None
    reference_anchor: str
    execution_arn: str | None


class CampaignList(Model):
    """Every campaign, the last created first."""

    campaigns: tuple[CampaignView, ...]


class ProgressPoint(Model):
    """An experiment in the plot of progress.

    Attributes
    ----------
    at : datetime
        When it was last updated.
    spent_usd : float
        What the campaign's experiments had cost up to and with this one.
    bd_rate_percent : float or None
        Absent if it measured none.
    """

    experiment_id: str
    number: int
    at: datetime
    spent_usd: float
    status: Status
    bd_rate_percent: float | None


class ProgressView(Model):
    """How far a campaign came.

    Attributes
    ----------
    points : tuple of ProgressPoint
        By number. At most 1,000: of more, every best one and an even choice of the others.
    best : tuple of ProgressPoint
        Those that were better than all before them: the steps of the best so far.
    total : int
        Experiments, shown or not.
    """

    points: tuple[ProgressPoint, ...]
    best: tuple[ProgressPoint, ...]
    total: int
    reference_anchor: str


class LineageNode(Model):
    """A candidate in the tree of descent.

    Attributes
    ----------
    node_id : str
        The experiment's name, or the beginning of the hash of a candidate that no experiment of
        the campaign has.
    parent_id : str or None
        A node of the same answer.
    ghost : bool
        Whether it is a parent without an experiment: the seed, or a record that is missing.
    on_path : bool
        Whether it is the root of the question or one of its ancestors.
    """

    node_id: str
    parent_id: str | None
    ghost: bool
    on_path: bool
    name: str
    number: int | None
    status: Status | None
    bd_rate_percent: float | None


class LineageView(Model):
    """The nearest ancestors of an experiment and the best children of each.

    Attributes
    ----------
    root_id : str or None
        The experiment that was asked for; without one the best.
    hidden_children : int
        Children of the ancestors shown that are not among the best 200.
    hidden_ancestors : int
        Ancestors beyond the nearest 60.
    """

    root_id: str | None
    nodes: tuple[LineageNode, ...]
    hidden_children: int
    hidden_ancestors: int


class CostShare(Model):
    """A part of what was spent; ``count`` says on how many experiments, where that is known."""

    label: str
    usd: float
    count: int | None


class ModelShare(Model):
    """What the calls of a role to a model used and cost."""

    role: str
    model: str
    calls: int
    input_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    output_tokens: int
    usd: float


class ServiceShare(Model):
    """What was used of a service of AWS, by names with units, and what that cost."""

    service: str
    count: int
    amounts: dict[str, int]
    usd: float


class ExperimentCost(Model):
    """What an experiment cost; ``aws_usd`` is None where no AWS was used."""

    experiment_id: str
    name: str
    model_usd: float
    aws_usd: float | None
    usd: float


class CostView(Model):
    """What a campaign spent, from its account.

    Attributes
    ----------
    total_usd : float
        What is settled: calls to a model and AWS.
    reserved_usd : float
        The most that what is under way, or was lost, can cost besides.
    aws_usd : float or None
        The part of AWS.
    aws_reason : str or None
        Why there is none.
    by_model, by_service : tuple
        The same money by who was paid.
    by_phase, by_status : tuple of CostShare
        The same money by what for.
    by_day : tuple of CostShare
        The same money and the open reservations by day (UTC).
    dearest : tuple of ExperimentCost
        The experiments that cost most.
    usd_per_percent_saved : float or None
        The cost of a point of BD-rate below the campaign's first result.
    usd_per_experiment : float or None
        The mean over the experiments.
    experiments_left : int or None
        How many more the budget allows at that mean; None without a budget.
    """

    total_usd: float
    reserved_usd: float
    budget_usd: float | None
    model_usd: float
    aws_usd: float | None
    aws_reason: str | None
    by_model: tuple[ModelShare, ...]
    by_service: tuple[ServiceShare, ...]
    by_phase: tuple[CostShare, ...]
    by_status: tuple[CostShare, ...]
    by_day: tuple[CostShare, ...]
    dearest: tuple[ExperimentCost, ...]
    usd_per_percent_saved: float | None
    usd_per_experiment: float | None
    experiments_left: int | None


class PhaseFailures(Model):
    """How often a phase stopped an experiment.

    Attributes
    ----------
    experiments : int
        Experiments that have reached the phase.
    stopped : int
        Those that wait for a person or were given up there.
    """

    phase: Phase
    experiments: int
    stopped: int


class AlarmView(Model):
    """An alarm of the deployment.

    Attributes
    ----------
    state : str
        CloudWatch's, or ``NOT_EVALUATED`` where nothing evaluates it.
    since : datetime or None
        When it came into that state.
    """

    name: str
    description: str
    state: str
    since: datetime | None


class HealthView(Model):
    """How the lab works.

    Attributes
    ----------
    queued, running, needs_human : int
        Experiments by status.
    jobs_waiting, jobs_running : int or None
        Jobs of the bench's queue; None where it cannot be read.
    failures_in_a_row : int
        Of the campaign.
    phases : tuple of PhaseFailures
        The failure rate by phase.
    alarms : tuple of AlarmView
        Those of the deployment, throttles among them.
    """

    queued: int
    running: int
    needs_human: int
    jobs_waiting: int | None
    jobs_running: int | None
    failures_in_a_row: int
    phases: tuple[PhaseFailures, ...]
    alarms: tuple[AlarmView, ...]
    last_update_at: datetime | None
