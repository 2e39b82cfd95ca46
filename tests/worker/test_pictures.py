"""Pictures of frames: which, and that they show the samples."""

import io

import av
import numpy as np
import pytest

from codec_lab import keys
from codec_worker.contract import Clip
from codec_worker.pictures import png_of, shown_frames, store_pictures
from tests.fakes import MemoryObjects

BLACK, WHITE = 16, 235  # limited range


def grey_clip(*levels: int) -> Clip:
    y = np.stack([np.full((16, 32), level, np.uint8) for level in levels])
    chroma = np.full((len(levels), 8, 16), 128, np.uint8)
    return Clip(y, chroma, chroma, 25.0)


def pixels(png: bytes) -> np.ndarray:
    with av.open(io.BytesIO(png)) as container:
        (frame,) = container.decode(video=0)
    return frame.to_ndarray(format="rgb24")


@pytest.mark.parametrize(
    ("frame_count", "shown"),
    [(1, (0,)), (3, (0, 1, 2)), (8, tuple(range(8))), (50, (0, 7, 14, 21, 28, 35, 42, 49))],
)
def test_frames_lie_at_even_distances(frame_count: int, shown: tuple[int, ...]) -> None:
    assert shown_frames(frame_count) == shown


def test_a_picture_shows_the_samples() -> None:
    clip = grey_clip(BLACK, WHITE)
    assert pixels(png_of(clip[:3], 0)).shape == (16, 32, 3)
    assert pixels(png_of(clip[:3], 0)).max() == 0
    assert pixels(png_of(clip[:3], 1)).min() == 255


def test_the_sources_pictures_are_stored_once() -> None:
    store = MemoryObjects()
    source, digest = grey_clip(BLACK, WHITE), "a" * 64
    store_pictures(store, digest, source, grey_clip(BLACK, BLACK), "p/hall-2f-q40")
    kept = store.data[keys.source_picture(digest, 1)]
    store_pictures(store, digest, grey_clip(BLACK, BLACK), source, "p/hall-2f-q50")
    assert store.data[keys.source_picture(digest, 1)] == kept
    assert pixels(kept).min() == 255
    assert pixels(store.data[keys.decoded_picture("p/hall-2f-q40", 1)]).max() == 0
    assert sorted(key for key in store.data if key.startswith("p/")) == [
        f"p/hall-2f-q{quality}-frame-{index}.png" for quality in (40, 50) for index in (0, 1)
    ]
