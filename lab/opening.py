"""What a campaign starts from: its clips and its seed, checked before anything is started."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from codec_lab.campaigns import CampaignOrder
from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError
from codec_worker import codecs
from codec_worker.clips import default_clips, load_folder
from lab.settings import RunSettings

_SEED = Path(codecs.__file__).parent / "small.py"


class Ground(NamedTuple):
    """What a campaign measures and starts from.

    Attributes
    ----------
    order : CampaignOrder
        What is wanted, with the seed's source.
    clips : sequence of (SourceClip, bytes)
        The clips with their lossless files.
    notices : sequence of str
        What was converted, for people.
    """

    order: CampaignOrder
    clips: Sequence[tuple[SourceClip, bytes]]
    notices: Sequence[str]


def read_ground(settings: RunSettings) -> Ground:
    """Read the clips and the seed.

    Raises
    ------
    ConfigurationError
        If a clip or the seed cannot be used.
    """
    order = CampaignOrder(
        campaign_id=settings.campaign,
        goal=settings.goal,
        mind=settings.mind,
        random_seed=settings.random_seed,
        seed_source=_read_codec(settings.seed or _SEED),
        experiments=settings.experiments,
    )
    clips = list(default_clips() if settings.clips is None else load_folder(settings.clips))
    return Ground(
        order=order,
        clips=[(clip.source, clip.data) for clip in clips],
        notices=[f"{clip.source.name}: {notice}" for clip in clips for notice in clip.notices],
    )


def _read_codec(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(f"There is no codec module {path}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no Python source: it is not UTF-8 text.") from error
