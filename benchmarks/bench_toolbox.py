"""Blocks of the toolbox beside the obvious alternative, as ratios within one run.

``python benchmarks/bench_toolbox.py`` prints how many times faster a block is than the
alternative named; both do the same work on the same data in the same process.
"""

import time
from collections.abc import Callable

import constriction
import numpy as np
import scipy.fft
import scipy.ndimage

from codec_worker.toolbox import (
    chroma_from_luma,
    directional_filter,
    distortion,
    film_grain,
    global_motion,
    interpolation,
    intra,
    mixing,
    motion_search,
    overlapped,
    quantisation,
    range_coder,
    rdoq,
    residual,
    transform,
    wiener_filter,
)

Row = tuple[str, str, float, float]


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Best of several runs, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def bench_transform() -> Row:
    """Forward transforms of the 8×8 blocks of a CIF frame, one by one, and by scipy at once."""
    blocks = np.random.default_rng(0).integers(-255, 256, (1584, 8, 8)).astype(np.int32)
    scratch = np.zeros((32, 32), np.int32)

    def ours() -> None:
        for block in blocks:
            scratch[:8, :8] = block
            transform.forward(scratch, 3, 3, transform.DCT2, transform.DCT2)

    def theirs() -> None:
        for block in blocks:
            scipy.fft.dctn(block.astype(float), norm="ortho")

    return "transform.forward 8×8", "scipy.fft.dctn", seconds(ours), seconds(theirs)


def bench_interpolation() -> Row:
    """All sixteen phases of a CIF frame, and by scipy's separable convolution."""
    plane = np.random.default_rng(0).integers(0, 256, (288, 352), np.uint8)
    margin = interpolation.MARGIN
    out = np.empty((16, 288 + 2 * margin, 352 + 2 * margin), np.uint8)

    def theirs() -> None:
        padded = np.pad(plane, margin, "edge").astype(np.int32)
        for taps_x in interpolation.LUMA_FILTERS:
            across = scipy.ndimage.correlate1d(padded, taps_x, axis=1)
            for taps_y in interpolation.LUMA_FILTERS:
                whole = scipy.ndimage.correlate1d(across, taps_y, axis=0)
                np.clip((whole + 2048) >> 12, 0, 255).astype(np.uint8)

    ours = seconds(lambda: interpolation.quarter_planes(plane, out))
    return "interpolation.quarter_planes", "scipy.ndimage", ours, seconds(theirs)


def bench_entropy_coding() -> Row:
    """Code a dense 32×32 block with adaptive contexts, and by constriction with a fixed model."""
    levels = np.random.default_rng(0).laplace(0, 1.5, (32, 32)).astype(np.int32)
    model = constriction.stream.model.QuantizedLaplace(-100, 100, 0.0, 1.5)

    def ours() -> None:
        coder = range_coder.encoder(residual.CONTEXTS, 1 << 16)
        for _ in range(20):
            residual.code_levels(coder, 0, 1, levels, 5, 5)

    def theirs() -> None:
        coder = constriction.stream.queue.RangeEncoder()
        for _ in range(20):
            coder.encode(levels.ravel(), model)

    return "residual.code_levels 32×32", "constriction", seconds(ours), seconds(theirs)


def bench_satd() -> Row:
    """Hadamard distance of a 16×16 block, and the same in plain numpy."""
    a, b = np.random.default_rng(0).integers(0, 256, (2, 64, 64), np.uint8)
    hadamard = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])

    def ours() -> None:
        for _ in range(1000):
            distortion.satd(a, 0, 0, b, 1, 1, 16, 16)

    def theirs() -> None:
        for _ in range(1000):
            difference = a[:16, :16].astype(int) - b[1:17, 1:17]
            blocks = difference.reshape(4, 4, 4, 4).swapaxes(1, 2)
            abs(hadamard @ blocks @ hadamard).sum()

    return "distortion.satd 16×16", "numpy", seconds(ours), seconds(theirs)


def bench_quantisation() -> Row:
    """Dead-zone quantisation of 32×32 blocks, and the same in plain numpy."""
    block = np.random.default_rng(0).integers(-2000, 2000, (32, 32)).astype(np.int32)

    def ours() -> None:
        for _ in range(300):
            quantisation.quantise(block.copy(), 32, 32, 30, 0.2)

    def theirs() -> None:
        scale = quantisation.step(30) * 4
        for _ in range(300):
            (np.sign(block) * np.floor(abs(block) / scale + 0.2)).astype(np.int32)

    return "quantisation.quantise 32×32", "numpy", seconds(ours), seconds(theirs)


