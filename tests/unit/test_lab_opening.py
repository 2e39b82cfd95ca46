"""What a person gives is read and refused before anything is started."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from codec_lab.campaign import HARD_LIMITS, Campaign
from codec_lab.errors import ConfigurationError
from codec_lab.limits import Limits
from codec_lab.proposal import Mind
from lab.opening import kept_settings, read_given
from lab.settings import RunSettings
from tests.worker.samples import write_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_video(tmp_path / "pan.mkv", codec="ffv1", frames=40, size=(64, 48))
    return tmp_path


def given(**settings: Any) -> Any:
    return read_given(RunSettings(**settings))


@pytest.mark.parametrize(
    ("frames", "count", "notices"),
    [
        (None, 33, ["pan: only its first 33 frames"]),
        (7, 7, ["pan: only its first 7 frames"]),
        (0, 40, []),
        (90, 40, []),
    ],
)
def test_as_many_frames_are_taken_as_asked_for(
    frames: int | None, count: int, notices: list[str], folder: Path
) -> None:
    found = given(clips=folder, frames=frames)

    assert [clip.source.frame_count for clip in found.clips] == [count]
    assert found.notices == notices


def test_other_frames_of_the_default_clips_are_a_choice_too() -> None:
    assert given().clips is None
    assert [clip.source.frame_count for clip in given(frames=2).clips] == [2, 2, 2]


def test_a_clip_that_an_anchor_cannot_code_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "stamp.mkv", codec="ffv1", size=(48, 32))
    with pytest.raises(ConfigurationError, match=r"^HEVC, x265 medium cannot code 48×32: leave"):
        given(clips=tmp_path)


def test_a_clip_that_is_too_fast_for_an_anchor_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "racing.mkv", codec="ffv1", fps=250)
    with pytest.raises(ConfigurationError, match=r"^AV1, SVT-AV1 preset 6 cannot code 250 frames"):
        given(clips=tmp_path)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def encode(clip, quality", "codec.py does not parse: line 1."),
        ("x = 1", "codec.py declares no PARAMETERS; the offline search needs PARAMETERS and"),
    ],
)
def test_a_seed_that_cannot_be_explored_is_refused(source: str, why: str, tmp_path: Path) -> None:
    seed = tmp_path / "mine.py"
    seed.write_text(source, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        given(seed=seed)
    assert str(refusal.value).startswith(f"The offline mind cannot explore {seed}: {why}")
    assert given(seed=seed, mind=Mind.CLAUDE).seed_source == source


def test_a_campaign_says_what_it_keeps_of_its_own() -> None:
    campaign = Campaign(
        campaign_id="waves",
        goal="Beat x265.",
        mind=Mind.OFFLINE,
        random_seed=3,
        limits=Limits(),
        hard_limits=HARD_LIMITS,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert kept_settings(campaign, RunSettings()) == []
    same = RunSettings(goal="Beat x265.", random_seed=3)
    assert kept_settings(campaign, same) == []
    other = RunSettings(mind=Mind.CLAUDE, goal="Beat SVT-AV1.", random_seed=0)
    began_with = "Campaign waves goes on with the {} it began with: {}".format
    assert kept_settings(campaign, other) == [
        began_with("mind", "offline"),
        began_with("goal", "Beat x265."),
        began_with("random seed", 3),
    ]


def test_a_byte_order_mark_is_none_of_the_seed(tmp_path: Path) -> None:
    seed = tmp_path / "mine.py"
    seed.write_text("x = 1\n", encoding="utf-8-sig")
    assert given(seed=seed, mind=Mind.CLAUDE).seed_source == "x = 1\n"
