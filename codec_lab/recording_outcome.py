"""The state ``RecordOutcome``: how an experiment ended, and how long to wait."""

from codec_lab.campaign import CampaignChanges
from codec_lab.events import OutcomeRequest, OutcomeResult
from codec_lab.experiment import HumanReason
from codec_lab.notifying import AskHuman
from codec_lab.pauses import pause_after
from codec_lab.phase import Status
from codec_lab.ports import (
    ChangeSets,
    Clock,
    Executions,
    ListingKeeper,
    ObjectStore,
    Records,
)
from codec_lab.watching_framework import roll_back_if_worse

KEEP_LISTING_EVERY = 100
"""Experiments; whoever asks first reads at most so many one by one."""


def record_outcome(  # noqa: PLR0913 - the ports of the state
    request: OutcomeRequest,
    *,
    records: Records,
    objects: ObjectStore,
    change_sets: ChangeSets,
    listing: ListingKeeper,
    executions: Executions,
    ask_human: AskHuman,
    clock: Clock,
) -> OutcomeResult:
    """Count the outcome, flag an experiment whose execution was lost, choose the pause.

    It is also here that interrupted decisions about the framework are finished, and that a version
    goes back on which experiments regress. A run counts once, however often this is retried.
    """
    experiment = records.experiment(request.experiment_id)
    if experiment.number % KEEP_LISTING_EVERY == 0:
        listing.keep(request.campaign_id)
    lost = not request.succeeded and experiment.status in {Status.QUEUED, Status.RUNNING}
    # One that a person's answer has started cannot be started twice; nothing is lost then.
    if lost and experiment.run == request.run and not executions.is_running(experiment):
        ask_human(
            experiment,
            HumanReason(
                phase=experiment.phase,
                reason="The execution ended without an outcome.",
                error_type=request.error_type or "UnknownError",
                message=request.message,
                attempts=1,
                asked_at=clock.now(),
                execution_arn=experiment.execution_arn or "",
            ),
        )
    campaign = records.campaign(request.campaign_id)
    this_run = f"{request.experiment_id}/{request.run}"
    pause = pause_after(
        succeeded=request.succeeded,
        failures_in_a_row=campaign.failures_in_a_row,
        counted=campaign.counted_run == this_run,
    )
    records.update_campaign(
        campaign.campaign_id,
        CampaignChanges(failures_in_a_row=pause.failures_in_a_row, counted_run=this_run),
    )
    rollback = roll_back_if_worse(
        campaign, records=records, objects=objects, change_sets=change_sets, clock=clock
    )
    return OutcomeResult(
        pause_s=pause.pause_s,
        failures_in_a_row=pause.failures_in_a_row,
        rolled_back=rollback.reason if rollback else None,
    )
