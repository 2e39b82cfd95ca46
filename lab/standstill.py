"""Why a campaign that nobody paused begins nothing, and how to let it."""

from codec_lab.bounds import reached_bounds
from codec_lab.campaign import Bound, ReachedBound
from codec_lab.phase import Status
from codec_lab.ports import Clock, Ledger, Records


def standstill(
    records: Records, ledger: Ledger, clock: Clock, campaign_id: str, *, is_running: bool
) -> str | None:
    """Say which bounds hold a campaign back and what moves them; None if it goes on.

    Parameters
    ----------
    is_running : bool
        Whether the campaign's machine runs already.
    """
    unfinished = any(
        records.open_experiments(campaign_id, status, 1)
        for status in (Status.QUEUED, Status.RUNNING)
    )
    if is_running or unfinished:
        return None
    campaign, control = records.campaign(campaign_id), records.control(campaign_id)
    reached = list(reached_bounds(campaign, control, records, ledger, clock))
    sentences = [one.reason for one in reached] + [_mend(campaign_id, one) for one in reached]
    return " ".join(sentences) or None


def _mend(campaign_id: str, reached: ReachedBound) -> str:
    if reached.bound is Bound.EXPERIMENT_LIMIT:
        return f"`lab run --campaign {campaign_id} --experiments N` allows N more."
    option = "--" + reached.bound.replace("_", "-")
    return f"`lab bound --campaign {campaign_id} {option} X` moves that bound."
