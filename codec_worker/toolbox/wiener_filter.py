"""Adaptive Wiener filter of a decoded plane: classes, samples, statistics and coefficients.

VVC's adaptive loop filter without clipping of differences (H.266 clause 8.8.5): each 4×4 block is
classified by the strength and direction of its gradients; the class names one of the transmitted
filters, the direction says how that filter is turned. A filter is a 7×7 diamond, symmetric about
its centre, with 12 integer coefficients in 1/128; the centre takes what is left of one, so that a
flat area keeps its value. Integers only.

The encoder solves the Wiener–Hopf equations for each class and merges classes whose filters are
not worth their bits (:func:`design`).
"""

import numpy as np
from numba import types

from codec_worker.toolbox.kernel import F64, I64, U8, kernel

TAPS = 12
CLASSES = 25
BLOCK = 4  # side of a classified block in samples
PRECISION = 7  # fraction bits of a coefficient
MAX_COEFFICIENT = 63

# Offsets (y, x) of one tap of each pair; the other is its mirror image at the centre.
_OFFSETS = [(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)]
_OFFSETS += [(1, -2), (1, -1), (1, 1), (1, 2), (2, -1), (2, 1)]


def _turned_offsets() -> I64:
    """Return the offsets for the four turns: none, diagonal, vertical and rotation."""
    plain = np.array(_OFFSETS, np.int64)
    diagonal = plain[:, ::-1]
    flipped = plain * [-1, 1]
    return np.stack([plain, diagonal, flipped, flipped[:, ::-1]])


OFFSETS = _turned_offsets()
# Quantised activity (H.266 clause 8.8.5.3).
_ACTIVITY = np.array([0, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4], np.int64)

_I = types.int64
_PLANE = types.uint8[:, ::1]


@kernel(types.void(_PLANE, _PLANE, _PLANE))
def classify(plane: U8, classes: U8, turns: U8) -> None:
    """Give each 4×4 block its class and the turn of its filter.

    Parameters
    ----------
    plane
        uint8 (h, w), sides multiples of 4.
    classes, turns
        uint8 (h / 4, w / 4), receive 0..24 (five directions by five activities) and 0..3.
    """
    height, width = plane.shape
    for row in range(height >> 2):
        for column in range(width >> 2):
            total_v, total_h, total_d, total_e = 0, 0, 0, 0
            for y in range(4 * row - 2, 4 * row + 6):
                ym, yp = max(y - 1, 0), min(max(y + 1, 0), height - 1)
                yc = min(max(y, 0), height - 1)
                for x in range(4 * column - 2 + (y & 1), 4 * column + 6, 2):
                    xm, xp = max(x - 1, 0), min(max(x + 1, 0), width - 1)
                    xc = min(max(x, 0), width - 1)
                    ym, xm = min(ym, height - 1), min(xm, width - 1)
                    twice = 2 * int(plane[yc, xc])
                    total_v += abs(twice - plane[ym, xc] - plane[yp, xc])
                    total_h += abs(twice - plane[yc, xm] - plane[yc, xp])
                    total_d += abs(twice - plane[ym, xm] - plane[yp, xp])
                    total_e += abs(twice - plane[ym, xp] - plane[yp, xm])
            straight_high, straight_low = max(total_v, total_h), min(total_v, total_h)
            slanted_high, slanted_low = max(total_d, total_e), min(total_d, total_e)
            if slanted_high * straight_low > straight_high * slanted_low:
                high, low, direction = slanted_high, slanted_low, 0
            else:
                high, low, direction = straight_high, straight_low, 2
            strength = 0
            if high > 2 * low:
                strength = 1
            if 2 * high > 9 * low:
                strength = 2
            activity = _ACTIVITY[min((total_v + total_h) >> 6, 15)]
            place = direction + strength if strength > 0 else 0
            classes[row, column] = 5 * place + activity
            turns[row, column] = 2 * (total_d < total_e) + (total_v < total_h)


