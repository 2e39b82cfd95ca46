"""The watch over a version in force: it goes back if later measurements regress."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from codec_lab import errors
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
"""Ended experiments by which a version is judged, against as many on the last proven one."""

REGRESSION_PERCENT = 5.0
"""Points of BD-rate by which their median may be worse. Single designs differ by that much; the
screen's default margin is the same."""


_ELSEWHERE = (
    errors.TransientError,
    errors.AttestationError,
    errors.BenchError,
    errors.BudgetExceededError,
    errors.ConfigurationError,
    errors.ModelRefusedError,
)
"""Errors that no version of the framework brings about. Nor does it those that are none of the
lab's own: a lost machine, a time-out of a service."""


class Regression(NamedTuple):
    """How experiments are worse, and the version on which they were not."""

    proven_version: int
    reason: str


def roll_back_if_worse(
    campaign: Campaign,
    *,
    records: Records,
    objects: ObjectStore,
    change_sets: ChangeSets,
    clock: Clock,
) -> ChangeSet | None:
    """Go back to the last version that has proved itself if experiments regress since.

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
    experiments = records.experiments(campaign.campaign_id)
    versions = versions_of(campaign.campaign_id, change_sets)
    found = regression(versions, campaign.framework_version, experiments)
    if found is None:
        return None
    last = max(experiments, key=lambda one: one.number)
    rollback = propose_rollback(
        Author(last.experiment_id, LAB, found.reason),
        campaign,
        found.proven_version,
        objects=objects,
        change_sets=change_sets,
        clock=clock,
    )
    return decide(rollback, (), change_sets=change_sets, clock=clock)


def regression(
    versions: Mapping[int, ChangeSet], in_force: int, experiments: Iterable[Experiment]
) -> Regression | None:
    """Compare the last experiments with those on the last version that has proved itself.

    The lab as deployed is proved. Another overlay is as soon as ``WATCHED`` experiments in a row
    on it are not worse than the last ones on the overlay that was proved before it. Until then the
    last experiments count whatever their version, so that none escapes by being replaced.

    Parameters
    ----------
    versions : mapping of int to ChangeSet
        All of the campaign.
    in_force : int
        The version to judge.
    experiments : iterable of Experiment
        All of the campaign, in any order.

    Returns
    -------
    Regression or None
        None if there is none, or if it is too early to tell.
    """
    overlays = {0: None} | {version: one.overlay_key for version, one in versions.items()}
    proven, before, since = 0, list[Experiment](), list[Experiment]()
    for one in _telling(experiments):
        if overlays[one.framework_version] == overlays[proven]:
            before.append(one)
            since = []
            continue
        since.append(one)
        last = since[-WATCHED:]
        of_one = len({overlays[each.framework_version] for each in last}) == 1
        if len(last) == WATCHED and of_one and _worse(last, before[-WATCHED:]) is None:
            proven, before, since = one.framework_version, last, []
    if len(since) < WATCHED or overlays[in_force] == overlays[proven]:
        return None
    reason = _worse(since[-WATCHED:], before[-WATCHED:])
    return None if reason is None else Regression(proven, reason)


def _telling(experiments: Iterable[Experiment]) -> list[Experiment]:
    """Give the experiments that have ended, by version, without those that tell nothing of it."""
    ended = (one for one in experiments if one.status not in OPEN_STATUSES or one.needs_human)
    telling = (one for one in ended if one.status is Status.COMPLETED or _may_blame(one))
    return sorted(telling, key=lambda one: (one.framework_version, one.number))


def _may_blame(experiment: Experiment) -> bool:
    """Tell whether a version can have ended an experiment: not without credit or a machine."""
    if not experiment.human_intervention_reasons:
        return True
    kind = getattr(errors, experiment.human_intervention_reasons[-1].error_type, None)
    return isinstance(kind, type) and not issubclass(kind, _ELSEWHERE)


def _worse(on: Sequence[Experiment], before: Sequence[Experiment]) -> str | None:
    """Say how experiments are worse than those before.

    They are if fewer completed, or none if there are none before; if none was measured in full
    while some were before; or if the median of their BD-rates is worse by more than
    ``REGRESSION_PERCENT`` points.
    """
    versions = sorted({one.framework_version for one in on})
    place = f"on version{'s' if len(versions) > 1 else ''} {', '.join(map(str, versions))}"
    completed, completed_before = _completed(on), _completed(before)
    if not before:
        return None if completed else f"None of {len(on)} experiments {place} completed."
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
