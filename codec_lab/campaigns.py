"""What a person does with a campaign: open, pause, resume; answer or abandon an experiment."""

import secrets
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from codec_lab import documents, keys
from codec_lab.campaign import (
    DEFAULT_CAMPAIGN,
    HARD_LIMITS,
    Bounds,
    Campaign,
    CampaignName,
    Control,
    ControlChanges,
)
from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError, ConflictError
from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.limits import Limits
from codec_lab.model import Model, Name, refusal
from codec_lab.phase import Phase, Status
from codec_lab.plan import DEFAULT_ANCHORS, DEFAULT_QUALITIES, EvaluationPlan, Quality, Screen
from codec_lab.ports import CampaignRuns, Clock, Executions, ObjectStore, Records
from codec_lab.proposal import Mind, Proposal
from codec_lab.resuming import queue_again, resume_point


class CampaignOrder(Model):
    """What a researcher orders.

    Attributes
    ----------
    campaign_id, goal, mind, random_seed, limits, hard_limits
        As in ``Campaign``.
    seed_source : str
        The codec from which the first design starts.
    qualities, anchors, screen
        As in ``EvaluationPlan``.
    experiments : int
        How many more experiments the campaign may begin, an interrupted one included.
    bounds : Bounds
        Where else it stops; what is not given is not bounded, or stays as it is.
    """

    campaign_id: CampaignName = DEFAULT_CAMPAIGN
    goal: str
    mind: Mind
    random_seed: int = 0
    seed_source: str
    qualities: tuple[Quality, ...] = DEFAULT_QUALITIES
    anchors: tuple[Name, ...] = DEFAULT_ANCHORS
    screen: Screen | None = Screen()
    limits: Limits = Limits()
    hard_limits: Limits = HARD_LIMITS
    experiments: Annotated[int, Field(ge=0)]
    bounds: Bounds = Bounds()


def open_campaign(
    order: CampaignOrder,
    clips: Sequence[tuple[SourceClip, bytes]],
    *,
    records: Records,
    objects: ObjectStore,
    clock: Clock,
) -> Campaign:
    """Create a campaign, or continue the one of that name, with more experiments and new bounds.

    One that is continued keeps its plan, its screen included, and its seed.

    Parameters
    ----------
    order : CampaignOrder
        What is wanted.
    clips : sequence of (SourceClip, bytes)
        The clips with their files.

    Raises
    ------
    ConfigurationError
        If what is ordered cannot be measured, or there is a campaign of that name that measures
        otherwise: its results would not compare.
    """
    try:
        plan = EvaluationPlan(
            clips=tuple(clip for clip, _ in clips),
            qualities=order.qualities,
            anchors=order.anchors,
            screen=order.screen,
            secret=secrets.token_hex(16),
        )
    except ValidationError as error:
        raise ConfigurationError(f"This cannot be measured: {refusal(error)}.") from error
    seed = Proposal(
        candidate=Candidate(files={ENTRY_FILE: order.seed_source}),
        limits=order.limits,
        mind=order.mind,
        parent_sha256=None,
        change="The seed.",
        hypothesis="",
    )
    plan_key, seed_key = keys.plan(order.campaign_id), keys.seed(order.campaign_id)
    has_begun = objects.exists(plan_key)
    if has_begun:
        _refuse_differences(order.campaign_id, objects, plan, seed)
    for clip, data in clips:
        if not objects.exists(clip.key):
            objects.put(clip.key, data)
    if not has_begun:
        documents.save(objects, seed_key, seed)
        documents.save(objects, plan_key, plan)  # last: where it is, nothing is missing
    campaign = Campaign(
        campaign_id=order.campaign_id,
        goal=order.goal,
        mind=order.mind,
        random_seed=order.random_seed,
        limits=order.limits,
        hard_limits=order.hard_limits,
        created_at=clock.now(),
    )
    bounds = order.bounds.model_dump(exclude_none=True)
    if records.create_campaign(campaign, Control(experiment_limit=order.experiments, **bounds)):
        return campaign
    campaign = records.campaign(order.campaign_id)
    unfinished = sum(
        len(records.open_experiments(order.campaign_id, status))
        for status in (Status.QUEUED, Status.RUNNING)
    )
    limit = campaign.experiment_count - unfinished + order.experiments
    changes = ControlChanges(experiment_limit=limit, **bounds)
    records.update_control(order.campaign_id, changes)
    return campaign


def _refuse_differences(
    campaign_id: str, objects: ObjectStore, plan: EvaluationPlan, seed: Proposal
) -> None:
    """Refuse an order by which a campaign would measure something else than it does."""
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


def set_paused(
    records: Records,
    campaign_id: str,
    *,
    paused: bool,
    version: int | None = None,
    order: str | None = None,
) -> None:
    """Pause a campaign before its next experiment, or let it go on.

    Parameters
    ----------
    version : int, optional
        Of the settings that the person saw.
    order : str, optional
        Names the order; one that was interrupted after its change goes on behind it.

    Raises
    ------
    ConflictError
        If they have been changed since.
    """
    changes = ControlChanges(paused=paused)
    change_settings(records, campaign_id, changes, version=version, order=order)


def change_settings(
    records: Records,
    campaign_id: str,
    changes: ControlChanges,
    *,
    version: int | None,
    order: str | None,
) -> None:
    """Change what a campaign may do; parameters and errors as of ``set_paused``."""
    signed = changes.model_copy(update={"last_order": order})
    if records.update_control(campaign_id, signed, version=version):
        return
    if order is None or records.control(campaign_id).last_order != order:
        raise ConflictError(f"The settings of campaign {campaign_id} have just been changed.")


