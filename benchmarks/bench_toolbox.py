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
    distortion,
    interpolation,
    quantisation,
    range_coder,
    residual,
    transform,
)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Best of several runs, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def bench_transform() -> tuple[str, str, float, float]:
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


def bench_interpolation() -> tuple[str, str, float, float]:
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


def bench_entropy_coding() -> tuple[str, str, float, float]:
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


def bench_satd() -> tuple[str, str, float, float]:
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


def bench_quantisation() -> tuple[str, str, float, float]:
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


def main() -> None:
    """Print the table."""
    print(f"{'block':34} {'ms':>9}   {'alternative':16} {'ms':>9} {'times faster':>13}")
    for bench in (
        bench_transform,
        bench_interpolation,
        bench_entropy_coding,
        bench_satd,
        bench_quantisation,
    ):
        name, alternative, ours, theirs = bench()
        ratio = theirs / ours
        print(f"{name:34} {ours * 1e3:9.2f}   {alternative:16} {theirs * 1e3:9.2f} {ratio:13.1f}")


if __name__ == "__main__":
    main()
