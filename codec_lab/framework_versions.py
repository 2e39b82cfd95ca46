"""How a version of the framework comes about, into force and out of it again."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from codec_lab import documents, keys
from codec_lab.campaign import Campaign
from codec_lab.change_sets import ChangeSet, Outcome, Replayed, files_diff
from codec_lab.errors import DesignRejectedError
from codec_lab.framework import SHIPPED, Framework
from codec_lab.framework_in_force import framework_of
from codec_lab.phase import Status
from codec_lab.ports import ChangeSets, Clock, ObjectStore, Records


class Author(NamedTuple):
    """Who proposes a version, in which experiment and why."""

    experiment_id: str
    name: str
    reason: str


def propose(
    framework: Framework,
    author: Author,
    campaign: Campaign,
    *,
    objects: ObjectStore,
    change_sets: ChangeSets,
    clock: Clock,
) -> ChangeSet:
    """Keep a proposed overlay as the next version; nothing works on it yet.

    Raises
    ------
    DesignRejectedError
        If it is the version in force again.
    """
    current = framework_of(campaign, objects)
    if framework.files == current.files:
        raise DesignRejectedError("The proposed change leaves the framework as it is.")

    def draft(version: int) -> ChangeSet:
        return ChangeSet(
            campaign_id=campaign.campaign_id,
            version=version,
            base_version=current.version,
            author=author.name,
            experiment_id=author.experiment_id,
            reason=author.reason,
            diff=files_diff(current.files, framework.files),
            overlay_key=keys.framework(campaign.campaign_id, version),
            proposed_at=clock.now(),
        )

    change = _created(draft, campaign, change_sets)
    overlay = framework.model_copy(update={"version": change.version})
    documents.save(objects, keys.framework(campaign.campaign_id, change.version), overlay)
    return change


def propose_rollback(
    author: Author,
    campaign: Campaign,
    restores: int | None = None,
    *,
    objects: ObjectStore,
    change_sets: ChangeSets,
    clock: Clock,
) -> ChangeSet:
    """Propose, as a version of its own, the overlay of an earlier one.

    Parameters
    ----------
    restores : int, optional
        Which; the one from before the last change if none is named.

    Raises
    ------
    DesignRejectedError
        If none is named and the lab works as it was deployed.
    """
    versions = versions_of(campaign.campaign_id, change_sets)
    if restores is None:
        undone = last_change(versions, campaign.framework_version)
        if undone is None:
            raise DesignRejectedError("There is no change to roll back: the lab works as deployed.")
        restores = undone.base_version
    current = framework_of(campaign, objects)
    restored = overlay_of(versions[restores], objects) if restores else SHIPPED

    def draft(version: int) -> ChangeSet:
        return ChangeSet(
            campaign_id=campaign.campaign_id,
            version=version,
            base_version=current.version,
            restores=restores,
            author=author.name,
            experiment_id=author.experiment_id,
            reason=author.reason,
            diff=files_diff(current.files, restored.files),
            overlay_key=versions[restores].overlay_key if restores else None,
            proposed_at=clock.now(),
        )

    return _created(draft, campaign, change_sets)


def decide(
    change: ChangeSet, replays: tuple[Replayed, ...], *, change_sets: ChangeSets, clock: Clock
) -> ChangeSet:
    """Put a proposed version into force, unless something changed for the worse.

    Deciding twice is deciding once: a function that is retried finds its decision.
    """
    change = change.model_copy(update={"replays": replays})
    worse = [f"{one.experiment_id} {one.worse}" for one in replays if one.worse is not None]
    if not worse:
        change_sets.put(change)  # should this be interrupted, ``finish`` knows the replays
    if worse:
        outcome, why = Outcome.REJECTED, f"In the replay {'; '.join(worse)}."
    elif not change_sets.put_in_force(change):
        outcome = Outcome.REJECTED
        why = f"Version {change.base_version}, which it changes, is no longer in force."
    else:
        outcome, why = Outcome.ADOPTED, _of_adoption(change, replays)
        if change.restores is not None:
            _mark_undone(change, change.restores, change_sets, clock)
    return _decided(change, outcome, why, change_sets, clock)


def finish(
    campaign: Campaign, *, records: Records, change_sets: ChangeSets, clock: Clock
) -> ChangeSet | None:
    """Finish what functions that were lost have left undecided.

    A version that is in force already is adopted. Any other whose experiment runs no more is
    refused: nobody will judge its replay.

    Returns
    -------
    ChangeSet or None
        The version in force, if its decision had to be finished.
    """
    finished = None
    for change in change_sets.of(campaign.campaign_id):
        if change.outcome is not Outcome.PROPOSED:
            continue
        if change.version == campaign.framework_version:
            finished = decide(change, change.replays, change_sets=change_sets, clock=clock)
        elif records.experiment(change.experiment_id).status is not Status.RUNNING:
            why = "Its experiment ended before the replay was judged."
            refuse(change, why, change_sets=change_sets, clock=clock)
    return finished


def refuse(change: ChangeSet, why: str, *, change_sets: ChangeSets, clock: Clock) -> None:
    """Refuse a proposed version that cannot be replayed."""
    _decided(change, Outcome.REJECTED, why, change_sets, clock)


def overlay_of(change: ChangeSet, objects: ObjectStore) -> Framework:
    """Read the overlay of a change set."""
    if change.overlay_key is None:
        return Framework(version=change.version)
    stored = documents.load(objects, change.overlay_key, Framework)
    return stored.model_copy(update={"version": change.version})


def versions_of(campaign_id: str, change_sets: ChangeSets) -> dict[int, ChangeSet]:
    """Give all change sets of a campaign by version."""
    return {change.version: change for change in change_sets.of(campaign_id)}


def last_change(versions: Mapping[int, ChangeSet], version: int) -> ChangeSet | None:
    """Find the change that a version's overlay comes from; a rollback brings back another's."""
    while version:
        change = versions[version]
        if change.restores is None:
            return change
        version = change.restores
    return None


def _of_adoption(change: ChangeSet, replays: tuple[Replayed, ...]) -> str:
    if change.restores is not None:
        return f"Version {change.restores} is back; it needs no replay."
    if not replays:
        return "No experiment was measured yet that could be replayed."
    return f"Nothing changed for the worse in the replay of {len(replays)} experiments."


def _mark_undone(change: ChangeSet, restores: int, change_sets: ChangeSets, clock: Clock) -> None:
    """Mark what a rollback undoes: all that came into force after what it brings back."""
    versions = versions_of(change.campaign_id, change_sets)
    for version in range(restores + 1, change.version):
        if versions[version].outcome is Outcome.ADOPTED:
            why = f"By version {change.version}: {change.reason}"
            _decided(versions[version], Outcome.ROLLED_BACK, why, change_sets, clock)
    back = last_change(versions, restores)
    if back is not None and back.outcome is Outcome.ROLLED_BACK:
        why = f"Version {change.version} has brought it back."
        _decided(back, Outcome.ADOPTED, why, change_sets, clock)


def _decided(
    change: ChangeSet, outcome: Outcome, why: str, change_sets: ChangeSets, clock: Clock
) -> ChangeSet:
    update = {"outcome": outcome, "outcome_reason": why, "decided_at": clock.now()}
    decided = change.model_copy(update=update)
    change_sets.put(decided)
    return decided


def _created(
    draft: Callable[[int], ChangeSet], campaign: Campaign, change_sets: ChangeSets
) -> ChangeSet:
    """Write a change set under the first free number."""
    version = 1 + max(versions_of(campaign.campaign_id, change_sets), default=0)
    while not change_sets.create(change := draft(version)):  # another experiment was faster
        version += 1
    return change