@kernel(types.void(_PLANE, _PLANE, _PLANE, _PLANE, types.int64[:, ::1], _PLANE))
def apply(plane: U8, classes: U8, turns: U8, enabled: U8, filters: I64, out: U8) -> None:
    """Filter a plane.

    Parameters
    ----------
    plane
        uint8 (h, w), decoded samples; sides multiples of 4.
    classes, turns
        uint8 (h / 4, w / 4) from :func:`classify`.
    enabled
        uint8 (h / 4, w / 4); blocks with 0 are copied.
    filters
        int64 (CLASSES, TAPS), each class's coefficients in 1/128.
    out
        uint8 (h, w), receives the result; not ``plane``.
    """
    height, width = plane.shape
    for row in range(height >> 2):
        for column in range(width >> 2):
            top, left = row << 2, column << 2
            if not enabled[row, column]:
                out[top : top + 4, left : left + 4] = plane[top : top + 4, left : left + 4]
                continue
            weights = filters[classes[row, column]]
            offsets = OFFSETS[turns[row, column]]
            inside = top >= 3 and left >= 3 and top + 7 <= height and left + 7 <= width
            for y in range(top, top + 4):
                for x in range(left, left + 4):
                    centre = int(plane[y, x])
                    total = 64
                    for tap in range(TAPS):
                        dy, dx = offsets[tap, 0], offsets[tap, 1]
                        if inside:
                            pair = int(plane[y + dy, x + dx]) + int(plane[y - dy, x - dx])
                        else:
                            pair = int(
                                plane[
                                    min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                                ]
                            ) + int(
                                plane[
                                    min(max(y - dy, 0), height - 1), min(max(x - dx, 0), width - 1)
                                ]
                            )
                        total += weights[tap] * (pair - 2 * centre)
                    out[y, x] = min(max(centre + (total >> PRECISION), 0), 255)


@kernel(
    types.void(
        _PLANE, _PLANE, _PLANE, _PLANE, _PLANE,
        types.float64[:, :, ::1], types.float64[:, ::1], types.float64[::1],
    )
)  # fmt: skip
def gather_statistics(
    source: U8,
    plane: U8,
    classes: U8,
    turns: U8,
    enabled: U8,
    products: F64,
    targets: F64,
    energies: F64,
) -> None:
    """Add up what the Wiener–Hopf equations of each class need.

    With d the vector of the twelve pair sums minus twice the centre, and e the difference of
    source and decoded sample: ``products`` float64 (CLASSES, 12, 12) receives the sums of d dᵀ,
    ``targets`` (CLASSES, 12) those of d e, ``energies`` (CLASSES,) those of e². Only blocks
    ``enabled`` count. Sums are of integers below 2**53, hence exact.
    """
    height, width = plane.shape
    pairs = np.empty(TAPS, np.int64)
    sums = np.empty((TAPS, TAPS), np.int64)
    right = np.empty(TAPS, np.int64)
    for row in range(height >> 2):
        for column in range(width >> 2):
            if not enabled[row, column]:
                continue
            place = classes[row, column]
            offsets = OFFSETS[turns[row, column]]
            sums[:], right[:] = 0, 0
            energy = 0
            for y in range(row << 2, (row << 2) + 4):
                for x in range(column << 2, (column << 2) + 4):
                    centre = int(plane[y, x])
                    error = int(source[y, x]) - centre
                    energy += error * error
                    for tap in range(TAPS):
                        dy, dx = offsets[tap, 0], offsets[tap, 1]
                        first = plane[
                            min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                        ]
                        second = plane[
                            min(max(y - dy, 0), height - 1), min(max(x - dx, 0), width - 1)
                        ]
                        pairs[tap] = int(first) + int(second) - 2 * centre
                    for i in range(TAPS):
                        right[i] += pairs[i] * error
                        for j in range(i, TAPS):
                            sums[i, j] += pairs[i] * pairs[j]
            energies[place] += energy
            for i in range(TAPS):
                targets[place, i] += right[i]
                for j in range(i, TAPS):
                    products[place, i, j] += sums[i, j]
                    if j > i:
                        products[place, j, i] += sums[i, j]


