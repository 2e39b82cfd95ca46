"""The default clips and a user's own."""

from pathlib import Path

import numpy as np
import pytest

from codec_lab import keys
from codec_lab.clip import ClipRole
from codec_lab.errors import ConfigurationError
from codec_worker import clips, video
from codec_worker.clip_cache import ClipCache
from codec_worker.directory_store import DirectoryStore
from tests.worker.samples import moving_clip, write_video


def frozen_sample(name: str = "sample") -> clips.FrozenClip:
    return clips.freeze(name, moving_clip(), ClipRole.DEVELOPMENT, "made for a test")


def test_default_clips_are_the_same_samples_everywhere() -> None:
    # H.264 decoding is exact by the standard and the reduction is made of integers.
    found = [clip.source for clip in clips.default_clips()]

    assert [
        (clip.name, clip.width, clip.height, clip.frame_count, round(clip.fps, 3), clip.role)
        for clip in found
    ] == [
        ("carphone", 176, 144, 33, 29.97, ClipRole.DEVELOPMENT),
        ("bigbuckbunny", 320, 180, 33, 25.0, ClipRole.DEVELOPMENT),
        ("bikes", 320, 136, 33, 25.0, ClipRole.HIDDEN),
    ]
    assert [clip.sha256 for clip in found] == [
        "8b5b4854b1ba07bb950e9a38d6483fe266a420124d1a72a6e43e6880a3135b81",
        "df2bc98563728eeda2b51935cc49af2bb69a96b501794b8b9054720dc15f7ce8",
        "b18b2e00b728177bca146996f5050e02de6776f647be2c8e998c9685a29ec902",
    ]


def test_a_frozen_clip_thaws_to_the_same_samples() -> None:
    frozen = frozen_sample()

    thawed = clips.thaw(frozen.source, frozen.data)

    assert frozen.source.key == keys.clip(frozen.source.sha256)
    assert thawed.fps == frozen.source.fps
    for plane, original in zip(thawed[:3], moving_clip()[:3], strict=True):
        np.testing.assert_array_equal(plane, original)


def test_another_clip_under_the_same_record_is_refused() -> None:
    frozen = frozen_sample()
    other = video.freeze(moving_clip(seed=2))

    with pytest.raises(ConfigurationError, match=r"has the hash .* load the clips again"):
        clips.thaw(frozen.source, other)


def test_reduction_is_the_rounded_mean_of_squares() -> None:
    clip = moving_clip(frames=2, height=32, width=32)

    reduced = clips.reduce(clip, 2)

    corner = clip.y[1, 2:4, 4:6].astype(float).mean()
    assert reduced.y[1, 1, 2] == int(corner + 0.5)
    assert (reduced.y.shape, reduced.u.shape) == ((2, 16, 16), (2, 8, 8))


def test_a_users_folder(tmp_path: Path) -> None:
    write_video(tmp_path / "b.mkv", codec="ffv1", pixel_format="yuv444p")
    write_video(tmp_path / "a b.mp4", frames=40)
    (tmp_path / "notes.txt").write_text("not a clip")
    (tmp_path / "hidden").mkdir()
    write_video(tmp_path / "hidden" / "secret.mp4")

    found = list(clips.load_folder(tmp_path))

    assert [(clip.source.name, clip.source.role, clip.source.frame_count) for clip in found] == [
        ("a-b", ClipRole.DEVELOPMENT, 33),
        ("b", ClipRole.DEVELOPMENT, 12),
        ("secret", ClipRole.HIDDEN, 12),
    ]
    assert found[1].notices == ("converted from yuv444p to 8-bit 4:2:0",)
    assert found[1].source.origin == "b.mkv; converted from yuv444p to 8-bit 4:2:0"


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        list(clips.load_folder(folder))
    return str(caught.value)


def test_missing_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == f"There is no folder of clips {tmp_path / 'none'}."


def test_folder_without_clips(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()

    assert refusal(tmp_path).startswith(f"{tmp_path} holds no clip: put video files into it (")


def test_folder_with_hidden_clips_only(tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    write_video(tmp_path / "hidden" / "a.mp4")

    assert refusal(tmp_path).startswith(f"{tmp_path} holds clips in hidden only: put one beside")


def test_folder_with_a_text_file_named_mp4(tmp_path: Path) -> None:
    (tmp_path / "fake.mp4").write_text("text\n" * 50)

    assert refusal(tmp_path).startswith(f"{tmp_path / 'fake.mp4'} cannot be read as video")


def test_two_clips_of_one_name(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4")
    write_video(tmp_path / "a.mkv")

    assert "would both be called a: rename one of them" in refusal(tmp_path)


def test_the_cache_fetches_once(tmp_path: Path) -> None:
    frozen, store = frozen_sample(), DirectoryStore(tmp_path / "store")
    store.put(frozen.source.key, frozen.data)
    cache = ClipCache(store, tmp_path / "cache")
    first = cache.load(frozen.source)
    (tmp_path / "store" / frozen.source.key).unlink()

    again = ClipCache(store, tmp_path / "cache").load(frozen.source)

    np.testing.assert_array_equal(first.y, again.y)


@pytest.mark.parametrize("damage", ["cut", "other clip", "text"])
def test_a_corrupted_copy_in_the_cache_is_replaced(tmp_path: Path, damage: str) -> None:
    frozen, store = frozen_sample(), DirectoryStore(tmp_path / "store")
    store.put(frozen.source.key, frozen.data)
    copy = tmp_path / "cache" / f"{frozen.source.sha256}.mkv"
    copy.parent.mkdir()
    copy.write_bytes(
        {
            "cut": frozen.data[: len(frozen.data) // 2],
            "other clip": video.freeze(moving_clip(seed=2)),
            "text": b"nothing",
        }[damage]
    )

    clip = ClipCache(store, tmp_path / "cache").load(frozen.source)

    assert video.planes_sha256(clip) == frozen.source.sha256
    assert copy.read_bytes() == frozen.data


def test_a_corrupted_clip_in_the_store_is_refused(tmp_path: Path) -> None:
    frozen, store = frozen_sample(), DirectoryStore(tmp_path / "store")
    store.put(frozen.source.key, video.freeze(moving_clip(seed=2)))

    with pytest.raises(ConfigurationError, match="The stored clip sample has the hash"):
        ClipCache(store, tmp_path / "cache").load(frozen.source)
    assert not (tmp_path / "cache").exists()


def test_the_store_keeps_its_keys_inside(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")

    with pytest.raises(ConfigurationError, match="leaves the store"):
        store.put("../outside", b"")
    with pytest.raises(ConfigurationError, match="There is no object"):
        store.get("missing")
    assert not store.exists("missing")
