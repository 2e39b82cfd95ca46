"""What a mind is told when it designs or repairs."""

from decimal import Decimal

from codec_lab.candidate import Candidate
from codec_lab.change_sets import ChangeSet
from codec_lab.experiment import Attempt
from codec_lab.framework import SHIPPED, Framework
from codec_lab.limits import Limits
from codec_lab.model import Model, Sha256
from codec_lab.novelty import is_new
from codec_lab.packages import AllowedPackages
from codec_lab.parameters import Values
from codec_lab.proposal import Proposal
from codec_lab.verdict import ClipResult, Fault


class Archived(Model):
    """An earlier candidate with what was measured of it on the development clips."""

    experiment_id: str
    proposal: Proposal
    bd_rate_percent: float | None
    analysis: str | None
    results: tuple[ClipResult, ...] = ()


class Trial(Model):
    """Declared parameters and what they came to, on the development clips."""

    parameters: Values
    bd_rate_percent: float


class Failure(Model):
    """An earlier candidate that could not be measured."""

    experiment_id: str
    change: str
    fault: Fault


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
    trials : tuple of Trial
        Every measured candidate that declares parameters; of those that the screen ended, the
        parent's BD-rate and the difference there.
    failures : tuple of Failure
        The last candidates that could not be measured, the latest first.
    rejected : tuple of str
        Why the earlier attempts of this design were no candidates.
    lessons : str
        What the campaign has learnt from its measurements.
    tried : frozenset of str
        Hashes of every candidate so far, and of what their sources say.
    limits : Limits
        What the candidate may use.
    hint : str or None
        A person's advice.
    framework : Framework
        The version of the framework in force.
    """

    goal: str
    experiment_number: int
    attempt: int
    random_seed: int
    parent: Proposal
    archive: tuple[Archived, ...]
    trials: tuple[Trial, ...] = ()
    failures: tuple[Failure, ...] = ()
    rejected: tuple[str, ...] = ()
    lessons: str = ""
    tried: frozenset[Sha256]
    limits: Limits
    hint: str | None
    framework: Framework = SHIPPED

    def is_new(self, candidate: Candidate) -> bool:
        """Tell whether a candidate differs from its parent and all before by more than form."""
        return is_new(candidate, self.parent.candidate, self.tried)


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
    run, attempt, random_seed : int
        Make the offline rules repeatable: equal numbers draw alike.
    history : tuple of Attempt
        The attempts since the design, those of earlier runs too.
    rejected : tuple of str
        Why the earlier answers to this fault were no fixes.
    tried : frozenset of str
        Hashes of the bundles of all runs; a fix must lead to another.
    known : frozenset of str
        Hashes of the other experiments' candidates, and of what their sources say.
    hard_limits : Limits
        The most that limits may be raised to.
    packages : AllowedPackages
        What may be installed for the candidate.
    hint : str or None
        A person's advice.
    framework : Framework
        The version of the framework in force.
    change_sets : tuple of ChangeSet
        The last proposed versions, with what became of them.
    """

    proposal: Proposal
    parent: Proposal
    fault: Fault
    run: int
    attempt: int
    random_seed: int
    history: tuple[Attempt, ...]
    rejected: tuple[str, ...] = ()
    tried: frozenset[Sha256]
    known: frozenset[Sha256]
    hard_limits: Limits
    packages: AllowedPackages = AllowedPackages()
    hint: str | None
    framework: Framework = SHIPPED
    change_sets: tuple[ChangeSet, ...] = ()

    def is_new(self, candidate: Candidate) -> bool:
        """Tell whether a fix's candidate differs from the parent and all known by more than form.

        What failed may stay as it is, to run with other limits.
        """
        return candidate == self.proposal.candidate or is_new(
            candidate, self.parent.candidate, self.known
        )


class AnalysisTask(Model):
    """The ground for an analysis; everything on development clips alone.

    Attributes
    ----------
    goal, experiment_id : str
        Of what.
    change, hypothesis, expected_bd_rate_percent
        As they were before the measurement.
    facts : str
        What the rules say of the measurement.
    results : tuple of ClipResult
        What was measured.
    parent : str
        What the parent's analysis said.
    effects : str
        Measured effects of all changes so far.
    lessons : str
        The notebook before this experiment.
    framework : Framework
        The version of the framework in force.
    """

    goal: str
    experiment_id: str
    change: str
    hypothesis: str
    expected_bd_rate_percent: float | None
    facts: str
    results: tuple[ClipResult, ...]
    parent: str
    effects: str
    lessons: str
    framework: Framework = SHIPPED


class Analysis(Model):
    """What a mind found in measurements."""

    analysis: str
    lessons: str
    model_cost_usd: Decimal