def solve(products: F64, targets: F64) -> I64:
    """Return the integer coefficients that come close to the least squared error.

    Parameters
    ----------
    products, targets
        float64 (..., 12, 12) and (..., 12) as from :func:`gather_statistics`.

    Returns
    -------
    int64 (..., 12)
        Coefficients in 1/128, at most :data:`MAX_COEFFICIENT` in magnitude.
    """
    scale = np.trace(products, axis1=-2, axis2=-1)[..., None, None] * 1e-4 + 1.0
    exact = np.linalg.solve(products + scale * np.eye(TAPS), targets[..., None])[..., 0]
    scaled = np.round(exact * (1 << PRECISION)).astype(np.int64)
    limited: I64 = np.clip(scaled, -MAX_COEFFICIENT, MAX_COEFFICIENT)
    return limited


def gain(products: F64, targets: F64, filters: I64) -> F64:
    """Return by how much filters lower the squared error, from the statistics alone.

    Shapes as in :func:`solve`; the filters' rounding and clipping of samples is not counted.
    """
    weights = filters / (1 << PRECISION)
    curved = np.einsum("...i,...ij,...j->...", weights, products, weights)
    lowered: F64 = 2 * (weights * targets).sum(-1) - curved
    return lowered


def coefficient_bits(filters: I64) -> F64:
    """Estimate the bits of each filter from the lengths of its coefficients."""
    lengths = np.ceil(np.log2(np.abs(filters) + 1.0))
    bits: F64 = (1.0 + 1.6 * lengths).sum(-1)
    return bits


def design(products: F64, targets: F64, weight: float, most: int) -> tuple[I64, I64, float]:
    """Choose filters and which class uses which.

    Classes are merged two at a time, always those that lose least by it; of all numbers of
    filters on the way the one with the least cost is kept.

    Parameters
    ----------
    products, targets
        Statistics of the classes.
    weight
        Lagrangian weight of a bit in squared sample differences.
    most
        The largest number of filters.

    Returns
    -------
    tuple
        int64 (filters, 12), int64 (CLASSES,) with the filter of each class, and the gain in
        squared error less the weighted bits.
    """
    groups = [[index] for index in range(len(products)) if products[index].any()]
    if not groups:
        return np.zeros((1, TAPS), np.int64), np.zeros(len(products), np.int64), 0.0
    parts = [(products[index], targets[index]) for (index,) in groups]
    best: tuple[I64, I64, float] | None = None

    def gains(pairs: list[tuple[F64, F64]]) -> tuple[F64, I64]:
        r, p = np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs])
        filters = solve(r, p)
        return gain(r, p, filters), filters

    single, filters = gains(parts)
    losses: dict[tuple[int, int], float] = {}
    names = list(range(len(parts)))
    alive = dict(zip(names, parts, strict=True))
    worth = dict(zip(names, single.tolist(), strict=True))
    taps = dict(zip(names, filters, strict=True))
    members = dict(zip(names, groups, strict=True))
    fresh = [(a, b) for a in names for b in names if a < b]
    while True:
        if len(alive) <= most:
            order = list(alive)
            chosen = np.stack([taps[name] for name in order])
            map_bits = len(products) * np.log2(len(order)) if len(order) > 1 else 0.0
            score = sum(worth[name] for name in order)
            score -= weight * (coefficient_bits(chosen).sum() + map_bits)
            if best is None or score > best[2]:
                mapping = np.zeros(len(products), np.int64)
                for place, name in enumerate(order):
                    mapping[members[name]] = place
                best = chosen, mapping, float(score)
        if len(alive) == 1:
            return best  # type: ignore[return-value] # one filter is always allowed
        if fresh:
            sums = [(alive[a][0] + alive[b][0], alive[a][1] + alive[b][1]) for a, b in fresh]
            merged, _ = gains(sums)
            for (a, b), value in zip(fresh, merged.tolist(), strict=True):
                losses[a, b] = worth[a] + worth[b] - value
        a, b = min(losses, key=losses.__getitem__)
        name = max(alive) + 1
        joined = alive[a][0] + alive[b][0], alive[a][1] + alive[b][1]
        value, filter_taps = gains([joined])
        members[name] = members[a] + members[b]
        for old in (a, b):
            del alive[old], worth[old], taps[old], members[old]
        losses = {pair: loss for pair, loss in losses.items() if not {a, b} & set(pair)}
        fresh = [(other, name) for other in alive]
        alive[name], worth[name], taps[name] = joined, float(value[0]), filter_taps[0]
