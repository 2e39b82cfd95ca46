"""Directional enhancement: directions, constraint, ringing goes while edges stay."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.toolbox import directional_filter as directional


def analysed(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ways = np.zeros([side // 8 for side in plane.shape], np.uint8)
    variances = np.zeros(ways.shape, np.int64)
    directional.directions(plane, ways, variances)
    return ways, variances


def enhanced(plane, primary, secondary, damping=4, on=None, luma=1):
    big = plane if luma else plane.repeat(2, 0).repeat(2, 1)
    ways, variances = analysed(big)
    enabled = np.ones(ways.shape, np.uint8) if on is None else on
    out = np.zeros_like(plane)
    directional.enhance(plane, ways, variances, enabled, primary, secondary, damping, luma, out)
    return out


# Lines through the block, by the direction of AV1's clause 7.15.2: 0 rises at 45 degrees,
# 2 is horizontal, 4 falls, 6 is vertical.
@pytest.mark.parametrize(
    ("way", "coordinate"),
    [
        (0, lambda y, x: x + y),
        (1, lambda y, x: 2 * y + x),
        (2, lambda y, x: y),
        (3, lambda y, x: 2 * y - x),
        (4, lambda y, x: x - y),
        (5, lambda y, x: 2 * x - y),
        (6, lambda y, x: x),
        (7, lambda y, x: 2 * x + y),
    ],
)
def test_direction_follows_the_lines(way, coordinate):
    y, x = np.mgrid[0:8, 0:8]
    plane = (128 + 90 * np.sin(coordinate(y, x) * 0.8 + 0.3)).astype(np.uint8)
    ways, variances = analysed(plane)
    assert ways[0, 0] == way
    assert variances[0, 0] > 100


def test_flat_block_has_no_variance_and_stays():
    plane = np.full((16, 16), 90, np.uint8)
    ways, variances = analysed(plane)
    assert not ways.any()
    assert not variances.any()
    np.testing.assert_array_equal(enhanced(plane, 8, 4), plane)


@pytest.mark.parametrize(
    ("difference", "strength", "shift", "expected"),
    # By the formula of clause 7.15.3: min(|d|, max(0, strength - (|d| >> shift))), signed.
    [(3, 4, 2, 3), (-3, 4, 2, -3), (8, 4, 2, 2), (16, 4, 2, 0), (40, 4, 2, 0), (7, 0, 3, 0)],
)
def test_constraint_by_the_standard(difference, strength, shift, expected):
    assert directional.constrain(difference, strength, shift) == expected


def plain_limit(difference, strength, damping):
    """The function constrain() of clause 7.15.3."""
    if not strength:
        return 0
    shift = max(0, damping - (strength.bit_length() - 1))
    size = min(abs(difference), max(0, strength - (abs(difference) >> shift)))
    return size if difference > 0 else -size


def plain_sample(plane, y, x, way, strength, secondary, damping):
    """One sample by clause 7.15.3, from the text of the standard."""
    centre, total, seen = int(plane[y, x]), 0, [int(plane[y, x])]
    taps = ((4, 2), (3, 3))[strength & 1]
    for k, sign, turn in itertools.product(range(2), (-1, 1), (0, 2, -2)):
        dy, dx = directional.DIRECTIONS[(way + turn) & 7][k] * sign
        if 0 <= y + dy < plane.shape[0] and 0 <= x + dx < plane.shape[1]:
            other = int(plane[y + dy, x + dx])
            seen.append(other)
            if turn == 0:
                total += taps[k] * plain_limit(other - centre, strength, damping)
            else:
                total += (2, 1)[k] * plain_limit(other - centre, secondary, damping)
    value = centre + ((8 + total - (total < 0)) >> 4)
    return min(max(value, min(seen)), max(seen))


def plain_enhance(plane, ways, variances, primary, secondary, damping):
    """A luma plane by clauses 7.15.1 and 7.15.3."""
    out = plane.copy()
    for y, x in np.ndindex(plane.shape):
        var, way = int(variances[y // 8, x // 8]), int(ways[y // 8, x // 8])
        grade = min((var >> 6).bit_length() - 1, 12) if var >> 6 else 0
        strength = (primary * (4 + grade) + 8) >> 4 if var else 0
        if strength or secondary:
            way = way if primary else 0
            out[y, x] = plain_sample(plane, y, x, way, strength, secondary, damping)
    return out


@settings(max_examples=12)
@given(
    st.integers(0, 15), st.sampled_from(directional.SECONDARY), st.integers(3, 6),
    st.integers(0, 99), st.integers(3, 120),
)  # fmt: skip
def test_filtering_follows_the_standard(primary, secondary, damping, seed, spread):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:16, 0:24]
    texture = 128 + 40 * np.sin((x + 2 * y + seed) / 3) + rng.normal(0, spread / 3, x.shape)
    plane = texture.clip(0, 255).astype(np.uint8)
    expected = plain_enhance(plane, *analysed(plane), primary, secondary, damping)
    np.testing.assert_array_equal(enhanced(plane, primary, secondary, damping), expected)


def test_ringing_beside_an_edge_goes_and_the_edge_stays():
    clean = np.full((32, 32), 60, np.uint8)
    clean[:, 16:] = 190
    rng = np.random.default_rng(4)
    ringing = (clean + rng.integers(-4, 5, clean.shape)).clip(0, 255).astype(np.uint8)
    result = enhanced(ringing, 4, 2)
    before = ((ringing.astype(int) - clean) ** 2).sum()
    after = ((result.astype(int) - clean) ** 2).sum()
    assert after < 0.6 * before
    assert (result[:, 16].astype(int) - result[:, 15]).min() > 115


@pytest.mark.parametrize("luma", [0, 1])
def test_blocks_that_are_off_are_copied(luma):
    plane = np.random.default_rng(0).integers(100, 110, (16, 16), np.uint8)
    blocks = (2, 2) if luma else (4, 4)
    on = np.zeros(blocks, np.uint8)
    on[0, 1] = 1
    out = enhanced(plane, 4, 2, 4, on, luma)
    side = 8 if luma else 4
    changed = np.argwhere(out != plane)
    assert len(changed)
    assert (changed // side == (0, 1)).all()
