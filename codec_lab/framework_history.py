"""The versions of a campaign's framework as people see them."""

from codec_lab.change_sets import ChangeSet
from codec_lab.model import Model
from codec_lab.ports import ChangeSets, Records


class FrameworkHistory(Model):
    """All versions that were proposed.

    Attributes
    ----------
    in_force : int
        The version that the campaign works on; 0 is the lab as deployed.
    versions : tuple of ChangeSet
        The latest first.
    """

    in_force: int
    versions: tuple[ChangeSet, ...]


def framework_history(
    campaign_id: str, *, records: Records, change_sets: ChangeSets
) -> FrameworkHistory:
    """Read a campaign's versions.

    Raises
    ------
    UnknownRecordError
        If there is no such campaign.
    """
    in_force = records.campaign(campaign_id).framework_version
    return FrameworkHistory(in_force=in_force, versions=tuple(change_sets.of(campaign_id))[::-1])
