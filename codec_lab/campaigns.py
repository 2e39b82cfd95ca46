"""What a person does with a campaign: open, pause, resume; answer or abandon an experiment."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from codec_lab import documents, keys
from codec_lab.campaign import (
    DEFAULT_CAMPAIGN,
    HARD_LIMITS,
    Campaign,
    CampaignName,
    Control,
    ControlChanges,
)
from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError
from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.limits import Limits
from codec_lab.model import Model, Name
from codec_lab.phase import Phase, Status
from codec_lab.plan import DEFAULT_ANCHORS, DEFAULT_QUALITIES, EvaluationPlan, Quality
from codec_lab.ports import Clock, Executions, ObjectStore, Records
from codec_lab.proposal import Mind, Proposal


class CampaignOrder(Model):
    """What a researcher orders.

    Attributes
    ----------
    campaign_id, goal, mind, random_seed, limits, hard_limits
        As in ``Campaign``.
    seed_source : str
        The codec from which the first design starts.
    qualities, anchors
        As in ``EvaluationPlan``.
    experiments : int
        How many more experiments the campaign may begin, an interrupted one included.
    """

    campaign_id: CampaignName = DEFAULT_CAMPAIGN
    goal: str
    mind: Mind
    random_seed: int = 0
    seed_source: str
    qualities: tuple[Quality, ...] = DEFAULT_QUALITIES
    anchors: tuple[Name, ...] = DEFAULT_ANCHORS
    limits: Limits = Limits()
    hard_limits: Limits = HARD_LIMITS
    experiments: Annotated[int, Field(ge=0)]


def open_campaign(
    order: CampaignOrder,
    clips: Sequence[tuple[SourceClip, bytes]],
    *,
    records: Records,
    objects: ObjectStore,
    clock: Clock,
) -> Campaign:
    """Create a campaign, or continue the one of that name, and grant it more experiments.

    Parameters
    ----------
    order : CampaignOrder
        What is wanted.
    clips : sequence of (SourceClip, bytes)
        The clips with their files.

    Raises
    ------
    ConfigurationError
        If there is a campaign of that name that measures otherwise: its results would not
        compare.
    """
    plan = EvaluationPlan(
        clips=tuple(clip for clip, _ in clips), qualities=order.qualities, anchors=order.anchors
    )
    seed = Proposal(
        candidate=Candidate(files={ENTRY_FILE: order.seed_source}),
        limits=order.limits,
        mind=order.mind,
        parent_sha256=None,
        change="The seed.",
        hypothesis="",
    )
    plan_key, seed_key = keys.plan(order.campaign_id), keys.seed(order.campaign_id)
    if objects.exists(plan_key):
        _refuse_differences(order.campaign_id, objects, plan, seed)
    for clip, data in clips:
        if not objects.exists(clip.key):
            objects.put(clip.key, data)
    documents.save(objects, plan_key, plan)
    documents.save(objects, seed_key, seed)
    campaign = Campaign(
        campaign_id=order.campaign_id,
        goal=order.goal,
        mind=order.mind,
        random_seed=order.random_seed,
        limits=order.limits,
        hard_limits=order.hard_limits,
        created_at=clock.now(),
    )
    if records.create_campaign(campaign, Control(experiment_limit=order.experiments)):
        return campaign
    campaign = records.campaign(order.campaign_id)
    unfinished = sum(
        len(records.open_experiments(order.campaign_id, status))
        for status in (Status.QUEUED, Status.RUNNING)
    )
    limit = campaign.experiment_count - unfinished + order.experiments
    records.update_control(order.campaign_id, ControlChanges(experiment_limit=limit))
    return campaign


def _refuse_differences(
    campaign_id: str, objects: ObjectStore, plan: EvaluationPlan, seed: Proposal
) -> None:
    stored_plan = documents.load(objects, keys.plan(campaign_id), EvaluationPlan)
    stored_seed = documents.load(objects, keys.seed(campaign_id), Proposal)
    differing = [
        name
        for name, stored, asked in (
            ("clips", stored_plan.clips, plan.clips),
            ("qualities", stored_plan.qualities, plan.qualities),
            ("anchors", stored_plan.anchors, plan.anchors),
            ("seed", stored_seed.candidate, seed.candidate),
        )
        if stored != asked
    ]
    if differing:
        raise ConfigurationError(
            f"Campaign {campaign_id!r} exists with other {' and '.join(differing)}; "
            "continue it with the same, or name another campaign."
        )


def set_paused(records: Records, campaign_id: str, *, paused: bool) -> None:
    """Pause a campaign before its next experiment, or let it go on."""
    records.update_control(campaign_id, ControlChanges(paused=paused))


class Answer(Model):
    """A person's answer to an experiment's question.

    Attributes
    ----------
    hint : str or None
        Advice for the mind; without it the phase is simply tried again.
    phase : Phase or None
        Where to start again; None is where the experiment stopped.
    """

    experiment_id: Name
    hint: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    phase: Phase | None = None


def answer(reply: Answer, *, records: Records, executions: Executions, clock: Clock) -> Experiment:
    """Start an experiment again that waits for a person.

    Raises
    ------
    ConfigurationError
        If it waits for nobody, or somebody else has answered.
    """
    experiment_id = reply.experiment_id
    experiment = records.experiment(experiment_id)
    if experiment.status is not Status.NEEDS_HUMAN:
        raise ConfigurationError(f"{experiment_id} waits for no answer: it is {experiment.status}.")
    changes = ExperimentChanges(
        updated_at=clock.now(),
        status=Status.QUEUED,
        needs_human=False,
        resume_from=reply.phase or experiment.phase,
        hint=reply.hint,
    )
    if not records.reopen_experiment(experiment_id, run=experiment.run, changes=changes):
        raise ConfigurationError(f"{experiment_id} has just been answered by somebody else.")
    reopened = records.experiment(experiment_id)
    executions.start(reopened)
    return reopened


def abandon(records: Records, experiment_id: str, *, clock: Clock) -> None:
    """Give an experiment up that waits for a person.

    Raises
    ------
    ConfigurationError
        If it does not.
    """
    experiment = records.experiment(experiment_id)
    if experiment.status is not Status.NEEDS_HUMAN:
        raise ConfigurationError(f"{experiment_id} waits for nobody: it is {experiment.status}.")
    records.update_experiment(
        experiment_id,
        ExperimentChanges(updated_at=clock.now(), status=Status.ABANDONED, needs_human=False),
    )
