"""Variants of a clip are repeatable for the bench, alike in content, and foreseen by nobody."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.contract import Clip
from codec_worker.variants import Variants
from tests.worker.samples import moving_clip

ONE, OTHER = "1" * 64, "2" * 64
CLIP = moving_clip(frames=17, height=160, width=176)


def drawn(secret: str = "a", sha256: str = ONE, name: str = "hall", quality: int = 30) -> Clip:
    return Variants(secret, sha256).of(CLIP, name, quality)


def test_equal_draws_are_equal() -> None:
    for plane, again in zip(drawn()[:3], drawn()[:3], strict=True):
        np.testing.assert_array_equal(plane, again)


@pytest.mark.parametrize(
    "changes", [{"secret": "b"}, {"sha256": OTHER}, {"name": "park"}, {"quality": 40}]
)
def test_secret_bundle_clip_and_quality_all_change_the_draw(changes: dict[str, str]) -> None:
    assert not np.array_equal(drawn().y, drawn(**changes).y)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(st.integers(1, 17), st.integers(8, 80), st.integers(8, 80), st.text(max_size=8))
def test_a_variant_is_most_of_the_clip(frames: int, rows: int, columns: int, secret: str) -> None:
    n, h, w = frames, 2 * rows, 2 * columns
    clip = Clip(
        *(p[:n, : h // s, : w // s] for p, s in zip(CLIP[:3], (1, 2, 2), strict=True)), 25.0
    )

    y, u, v, fps = Variants(secret, ONE).of(clip, "hall", 30)

    kept_n, kept_h, kept_w = y.shape
    assert 7 / 8 * n <= kept_n <= n
    assert 7 / 8 * h <= kept_h <= h
    assert 7 / 8 * w <= kept_w <= w
    assert kept_h % 2 == kept_w % 2 == 0
    assert u.shape == v.shape == (kept_n, kept_h // 2, kept_w // 2)
    assert all(plane.dtype == np.uint8 and plane.flags.c_contiguous for plane in (y, u, v))
    assert fps == 25.0


def test_planes_stay_together_and_few_samples_are_one_off() -> None:
    """Each plane of the source tells where a sample comes from."""
    rows, columns = np.mgrid[:160, :176]
    y = np.stack([(rows // 2 + frame) % 256 for frame in range(16)]).astype(np.uint8)
    u = y[:, ::2, ::2].copy()
    v = np.broadcast_to(columns[::2, ::2] // 2, u.shape).astype(np.uint8)
    for secret in "abcdefgh":
        variant = Variants(secret, ONE).of(Clip(y, u, v, 25.0), "hall", 30)
        apart = variant.y[:, ::2, ::2].astype(int) - variant.u
        assert np.mean(np.abs(apart) % 255 > 2) < 0.01
        steps = np.diff(np.median(variant.v, axis=(0, 1)))
        assert set(np.abs(steps)) == {1.0}


def test_dark_and_bright_samples_do_not_wrap_around() -> None:
    flat = np.full((8, 160, 176), 255, np.uint8)
    bright = Variants("a", ONE).of(Clip(flat, flat[:, ::2, ::2], flat[:, ::2, ::2], 25.0), "x", 30)
    dark = Variants("a", ONE).of(
        Clip(flat * 0, flat[:, ::2, ::2] * 0, flat[:, ::2, ::2] * 0, 25.0), "x", 30
    )
    assert set(np.unique(bright.y)) == {254, 255}
    assert set(np.unique(dark.y)) == {0, 1}
    assert 1 / 400 < np.mean(dark.y == 1) < 1 / 200


def test_the_other_quality_is_one_of_the_plans_and_not_the_lowest() -> None:
    qualities = (50, 30, 60, 40)
    chosen = {Variants(str(k), ONE).quality("hall", qualities) for k in range(60)}
    assert chosen == {40, 50, 60}
    assert Variants("a", ONE).quality("hall", qualities) == Variants("a", ONE).quality(
        "hall", sorted(qualities)
    )