def refuse_paused(campaign_id: str, control: Control) -> None:
    """Refuse to start a campaign that somebody paused; raises ``ConflictError``."""
    if control.paused:
        raise ConflictError(f"Campaign {campaign_id} is paused; resume it instead.")


def start(runs: CampaignRuns, campaign_id: str) -> None:
    """Start a campaign's machine, unless it runs."""
    if runs.running(campaign_id) is None:
        runs.start(campaign_id)


def resume(
    records: Records,
    runs: CampaignRuns,
    campaign_id: str,
    *,
    version: int | None = None,
    order: str | None = None,
) -> None:
    """Let a paused campaign go on, and start its machine if it has stopped."""
    set_paused(records, campaign_id, paused=False, version=version, order=order)
    start(runs, campaign_id)


def stop(  # noqa: PLR0913 - what it acts on
    records: Records,
    runs: CampaignRuns,
    executions: Executions,
    campaign_id: str,
    *,
    clock: Clock,
    version: int | None = None,
    order: str | None = None,
) -> None:
    """Pause a campaign, and end its machine and every experiment that runs.

    Experiments run beside the machine too, after an answer or a rerun. The next start takes all of
    them up again where they were.
    """
    set_paused(records, campaign_id, paused=True, version=version, order=order)
    running = runs.running(campaign_id)
    if running is not None:
        runs.stop(running)
    for started in records.open_experiments(campaign_id, Status.QUEUED):
        executions.stop(started)  # it has not begun yet; the next choice gives it another run
    for experiment in records.open_experiments(campaign_id, Status.RUNNING):
        executions.stop(experiment)
        queue_again(records, experiment, clock)


def run_one(
    records: Records,
    runs: CampaignRuns,
    campaign_id: str,
    *,
    version: int | None = None,
    order: str | None = None,
) -> None:
    """Have a campaign's machine run, and begin one more experiment than it would have.

    One that stands still, though it may begin experiments, is only started.

    Raises
    ------
    ConflictError
        If the campaign is paused, or its settings have been changed since.
    """
    control = records.control(campaign_id)
    refuse_paused(campaign_id, control)
    count = records.campaign(campaign_id).experiment_count
    limit = max(control.experiment_limit, count) + 1 if runs.running(campaign_id) else count + 1
    changes = ControlChanges(experiment_limit=max(control.experiment_limit, limit))
    change_settings(records, campaign_id, changes, version=version, order=order)
    start(runs, campaign_id)


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
    hint: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
        | None
    ) = None
    phase: Phase | None = None


def answer(
    reply: Answer,
    *,
    records: Records,
    executions: Executions,
    clock: Clock,
    run: int | None = None,
    order: str | None = None,
) -> Experiment:
    """Start an experiment again that waits for a person.

    Parameters
    ----------
    reply : Answer
        What the person says.
    run : int, optional
        The run that the question was about.
    order : str, optional
        Names the order in the record.

    Raises
    ------
    ConflictError
        If it waits for nobody, or somebody else has answered.
    """
    experiment = _waiting(records, reply.experiment_id, run)
    changes = ExperimentChanges(
        updated_at=clock.now(),
        run=experiment.run + 1,
        status=Status.QUEUED,
        needs_human=False,
        resume_from=resume_point(
            records, experiment.experiment_id, reply.phase or experiment.phase, reply.hint
        ),
        hint=reply.hint,
        last_order=order,
    )
    return _reopened(experiment, changes, records, executions)


def rerun(
    records: Records,
    executions: Executions,
    experiment_id: str,
    *,
    clock: Clock,
    run: int | None = None,
    order: str | None = None,
) -> Experiment:
    """Run an experiment that has ended again, with the candidate it has.

    Raises
    ------
    ConflictError
        If it has not ended, or is no longer at ``run``.
    """
    experiment = records.experiment(experiment_id)
    ended = experiment.status in {Status.COMPLETED, Status.ABANDONED}
    if not ended or run not in {None, experiment.run}:
        raise ConflictError(
            f"{experiment_id} has not ended: it is {experiment.status} in run {experiment.run}."
        )
    changes = ExperimentChanges(
        updated_at=clock.now(),
        run=experiment.run + 1,
        status=Status.QUEUED,
        needs_human=False,
        resume_from=Phase.DEPLOY if experiment.proposal_key else Phase.DESIGN,
        hint=None,
        last_order=order,
    )
    return _reopened(experiment, changes, records, executions)


def abandon(
    records: Records,
    experiment_id: str,
    *,
    clock: Clock,
    run: int | None = None,
    order: str | None = None,
) -> None:
    """Give an experiment up that waits for a person.

    Raises
    ------
    ConflictError
        If it does not, or no longer about ``run``.
    """
    experiment = _waiting(records, experiment_id, run)
    changes = ExperimentChanges(
        updated_at=clock.now(), status=Status.ABANDONED, needs_human=False, last_order=order
    )
    if not records.update_seen_experiment(experiment, changes):
        raise ConflictError(f"{experiment_id} has just been answered by somebody else.")


def _waiting(records: Records, experiment_id: str, run: int | None) -> Experiment:
    experiment = records.experiment(experiment_id)
    if experiment.status is not Status.NEEDS_HUMAN:
        raise ConflictError(f"{experiment_id} waits for no answer: it is {experiment.status}.")
    if run not in {None, experiment.run}:
        raise ConflictError(f"{experiment_id} has been answered since, and asks again.")
    return experiment


def _reopened(
    seen: Experiment, changes: ExperimentChanges, records: Records, executions: Executions
) -> Experiment:
    """Begin an experiment's next run, unless somebody else has."""
    if not records.update_seen_experiment(seen, changes):
        raise ConflictError(f"{seen.experiment_id} has just been changed by somebody else.")
    reopened = records.experiment(seen.experiment_id)
    executions.start(reopened)
    return reopened
