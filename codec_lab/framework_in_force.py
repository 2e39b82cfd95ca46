"""The version of the framework that a campaign works on."""

from codec_lab import documents
from codec_lab.campaign import Campaign
from codec_lab.framework import Framework
from codec_lab.ports import ObjectStore


def framework_of(campaign: Campaign, objects: ObjectStore) -> Framework:
    """Read the version in force.

    Raises
    ------
    ConfigurationError
        If its overlay is missing, or holds what no overlay may.
    """
    if campaign.framework_key is None:
        return Framework(version=campaign.framework_version)
    stored = documents.load(objects, campaign.framework_key, Framework)
    return stored.model_copy(update={"version": campaign.framework_version})
