"""What a mind is told when it designs or repairs."""

from codec_lab.experiment import Attempt
from codec_lab.limits import Limits
from codec_lab.model import Model, Sha256
from codec_lab.proposal import Proposal
from codec_lab.verdict import Fault


class Archived(Model):
    """An earlier candidate with what was measured of it on the development clips."""

    experiment_id: str
    proposal: Proposal
    bd_rate_percent: float | None
    analysis: str | None


class DesignTask(Model):
    """The ground for a new candidate.

    Attributes
    ----------
    goal : str
        The campaign's.
    experiment_number, attempt, random_seed : int
        Make the offline search repeatable: equal numbers give an equal design.
    parent : Proposal
        Where to start from.
    archive : tuple of Archived
        The best earlier candidates, best first.
    tried : frozenset of str
        Hashes of every candidate so far; a design must differ from all.
    limits : Limits
        What the candidate may use.
    hint : str or None
        A person's advice.
    """

    goal: str
    experiment_number: int
    attempt: int
    random_seed: int
    parent: Proposal
    archive: tuple[Archived, ...]
    tried: frozenset[Sha256]
    limits: Limits
    hint: str | None


class FixTask(Model):
    """The ground for a repair.

    Attributes
    ----------
    proposal : Proposal
        What failed.
    parent : Proposal
        What it was made from.
    fault : Fault
        How it failed.
    attempt, random_seed : int
        Make the offline rules repeatable.
    history : tuple of Attempt
        The attempts of this run so far.
    tried : frozenset of str
        Hashes of the bundles of this run; a fix must lead to another.
    hard_limits : Limits
        The most that limits may be raised to.
    hint : str or None
        A person's advice.
    """

    proposal: Proposal
    parent: Proposal
    fault: Fault
    attempt: int
    random_seed: int
    history: tuple[Attempt, ...]
    tried: frozenset[Sha256]
    hard_limits: Limits
    hint: str | None