def bench_rdoq() -> Row:
    """Levels of 16×16 blocks by rate and distortion, and by plain rounding in numpy."""
    block = np.random.default_rng(0).laplace(0, 200, (32, 32)).astype(np.int32)
    levels, rows = np.zeros((32, 32), np.int32), range_coder.contexts(residual.CONTEXTS)

    def ours() -> None:
        for _ in range(100):
            rdoq.optimise(block, levels, 4, 4, 30, 40.0, rows, 0, 1)

    def theirs() -> None:
        scale = quantisation.step(30) * 4
        for _ in range(100):
            np.rint(block[:16, :16] / scale).astype(np.int32)

    return "rdoq.optimise 16×16", "numpy, rounding", seconds(ours), seconds(theirs)


def bench_intra() -> Row:
    """Planar prediction of 16×16 blocks, and the same in numpy."""
    border = np.random.default_rng(0).integers(0, 256, 65).astype(np.int32)
    out = np.zeros((16, 16), np.uint8)
    weight = np.arange(1, 17)

    def ours() -> None:
        for _ in range(300):
            intra.predict(border, 16, 16, intra.PLANAR, 1, out, 0, 0)

    def theirs() -> None:
        for _ in range(300):
            left, top = border[31:15:-1, None], border[33:49][None]
            across = (16 - weight) * left + weight * border[49]
            down = (16 - weight)[:, None] * top + weight[:, None] * border[15]
            ((across + down + 16) >> 5).astype(np.uint8)

    return "intra.predict planar 16×16", "numpy", seconds(ours), seconds(theirs)


def bench_search() -> Row:
    """Vectors of a CIF frame to a quarter sample, and to whole samples within ±8 in numpy."""
    rng = np.random.default_rng(0)
    plane = scipy.ndimage.gaussian_filter(rng.integers(0, 256, (288, 352)).astype(float), 2)
    plane = ((plane - plane.min()) * 255 / np.ptp(plane)).astype(np.uint8)
    moved = np.roll(plane, (2, -3), (0, 1))
    planes = interpolation.reference([plane, plane[::2, ::2].copy(), plane[::2, ::2].copy()])[0]
    vectors = np.zeros((18, 22, 2), np.int16)

    def theirs() -> None:
        padded = np.pad(plane.astype(np.int16), 8, "edge")
        best = np.full((18, 22), 1 << 30)
        for dy in range(17):
            for dx in range(17):
                distance = abs(padded[dy : dy + 288, dx : dx + 352] - moved)
                best = np.minimum(best, distance.reshape(18, 16, 22, 16).sum((1, 3)))

    ours = seconds(lambda: motion_search.search_frame(moved, planes, 16, 8, 2.0, vectors), 3)
    return "motion_search.search_frame CIF", "numpy, ±8 whole", ours, seconds(theirs, 1)


def bench_wiener() -> Row:
    """Filter a CIF plane adaptively, and by one fixed 7×7 filter by scipy."""
    plane = np.random.default_rng(0).integers(0, 256, (288, 352), np.uint8)
    classes, turns = np.zeros((2, 72, 88), np.uint8)
    filters, out = np.full((25, 12), 3, np.int64), np.empty_like(plane)

    def ours() -> None:
        wiener_filter.classify(plane, classes, turns)
        wiener_filter.apply(plane, classes, turns, np.ones_like(classes), filters, out)

    theirs = seconds(lambda: scipy.ndimage.correlate(plane.astype(np.int32), np.ones((7, 7), int)))
    return "wiener_filter CIF", "scipy.ndimage 7×7", seconds(ours), theirs


def bench_directional() -> Row:
    """Directional enhancement of a CIF plane, and scipy's 3×3 median."""
    plane = np.random.default_rng(0).integers(100, 140, (288, 352), np.uint8)
    ways, variances = np.zeros((36, 44), np.uint8), np.zeros((36, 44), np.int64)
    on, out = np.ones((36, 44), np.uint8), np.empty_like(plane)

    def ours() -> None:
        directional_filter.directions(plane, ways, variances)
        directional_filter.enhance(plane, ways, variances, on, 4, 2, 5, 1, out)

    theirs = seconds(lambda: scipy.ndimage.median_filter(plane, 3))
    return "directional_filter CIF", "scipy.ndimage median", seconds(ours), theirs


