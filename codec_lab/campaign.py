"""A campaign: one goal, pursued experiment after experiment."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from codec_lab.limits import GIB, Limits
from codec_lab.model import Model, Moment, Name, Sha256
from codec_lab.proposal import Mind

DEFAULT_CAMPAIGN = "default"

CampaignName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
"""Part of the names of executions (80 characters at most) and of Batch jobs (no dots)."""

Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]
"""What a person may set as a budget."""

HARD_LIMITS = Limits(cpu_s=1200, wall_s=4800, memory_bytes=3 * GIB)
"""The most that fixes may raise the limits to; the worker's container has 7 GiB for two of them."""


class NextDesign(Model):
    """What the last experiment suggests for the next one."""

    parent_sha256: Sha256
    parent_proposal_key: str
    parent_verdict_key: str | None = None
    reason: str


class Champion(Model):
    """The best candidate, by the hidden clips alone.

    Attributes
    ----------
    experiment_id, candidate_sha256
        Who.
    reason : str
        What decided; for people, never for a mind.
    """

    experiment_id: Name
    candidate_sha256: Sha256
    reason: str


class Campaign(Model):
    """What a researcher asked for and how far it came.

    Attributes
    ----------
    campaign_id : str
        Its name.
    goal : str
        In the researcher's words.
    mind : Mind
        Who designs and repairs.
    random_seed : int
        Seeds every draw of the offline search.
    limits, hard_limits : Limits
        What a candidate may use at first, and at most after fixes.
    experiment_count : int
        Experiments begun.
    failures_in_a_row : int
        Experiments that failed since the last success or long pause.
    counted_run : str or None
        The last run whose outcome was counted among them, ``<experiment>/<run>``.
    next_design : NextDesign or None
        Where the next design starts.
    champion : Champion or None
        The best so far; None while the hidden clips are too few to tell.
    lessons : str
        What was learnt from measurements, kept short; rewritten after each.
    framework_version, framework_key
        The version of the framework in force, and its overlay in the object store; the lab as
        deployed is version 0 and has none.
    model_cost_usd : Decimal
        What the calls to a model cost so far.
    """

    campaign_id: CampaignName
    goal: str
    mind: Mind
    random_seed: int = 0
    limits: Limits
    hard_limits: Limits
    created_at: Moment
    experiment_count: Annotated[int, Field(ge=0)] = 0
    failures_in_a_row: Annotated[int, Field(ge=0)] = 0
    counted_run: str | None = None
    next_design: NextDesign | None = None
    champion: Champion | None = None
    lessons: str = ""
    framework_version: Annotated[int, Field(ge=0)] = 0
    framework_key: str | None = None
    model_cost_usd: Decimal = Decimal(0)


class CampaignChanges(Model):
    """Attributes of a campaign to write; those that are not given stay as they are."""

    experiment_count: int | None = None
    failures_in_a_row: int | None = None
    counted_run: str | None = None
    next_design: NextDesign | None = None
    champion: Champion | None = None
    lessons: str | None = None


class Bounds(Model):
    """Where a person ends a campaign, but for its number of experiments; as in ``Control``."""

    budget_usd: Dollars | None = None
    daily_budget_usd: Dollars | None = None
    wall_time_limit_s: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    target_bd_rate_percent: (
        Annotated[float, Field(ge=-100, le=1_000_000, allow_inf_nan=False)] | None
    ) = None


class Control(Model):
    """What a person set and the campaign's machine reads before each experiment.

    Attributes
    ----------
    paused : bool
        No further experiment starts; a running one goes on.
    experiment_limit : int
        Experiments the campaign may begin in all.
    budget_usd, daily_budget_usd : Decimal or None
        What it may spend in all, and in a day (UTC).
    wall_time_limit_s : int or None
        How long after its creation it may begin experiments.
    target_bd_rate_percent : float or None
        The BD-rate at which it has reached its goal.
    version : int
        Counts the changes.
    last_order : str or None
        The key of the last order that changed them, by which it knows its own effect.
    """

    paused: bool = False
    experiment_limit: Annotated[int, Field(ge=0)]
    budget_usd: Annotated[Decimal, Field(ge=0)] | None = None
    daily_budget_usd: Annotated[Decimal, Field(ge=0)] | None = None
    wall_time_limit_s: Annotated[int, Field(ge=0)] | None = None
    target_bd_rate_percent: float | None = None
    version: Annotated[int, Field(ge=0)] = 0
    last_order: str | None = None


class Bound(StrEnum):
    """A setting of a control at which the campaign begins no more experiments."""

    EXPERIMENT_LIMIT = "experiment_limit"
    BUDGET_USD = "budget_usd"
    DAILY_BUDGET_USD = "daily_budget_usd"
    WALL_TIME_LIMIT_S = "wall_time_limit_s"
    TARGET_BD_RATE_PERCENT = "target_bd_rate_percent"


class ReachedBound(Model):
    """A bound that the campaign has reached, and that in a sentence."""

    bound: Bound
    reason: str


class ControlChanges(Model):
    """Settings of a control to write; those that are not given stay as they are."""

    paused: bool | None = None
    experiment_limit: int | None = None
    budget_usd: Decimal | None = None
    daily_budget_usd: Decimal | None = None
    wall_time_limit_s: int | None = None
    target_bd_rate_percent: float | None = None
    last_order: str | None = None
