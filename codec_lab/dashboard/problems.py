"""What the dashboard is told when something is refused."""

from enum import StrEnum

from codec_lab.dashboard.campaign_views import CampaignView
from codec_lab.dashboard.experiment_views import ExperimentDetail
from codec_lab.model import Model


class ProblemKind(StrEnum):
    """Why a request was refused."""

    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Problem(Model):
    """A refusal in one sentence.

    Attributes
    ----------
    current : CampaignView or ExperimentDetail or None
        After a conflict: how things stand now.
    """

    error: ProblemKind
    message: str
    current: CampaignView | ExperimentDetail | None = None