def bench_chroma_from_luma() -> Row:
    """8×8 chroma blocks from luma, and by numpy's least squares on the same neighbours."""
    rng = np.random.default_rng(0)
    luma = rng.integers(0, 256, (64, 64), np.uint8)
    chroma = rng.integers(0, 256, (32, 32), np.uint8)
    model, out = np.zeros(2, np.int64), np.zeros((8, 8), np.uint8)

    def ours() -> None:
        for _ in range(100):
            chroma_from_luma.line(luma, chroma, 8, 8, 8, 8, 1, 1, model)
            chroma_from_luma.predict(luma, 8, 8, 8, 8, model, out, 0, 0)

    def theirs() -> None:
        for _ in range(100):
            small = luma.reshape(32, 2, 32, 2).mean((1, 3))
            slope, offset = np.polyfit(small[7, 8:16], chroma[7, 8:16], 1)
            np.clip(small[8:16, 8:16] * slope + offset, 0, 255).astype(np.uint8)

    return "chroma_from_luma 8×8", "numpy.polyfit", seconds(ours), seconds(theirs)


def bench_overlapped() -> Row:
    """Blending of 16×16 blocks, and the same in numpy."""
    target, other = np.random.default_rng(0).integers(0, 256, (2, 16, 16), np.uint8)
    weights = overlapped.MASKS[3, :8, None]

    def ours() -> None:
        for _ in range(300):
            overlapped.blend(target, 0, 0, 16, 16, other, overlapped.ABOVE)

    def theirs() -> None:
        for _ in range(300):
            ((weights * target[:8] + (64 - weights) * other[:8] + 32) >> 6).astype(np.uint8)

    return "overlapped.blend 16×16", "numpy", seconds(ours), seconds(theirs)


def bench_global_motion() -> Row:
    """Predict a CIF plane by an affine model, and by scipy's (linear interpolation)."""
    plane = np.random.default_rng(0).integers(0, 256, (288, 352), np.uint8)
    planes = interpolation.reference([plane, plane[::2, ::2].copy(), plane[::2, ::2].copy()])[0]
    model = np.array([[20, 0, 0.01], [-8, 0.01, 0]]) * global_motion.ONE
    whole, vectors = model.astype(np.int64), np.zeros((72, 88, 2), np.int16)
    out = np.empty_like(plane)

    def ours() -> None:
        global_motion.motion_field(whole, 4, vectors)
        global_motion.compensate(planes, vectors, 4, out)

    turn = np.array([[1, 0.0025], [0.0025, 1]])
    theirs = seconds(lambda: scipy.ndimage.affine_transform(plane, turn, (5, -2), order=1))
    return "global_motion CIF", "scipy.ndimage affine", seconds(ours), theirs


def bench_mixing() -> Row:
    """20,000 bins by two mixed models, and by one adaptive context of the range coder."""
    models = np.array([0, 1], np.int64)

    def ours() -> None:
        coder, mixer = range_coder.encoder(1, 10_000), mixing.mixer(2, 1, 2)
        for index in range(20_000):
            mixing.code_mixed(coder, mixer, 0, models, 0, index & 1)

    def theirs() -> None:
        coder = range_coder.encoder(1, 10_000)
        for index in range(20_000):
            range_coder.code_bin(coder, 0, index & 1)

    return "mixing.code_mixed, from Python", "range_coder.code_bin", seconds(ours), seconds(theirs)


def bench_film_grain() -> Row:
    """Grain on a CIF plane, and white noise by numpy's generator."""
    plane = np.full((288, 352), 120, np.uint8)
    grain = film_grain.Grain(np.full(12, 5, np.int64), np.full(8, 48, np.int64), 7)

    def theirs() -> None:
        noise = np.random.default_rng(7).normal(0, 3, plane.shape)
        np.clip(plane + noise, 0, 255).astype(np.uint8)

    ours = seconds(lambda: film_grain.add(plane, grain, 0))
    return "film_grain.add CIF", "numpy, white", ours, seconds(theirs)


def main() -> None:
    """Print the table."""
    print(f"{'block':34} {'ms':>9}   {'alternative':20} {'ms':>9} {'times faster':>13}")
    for bench in (
        bench_transform,
        bench_interpolation,
        bench_entropy_coding,
        bench_satd,
        bench_quantisation,
        bench_rdoq,
        bench_intra,
        bench_search,
        bench_wiener,
        bench_directional,
        bench_chroma_from_luma,
        bench_overlapped,
        bench_global_motion,
        bench_mixing,
        bench_film_grain,
    ):
        name, alternative, ours, theirs = bench()
        ratio = theirs / ours
        print(f"{name:34} {ours * 1e3:9.2f}   {alternative:20} {theirs * 1e3:9.2f} {ratio:13.1f}")


if __name__ == "__main__":
    main()
