"""The state ``ChooseExperiment``: what a campaign runs next, if anything."""

from codec_lab.bounds import reached_bounds
from codec_lab.campaign import Campaign, CampaignChanges
from codec_lab.errors import UnknownRecordError
from codec_lab.events import Choice, ChooseRequest, ExperimentInput
from codec_lab.experiment import Experiment, HumanReason
from codec_lab.notifying import AskHuman
from codec_lab.phase import Phase, Status
from codec_lab.ports import Clock, Executions, Ledger, Records
from codec_lab.resuming import queue_again

MAX_RUNS = 20
"""Executions of one experiment before its interruptions are put to a person."""


def choose_experiment(
    request: ChooseRequest,
    *,
    records: Records,
    ledger: Ledger,
    executions: Executions,
    ask_human: AskHuman,
    clock: Clock,
) -> Choice:
    """Find the campaign's next experiment: one that was interrupted, or a new one.

    Asking twice gives the same answer until the experiment runs, so that a retry of the state
    begins nothing twice.
    """
    try:
        campaign = records.campaign(request.campaign_id)
    except UnknownRecordError:  # the schedule runs before anybody opened a campaign
        return Choice(action="stop", reason=f"There is no campaign {request.campaign_id!r} yet.")
    control = records.control(request.campaign_id)
    if control.paused:
        return Choice(action="stop", reason="The campaign is paused.")
    waiting = _waiting(campaign, records, executions, ask_human, clock)
    if waiting is not None:
        return _run(waiting, f"{waiting.experiment_id} was waiting or was interrupted.")
    for reached in reached_bounds(campaign, control, records, ledger, clock):
        return Choice(action="stop", reason=reached.reason)
    new = _create(campaign, records, clock)
    return _run(new, f"{new.experiment_id} is new.")


def _waiting(
    campaign: Campaign,
    records: Records,
    executions: Executions,
    ask_human: AskHuman,
    clock: Clock,
) -> Experiment | None:
    """Find an experiment that nothing runs, and make it ready to run."""
    for status in (Status.QUEUED, Status.RUNNING):
        for experiment in records.open_experiments(campaign.campaign_id, status):
            if executions.is_running(experiment):
                continue  # a person's answer has started it beside the campaign
            if experiment.number > campaign.experiment_count:  # interrupted while it was created
                counted = CampaignChanges(experiment_count=experiment.number)
                records.update_campaign(campaign.campaign_id, counted)
            if status is Status.QUEUED and not executions.has_ended(experiment):
                return experiment
            if experiment.run >= MAX_RUNS:
                ask_human(experiment, _interrupted(experiment, clock))
            elif queue_again(records, experiment, clock):
                return records.experiment(experiment.experiment_id)
    return None


def _interrupted(experiment: Experiment, clock: Clock) -> HumanReason:
    return HumanReason(
        phase=experiment.phase,
        reason=f"The experiment was interrupted {experiment.run} times.",
        error_type="InterruptedError",
        message="Its executions ended without an outcome.",
        attempts=experiment.run,
        asked_at=clock.now(),
        execution_arn=experiment.execution_arn or "",
    )


def _create(campaign: Campaign, records: Records, clock: Clock) -> Experiment:
    number = campaign.experiment_count + 1
    now = clock.now()
    experiment = Experiment(
        experiment_id=f"{campaign.campaign_id}-{number:04}",
        campaign_id=campaign.campaign_id,
        number=number,
        phase=Phase.DESIGN,
        created_at=now,
        updated_at=now,
    )
    # The record first: if this state is interrupted here, the record is found as queued.
    records.create_experiment(experiment)
    records.update_campaign(campaign.campaign_id, CampaignChanges(experiment_count=number))
    return experiment


def _run(experiment: Experiment, reason: str) -> Choice:
    return Choice(
        action="run",
        experiment_id=experiment.experiment_id,
        run=experiment.run,
        input=ExperimentInput.of(experiment),
        reason=reason,
    )
