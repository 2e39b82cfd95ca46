"""The state ``RecordOutcome``: how an experiment ended, and how long to wait."""

from codec_lab.campaign import CampaignChanges
from codec_lab.events import OutcomeRequest, OutcomeResult
from codec_lab.experiment import HumanReason
from codec_lab.pauses import pause_after
from codec_lab.phase import Status
from codec_lab.ports import Clock, ListingKeeper, Records

KEEP_LISTING_EVERY = 100
"""Experiments; whoever asks first reads at most so many one by one."""


def record_outcome(
    request: OutcomeRequest, *, records: Records, listing: ListingKeeper, clock: Clock
) -> OutcomeResult:
    """Count the outcome, flag an experiment whose execution was lost, choose the pause."""
    experiment = records.experiment(request.experiment_id)
    if experiment.number % KEEP_LISTING_EVERY == 0:
        listing.keep(request.campaign_id)
    lost = not request.succeeded and experiment.status in {Status.QUEUED, Status.RUNNING}
    if lost and experiment.run == request.run:
        records.flag_human(
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
    pause = pause_after(succeeded=request.succeeded, failures_in_a_row=campaign.failures_in_a_row)
    records.update_campaign(
        campaign.campaign_id, CampaignChanges(failures_in_a_row=pause.failures_in_a_row)
    )
    return OutcomeResult(pause_s=pause.pause_s, failures_in_a_row=pause.failures_in_a_row)
