"""What a mind proposes: a candidate, the limits it asks for and what it expects of it."""

from decimal import Decimal
from enum import StrEnum

from codec_lab.candidate import Candidate
from codec_lab.framework import Framework
from codec_lab.limits import Limits
from codec_lab.model import Model, Sha256


class Mind(StrEnum):
    """Who designs and repairs."""

    OFFLINE = "offline"
    CLAUDE = "claude"


class Proposal(Model):
    """A candidate to try.

    Attributes
    ----------
    candidate : Candidate
        What shall run.
    limits : Limits
        What it may use in the sandbox.
    mind : Mind
        Who made it.
    parent_sha256 : str or None
        The candidate it was made from.
    change : str
        What is different from the parent, in one sentence.
    hypothesis : str
        Why that should help; written before anything is measured.
    expected_bd_rate_percent : float or None
        The mind's prediction of the BD-rate against x265, kept apart from measurements.
    hint : str or None
        The person's advice it was made with; a mind that reads none names none.
    model : str or None
        Which model answered, if one did.
    prompt_key : str or None
        Where what that model was told is kept.
    model_cost_usd : Decimal
        What the answer cost.
    """

    candidate: Candidate
    limits: Limits
    mind: Mind
    parent_sha256: Sha256 | None
    change: str
    hypothesis: str
    expected_bd_rate_percent: float | None = None
    hint: str | None = None
    model: str | None = None
    prompt_key: str | None = None
    model_cost_usd: Decimal = Decimal(0)


class FixTool(StrEnum):
    """The means of a fix."""

    EDIT_CANDIDATE = "edit_candidate"
    INSTALL_PACKAGE = "install_package"
    ADJUST_LIMITS = "adjust_limits"
    MODIFY_FRAMEWORK = "modify_framework"
    ROLLBACK_FRAMEWORK = "rollback_framework"


class Fix(Model):
    """What a mind changed and why.

    Attributes
    ----------
    tool : FixTool
        By which means.
    reason : str
        What caused the fault and how this heals it.
    proposal : Proposal
        Changed, or as it was if the framework is what changes.
    framework : Framework or None
        The whole overlay as it shall be, of ``modify_framework``.
    """

    tool: FixTool
    reason: str
    proposal: Proposal
    framework: Framework | None = None
