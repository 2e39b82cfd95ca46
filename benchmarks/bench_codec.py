"""The seeds beside the anchors: ``python -m benchmarks.bench_codec [--help]``.

Prints, for each clip and in the mean, the BD-rate of a seed against every anchor in the
conventions of ``docs/evaluation.md``, and CPU milliseconds per frame. ``--set NAME=VALUE`` changes
a parameter of the seed, so the worth of a tool is the difference of two tables.
"""

import argparse
import ast
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from codec_lab.bd_rate import RateQuality, bd_rate
from codec_worker import anchors, clips, video
from codec_worker.codecs import seed, small
from codec_worker.contract import Clip
from codec_worker.metrics import bitrate_bps, measure

METRICS = {"PSNR-Y": "psnr_y_db", "PSNR-YUV": "psnr_yuv_db", "SSIM": "ssim_y"}


def curves_of(points: list[tuple[float, Any]]) -> dict[str, list[RateQuality]]:
    """Give one rate-distortion curve for each metric."""
    return {
        metric: [RateQuality(rate, getattr(quality, field)) for rate, quality in points]
        for metric, field in METRICS.items()
    }


def seed_curves(
    codec: Any, clip: Clip, qualities: list[int]
) -> tuple[dict[str, list[RateQuality]], float, float]:
    """Measure a seed; return its curves and CPU milliseconds per frame of encode and decode."""
    points = []
    encode_s = decode_s = 0.0
    for quality in qualities:
        start = time.process_time()
        bitstream = codec.encode(clip, quality)
        encode_s += time.process_time() - start
        start = time.process_time()
        planes = codec.decode(bitstream)
        decode_s += time.process_time() - start
        points.append((bitrate_bps(len(bitstream), clip), measure(clip, planes)))
    frames = len(qualities) * len(clip.y)
    return curves_of(points), 1000 * encode_s / frames, 1000 * decode_s / frames


def anchor_curves(anchor: anchors.Anchor, clip: Clip) -> dict[str, list[RateQuality]]:
    """Measure an anchor at all of its points."""
    points = [anchors.measure_point(anchor, q, clip) for q in anchor.points]
    return curves_of([(point.bitrate_bps, point) for point in points])


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--codec", choices=["seed", "small"], default="seed")
    parser.add_argument("--clips", type=Path, help="folder of clips; default: those of the lab")
    parser.add_argument("--frames", type=int, default=clips.DEFAULT_FRAMES)
    parser.add_argument("--qualities", type=int, nargs="+", default=[30, 40, 50, 60])
    parser.add_argument("--anchors", nargs="+", default=list(anchors.table()))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    options = arguments()
    codec: Any = {"seed": seed, "small": small}[options.codec]
    for change in options.set:
        name, _, value = change.partition("=")
        codec.PARAMETERS[name] = value if value.isidentifier() else ast.literal_eval(value)
    chosen = (
        clips.load_folder(options.clips, options.frames)
        if options.clips
        else clips.default_clips(options.frames)
    )
    print(f"{'clip':12} {'metric':9}", *(f"{name:>15}" for name in options.anchors), "  ms/frame")
    totals: dict[tuple[str, str], list[float]] = {}
    for frozen in chosen:
        clip = video.read(frozen.data, frozen.source.name).clip
        tested, encode_ms, decode_ms = seed_curves(codec, clip, options.qualities)
        reference = {
            name: anchor_curves(anchors.anchor_named(name), clip) for name in options.anchors
        }
        for metric in METRICS:
            percents = []
            for name in options.anchors:
                percent = bd_rate(reference[name][metric], tested[metric]).percent
                percents.append("not available" if percent is None else f"{percent:+.1f} %")
                totals.setdefault((metric, name), []).append(
                    float("nan") if percent is None else percent
                )
            speed = f"  {encode_ms:.0f} / {decode_ms:.1f}" if metric == "PSNR-Y" else ""
            print(f"{frozen.source.name:12} {metric:9}", *(f"{p:>15}" for p in percents), speed)
    for metric in METRICS:
        means = [fmean(totals[metric, name]) for name in options.anchors]
        shown = ("not available" if np.isnan(mean) else f"{mean:+.1f} %" for mean in means)
        print(f"{'mean':12} {metric:9}", *(f"{mean:>15}" for mean in shown))


if __name__ == "__main__":
    main()
