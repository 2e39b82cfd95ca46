"""What a campaign starts from: what a person gave, what it began with, or the lab's own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from codec_lab import documents, keys, parameters
from codec_lab.campaign import Campaign
from codec_lab.campaigns import CampaignOrder
from codec_lab.candidate import ENTRY_FILE
from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError, DesignRejectedError
from codec_lab.plan import DEFAULT_ANCHORS, EvaluationPlan
from codec_lab.ports import ObjectStore
from codec_lab.proposal import Mind, Proposal
from codec_worker import codecs
from codec_worker.anchors import anchor_named, require_codable
from codec_worker.clips import DEFAULT_FRAMES, FrozenClip, default_clips, load_folder
from lab.settings import DEFAULT_GOAL, RunSettings

_SEED = Path(codecs.__file__).parent / "seed.py"

Clips = Sequence[tuple[SourceClip, bytes]]


class Given(NamedTuple):
    """What a person gave, read and checked before anything is started.

    Attributes
    ----------
    clips : sequence of FrozenClip or None
        Their own clips, or other frames of the default ones.
    seed_source : str or None
        Their own codec.
    """

    clips: Sequence[FrozenClip] | None
    seed_source: str | None

    @property
    def notices(self) -> list[str]:
        """What was converted, for people."""
        return [
            f"{clip.source.name}: {notice}" for clip in self.clips or () for notice in clip.notices
        ]


def read_given(settings: RunSettings) -> Given:
    """Read the clips and the codec that the settings name.

    Raises
    ------
    ConfigurationError
        If a clip or the codec cannot be used.
    """
    seed_source = None if settings.seed is None else _read_codec(settings.seed)
    if seed_source is not None and settings.mind is Mind.OFFLINE:
        _require_search_space(settings.seed, seed_source)
    clips = None
    if settings.clips is not None or settings.frames is not None:
        clips = list(chosen_clips(settings.clips, settings.frames, DEFAULT_ANCHORS))
    return Given(clips, seed_source)


def chosen_clips(
    folder: Path | None, frames: int | None, anchors: Sequence[str]
) -> Iterator[FrozenClip]:
    """Freeze the clips of a folder, or the default ones, one at a time.

    Parameters
    ----------
    folder : Path or None
        None for the default clips.
    frames : int or None
        Of each clip, from its first; 0 takes all, None as many as by default.
    anchors : sequence of str
        What must be able to code them.

    Raises
    ------
    ConfigurationError
        If a clip cannot be used.
    """
    most = DEFAULT_FRAMES if frames is None else frames or None
    for frozen in default_clips(most) if folder is None else load_folder(folder, most):
        source = frozen.source
        for name in anchors:
            require_codable(anchor_named(name), source.width, source.height, source.fps)
        yield frozen


def order_of(
    settings: RunSettings, given: Given, objects: ObjectStore
) -> tuple[CampaignOrder, Clips]:
    """Make the order of a campaign and give its clips.

    What is not given is taken from the campaign, if there is one of that name, so that it goes on
    as it began; otherwise it is the lab's own.
    """
    plan_key, seed_key = keys.plan(settings.campaign), keys.seed(settings.campaign)
    has_begun = objects.exists(plan_key) and objects.exists(seed_key)
    if given.clips is not None:
        clips: Clips = [(clip.source, clip.data) for clip in given.clips]
    elif has_begun:
        plan = documents.load(objects, plan_key, EvaluationPlan)
        clips = [(clip, objects.get(clip.key)) for clip in plan.clips]
    else:
        clips = [(clip.source, clip.data) for clip in default_clips()]
    seed_source = given.seed_source
    if seed_source is None and has_begun:
        seed_source = documents.load(objects, seed_key, Proposal).candidate.files[ENTRY_FILE]
    order = CampaignOrder(
        campaign_id=settings.campaign,
        goal=settings.goal or DEFAULT_GOAL,
        mind=settings.mind,
        random_seed=settings.random_seed or 0,
        seed_source=seed_source or _read_codec(_SEED),
        experiments=settings.experiments,
        bounds=settings.bounds,
    )
    return order, clips


def kept_settings(campaign: Campaign, settings: RunSettings) -> list[str]:
    """Say what a campaign goes on with, as it began, though something else was given."""
    given = {
        "mind": settings.mind,
        "goal": settings.goal,
        "random seed": settings.random_seed,
    }
    own = {"mind": campaign.mind, "goal": campaign.goal, "random seed": campaign.random_seed}
    return [
        f"Campaign {campaign.campaign_id} goes on with the {name} it began with: {own[name]}"
        for name, value in given.items()
        if value is not None and value != own[name]
    ]


def _require_search_space(path: Path | None, source: str) -> None:
    try:
        parameters.read(source)
    except DesignRejectedError as error:
        raise ConfigurationError(
            f"The offline mind cannot explore {path}: {str(error).rstrip('.')}."
        ) from error


def _read_codec(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError(f"There is no codec module {path}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no Python source: it is not UTF-8 text.") from error
