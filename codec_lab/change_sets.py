"""The versions of a campaign's framework: who changed what, why, and what became of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from codec_lab.campaign import CampaignName
from codec_lab.model import Model, Moment, Name
from codec_lab.source_diffs import unified_diff

LAB = "lab"
"""The author of a change that the lab's own rule makes."""


class Outcome(StrEnum):
    """What became of a change set."""

    PROPOSED = "proposed"
    ADOPTED = "adopted"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"


class Replayed(Model):
    """An earlier experiment, measured again on a proposed version.

    Attributes
    ----------
    experiment_id : str
        Which.
    before_percent, after_percent : float or None
        Its mean BD-rate, as it is in the record and on the version.
    worse : str or None
        What changed for the worse; None if nothing did.
    """

    experiment_id: Name
    before_percent: float | None
    after_percent: float | None
    worse: str | None = None


class ChangeSet(Model):
    """One version of the framework.

    Attributes
    ----------
    campaign_id, version : str, int
        Which; versions count from 1.
    base_version : int
        The version that it changes.
    restores : int or None
        The version whose overlay it brings back, if it is a rollback.
    author : str
        The mind, or ``lab`` for its own rule.
    experiment_id : str
        The experiment in which it was proposed.
    reason, diff : str
        Why and what.
    overlay_key : str or None
        Where its overlay lies; the lab as deployed has none.
    proposed_at, decided_at : datetime
        When.
    outcome, outcome_reason
        What became of it and why.
    replays : tuple of Replayed
        What it was judged by.
    """

    campaign_id: CampaignName
    version: Annotated[int, Field(ge=1)]
    base_version: Annotated[int, Field(ge=0)]
    restores: Annotated[int, Field(ge=0)] | None = None
    author: str
    experiment_id: Name
    reason: str
    diff: str
    overlay_key: str | None = None
    proposed_at: Moment
    outcome: Outcome = Outcome.PROPOSED
    outcome_reason: str = ""
    replays: tuple[Replayed, ...] = ()
    decided_at: Moment | None = None


MAX_DIFF_CHARACTERS = 20_000
"""What of a diff a record keeps; the sources themselves stay whole in the object store."""


def files_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Show what changed between two sets of files.

    Returns
    -------
    str
        A unified diff over all files, cut at ``MAX_DIFF_CHARACTERS``.
    """
    return unified_diff(before, after)[:MAX_DIFF_CHARACTERS]
