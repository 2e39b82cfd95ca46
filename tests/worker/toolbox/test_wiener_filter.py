"""Wiener filter: classes, exact filtering, coefficients that lower the error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import wiener_filter as wiener


def blurred_scene(height: int = 64, width: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A textured plane and what is left of it after blur and noise."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:width]
    scene = 128 + 50 * np.sin(x / 3) * np.cos(y / 4) + 20 * ((x // 9 + y // 7) % 2)
    padded = np.pad(scene, 1, "edge")
    blur = (
        4 * scene + padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    ) / 8
    noisy = blur + rng.normal(0, 2, scene.shape)
    return scene.clip(0, 255).astype(np.uint8), noisy.clip(0, 255).astype(np.uint8)


def classified(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shape = [side // 4 for side in plane.shape]
    classes, turns = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    wiener.classify(plane, classes, turns)
    return classes, turns


def statistics(source, plane, classes, turns):
    products = np.zeros((wiener.CLASSES, wiener.TAPS, wiener.TAPS))
    targets, energies = np.zeros((wiener.CLASSES, wiener.TAPS)), np.zeros(wiener.CLASSES)
    on = np.ones(classes.shape, np.uint8)
    wiener.gather_statistics(source, plane, classes, turns, on, products, targets, energies)
    return products, targets, energies


def plain_filter(plane, turn, weights):
    """The filter by its definition, whole planes at a time."""
    padded = np.pad(plane.astype(int), 3, "edge")
    height, width = plane.shape
    total = np.zeros(plane.shape, int)
    for (dy, dx), weight in zip(wiener.OFFSETS[turn], weights, strict=True):
        first = padded[3 + dy : 3 + dy + height, 3 + dx : 3 + dx + width]
        second = padded[3 - dy : 3 - dy + height, 3 - dx : 3 - dx + width]
        total += weight * (first + second - 2 * plane.astype(int))
    return np.clip(plane + ((total + 64) >> 7), 0, 255).astype(np.uint8)


@settings(max_examples=25)
@given(
    st.integers(2, 9), st.integers(2, 9), st.integers(0, 3), st.integers(0, 24), st.integers(0, 99)
)
def test_filtering_follows_the_definition(rows, columns, turn, place, seed):
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, 256, (4 * rows, 4 * columns), np.uint8)
    filters = np.zeros((wiener.CLASSES, wiener.TAPS), np.int64)
    filters[place] = rng.integers(-63, 64, wiener.TAPS)
    shape = rows, columns
    classes, turns = np.full(shape, place, np.uint8), np.full(shape, turn, np.uint8)
    out = np.zeros_like(plane)
    wiener.apply(plane, classes, turns, np.ones(shape, np.uint8), filters, out)
    np.testing.assert_array_equal(out, plain_filter(plane, turn, filters[place]))


def test_blocks_that_are_off_are_copied():
    plane = blurred_scene()[1]
    classes, turns = classified(plane)
    on = np.zeros(classes.shape, np.uint8)
    on[3, 5] = 1
    out = np.zeros_like(plane)
    wiener.apply(plane, classes, turns, on, np.full((25, 12), 9, np.int64), out)
    changed = np.argwhere(out != plane)
    assert len(changed)
    assert (changed // 4 == (3, 5)).all()


@pytest.mark.parametrize("level", [0, 200, 255])
def test_a_flat_plane_is_of_the_calm_class_and_stays(level):
    plane = np.full((16, 16), level, np.uint8)
    classes, turns = classified(plane)
    assert not classes.any()
    out = np.zeros_like(plane)
    on = np.ones(classes.shape, np.uint8)
    wiener.apply(plane, classes, turns, on, np.full((25, 12), 63, np.int64), out)
    np.testing.assert_array_equal(out, plane)


def test_turning_the_picture_turns_the_filter_not_the_class():
    plane = blurred_scene(48, 48)[1]
    classes, turns = classified(plane)
    across, across_turns = classified(np.ascontiguousarray(plane.T))
    # Blocks whose both gradients are equal have no direction to turn.
    assert (across == classes.T).mean() > 0.95
    assert (across_turns % 2 != turns.T % 2).mean() > 0.95


def test_statistics_are_those_of_the_definition():
    source, plane = blurred_scene(8, 8)
    shape = 2, 2
    classes, turns = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    products, targets, energies = statistics(source, plane, classes, turns)
    padded = np.pad(plane.astype(int), 3, "edge")
    pairs = np.stack(
        [
            padded[3 + dy : 11 + dy, 3 + dx : 11 + dx]
            + padded[3 - dy : 11 - dy, 3 - dx : 11 - dx]
            - 2 * plane.astype(int)
            for dy, dx in wiener.OFFSETS[0]
        ]
    ).reshape(12, -1)
    error = (source.astype(int) - plane).ravel()
    np.testing.assert_array_equal(products[0], pairs @ pairs.T)
    np.testing.assert_array_equal(targets[0], pairs @ error)
    assert energies[0] == error @ error


def test_designed_filters_undo_a_blur_and_predict_their_gain():
    source, plane = blurred_scene()
    classes, turns = classified(plane)
    products, targets, energies = statistics(source, plane, classes, turns)
    filters, mapping, score = wiener.design(products, targets, 10.0, 8)
    assert 1 <= len(filters) <= 8
    assert set(mapping) <= set(range(len(filters)))
    out = np.zeros_like(plane)
    on = np.ones(classes.shape, np.uint8)
    wiener.apply(plane, classes, turns, on, filters[mapping], out)
    before = ((source.astype(int) - plane) ** 2).sum()
    after = ((source.astype(int) - out) ** 2).sum()
    assert energies.sum() == before
    assert after < 0.75 * before
    promised = wiener.gain(products, targets, filters[mapping]).sum()
    assert before - after == pytest.approx(promised, rel=0.05)
    assert score < promised


def test_dear_bits_leave_one_filter_and_no_picture_none():
    source, plane = blurred_scene()
    products, targets, _ = statistics(source, plane, *classified(plane))
    assert len(wiener.design(products, targets, 1e6, 8)[0]) == 1
    filters, mapping, score = wiener.design(np.zeros((25, 12, 12)), np.zeros((25, 12)), 1.0, 8)
    assert not filters.any()
    assert not mapping.any()
    assert score == 0


def test_more_filters_never_gain_less_before_bits():
    source, plane = blurred_scene()
    products, targets, _ = statistics(source, plane, *classified(plane))
    gains = []
    for most in (1, 3, 8):
        filters, mapping, _ = wiener.design(products, targets, 0.0, most)
        gains.append(wiener.gain(products, targets, filters[mapping]).sum())
    assert gains == sorted(gains)
