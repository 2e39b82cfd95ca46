"""The watch over a version in force: it goes back if later measurements regress."""

from collections.abc import Sequence
from statistics import median

from codec_lab.campaign import Campaign
from codec_lab.change_sets import LAB, ChangeSet
from codec_lab.experiment import OPEN_STATUSES, Experiment
from codec_lab.framework_versions import (
    Author,
    decide,
    finish,
    propose_rollback,
    versions_of,
)
from codec_lab.phase import Status
from codec_lab.ports import ChangeSets, Clock, ObjectStore, Records

WATCHED = 3
"""Ended experiments on a version by which it is judged, against as many before it."""

REGRESSION_PERCENT = 5.0
"""Points of BD-rate by which their median may be worse. Single designs differ by that much; the
screen's default margin is the same."""


def roll_back_if_worse(
    campaign: Campaign,
    *,
    records: Records,
    objects: ObjectStore,
    change_sets: ChangeSets,
    clock: Clock,
) -> ChangeSet | None:
    """Go back to the version before the one in force if experiments regress on it.

    Decisions that were interrupted are finished first, such a rollback among them.

    Returns
    -------
    ChangeSet or None
        The rollback; None if all is well, or it is too early to tell.
    """
    finished = finish(campaign, records=records, change_sets=change_sets, clock=clock)
    if finished is not None and finished.author == LAB:
        return finished
    if campaign.framework_version == 0:
        return None
    change = versions_of(campaign.campaign_id, change_sets)[campaign.framework_version]
    if change.restores is not None:  # its experiments were measured before
        return None
    experiments = records.experiments(campaign.campaign_id)
    reason = regression(change, experiments)
    if reason is None:
        return None
    last = max(experiments, key=lambda one: one.number)
    rollback = propose_rollback(
        Author(last.experiment_id, LAB, reason),
        campaign,
        objects=objects,
        change_sets=change_sets,
        clock=clock,
    )
    return decide(rollback, (), change_sets=change_sets, clock=clock)


def regression(change: ChangeSet, experiments: Sequence[Experiment]) -> str | None:
    """Say how the first experiments on a version are worse than the last before it.

    They are if fewer completed, if none was measured in full while some were before, or if the
    median of their BD-rates is worse by more than ``REGRESSION_PERCENT`` points.

    Returns
    -------
    str or None
        None if they are not, or if fewer than ``WATCHED`` have ended.
    """
    ended = [one for one in experiments if one.status not in OPEN_STATUSES or one.needs_human]
    ended.sort(key=lambda one: one.number)
    on = [one for one in ended if one.framework_version == change.version][:WATCHED]
    before = [one for one in ended if on and one.number < on[0].number][-WATCHED:]
    if len(on) < WATCHED or not before:
        return None
    place = f"on version {change.version}"
    completed, completed_before = _completed(on), _completed(before)
    if completed * len(before) < completed_before * len(on):
        return (
            f"{completed} of {len(on)} experiments {place} completed, "
            f"{completed_before} of {len(before)} before."
        )
    rates, rates_before = _bd_rates(on), _bd_rates(before)
    if rates_before and not rates:
        return f"None of {len(on)} experiments {place} was measured in full, some were before."
    worse = median(rates) - median(rates_before) if rates and rates_before else 0.0
    if worse <= REGRESSION_PERCENT:
        return None
    return (
        f"The median BD-rate of {len(rates)} experiments {place} is {median(rates):+.1f} %, "
        f"{worse:.1f} points worse than of {len(rates_before)} before."
    )


def _completed(experiments: Sequence[Experiment]) -> int:
    return sum(one.status is Status.COMPLETED for one in experiments)


def _bd_rates(experiments: Sequence[Experiment]) -> list[float]:
    return [one.bd_rate_percent for one in experiments if one.bd_rate_percent is not None]
