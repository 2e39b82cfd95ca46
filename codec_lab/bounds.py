"""Where a campaign ends: which of the bounds that a person set are reached."""

from collections.abc import Iterator

from codec_lab.campaign import Bound, Campaign, Control, ReachedBound
from codec_lab.ports import Clock, Ledger, Records


def reached_bounds(
    campaign: Campaign, control: Control, records: Records, ledger: Ledger, clock: Clock
) -> Iterator[ReachedBound]:
    """Say which bounds of the campaign are reached; it may go on while there is none."""
    now = clock.now()
    limit = control.experiment_limit
    if campaign.experiment_count >= limit:
        subject = "The one experiment has" if limit == 1 else f"All {limit} experiments have"
        yield ReachedBound(bound=Bound.EXPERIMENT_LIMIT, reason=f"{subject} been run.")
    age_s = (now - campaign.created_at).total_seconds()
    if control.wall_time_limit_s is not None and age_s >= control.wall_time_limit_s:
        yield ReachedBound(
            bound=Bound.WALL_TIME_LIMIT_S,
            reason=f"The campaign's {control.wall_time_limit_s} s are over.",
        )
    target_percent = control.target_bd_rate_percent
    if target_percent is not None:
        for best in records.best_experiments(campaign.campaign_id, 1):
            reached = best.bd_rate_percent
            if reached is not None and reached <= target_percent:
                yield ReachedBound(
                    bound=Bound.TARGET_BD_RATE_PERCENT,
                    reason=f"{best.experiment_id} has reached the target: BD-rate "
                    f"{reached:+.1f} %, {target_percent:+.1f} % was asked for.",
                )
    if control.budget_usd is not None or control.daily_budget_usd is not None:
        short = ledger.spending(campaign.campaign_id, now.date()).shortage(control)
        if short is not None:
            yield short
