"""The settings of the commands, read from flags and the environment and checked in one place."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from codec_lab.campaign import DEFAULT_CAMPAIGN, Bounds, CampaignName
from codec_lab.errors import ConfigurationError
from codec_lab.model import Model, refusal
from codec_lab.proposal import Mind
from local.settings import REPOSITORY_ROOT

DEFAULT_GOAL = "Less rate than HEVC at equal quality, on the campaign's clips."
DEFAULT_STATE_DIR = REPOSITORY_ROOT / ".lab"
DEFAULT_PORT = 4566
DEFAULT_WAIT_SCALE = 0.1

_Settings = TypeVar("_Settings", bound=Model)


class Place(Model):
    """Where the lab runs.

    Attributes
    ----------
    profile : str or None
        A profile of the AWS configuration; None for the one-machine cloud.
    region : str or None
        The AWS region; None takes the profile's.
    state_dir : Path
        What the one-machine cloud remembers.
    """

    profile: str | None = None
    region: str | None = None
    state_dir: Path = DEFAULT_STATE_DIR


class CloudOptions(Model):
    """How the one-machine cloud runs.

    Attributes
    ----------
    port : int
        Of the AWS endpoint on 127.0.0.1; 0 picks a free one.
    wait_scale : float
        Factor on the pauses and retry delays of the state machines.
    """

    port: Annotated[int, Field(ge=0, le=65535)] = DEFAULT_PORT
    wait_scale: Annotated[float, Field(ge=0, le=1)] = DEFAULT_WAIT_SCALE


class RunSettings(Model):
    """What ``lab run`` shall do.

    Attributes
    ----------
    experiments : int
        Experiments to add to the campaign.
    clips : Path or None
        Folder of the user's own clips; None for the default clips.
    frames : int or None
        Of each clip, from its first; 0 takes all, None as many as by default.
    seed : Path or None
        Codec module to start from; None for the lab's own seed.
    mind : Mind
        Who designs and repairs.
    campaign : str
        Its name.
    goal : str or None
        In the researcher's words; None for the campaign's own, or the lab's.
    random_seed : int or None
        Seeds every draw of the offline search; None for the campaign's own, or 0.
    bounds : Bounds
        Where the campaign stops besides.
    """

    experiments: Annotated[int, Field(ge=1, le=10_000)] = 3
    clips: Path | None = None
    frames: Annotated[int | None, Field(ge=0)] = None
    seed: Path | None = None
    mind: Mind = Mind.OFFLINE
    campaign: CampaignName = DEFAULT_CAMPAIGN
    goal: Annotated[str | None, Field(min_length=1)] = None
    random_seed: Annotated[int | None, Field(ge=0)] = None
    bounds: Bounds = Bounds()


def read_settings(model: type[_Settings], **values: object) -> _Settings:
    """Check values and make the settings of them.

    Raises
    ------
    ConfigurationError
        In one sentence for the first value that cannot be used.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        option = "--" + ".".join(str(part) for part in fault["loc"]).replace("_", "-")
        raise ConfigurationError(
            f"{option} is {fault['input']!r}, which cannot be used: {refusal(error)}."
        ) from error
