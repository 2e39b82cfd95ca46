"""The seeds beside the anchors: ``python -m benchmarks.bench_codec [--help]``.

Prints, for each clip and in the mean, the BD-rate of a seed against every anchor and metric in
the conventions of ``docs/evaluation.md`` (the numbers are those of ``lab evaluate``), CPU
milliseconds per frame, and whether the seed beats x264 veryfast, x264 low delay and MPEG-4 on every
clip. ``--set NAME=VALUE`` changes a parameter of the seed. ``--ablate`` prints instead what each
block is worth: BD-rate and time with the block switched off, against the seed as it is; every
switch is one of the seed's declared search space.
"""

import argparse
import ast
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from codec_lab.bd_rate import RateQuality, bd_rate, least_anchor_share_percent
from codec_lab.verdict import Metric, RatePoint
from codec_worker import anchors, clips, video
from codec_worker.clips import FrozenClip
from codec_worker.codecs import seed, small
from codec_worker.contract import Clip, Planes
from codec_worker.directory_store import DirectoryStore
from codec_worker.metrics import bitrate_bps, measure, psnr_y_db, rate_point

ANCHORS = ("x264-medium", "x265-medium", "svtav1-p6", "x264-lowdelay", "mpeg4")
FLOOR = ("x264-veryfast", "x264-lowdelay", "mpeg4")
METRICS = {
    "PSNR-Y": Metric.PSNR_Y,
    "PSNR-YUV": Metric.PSNR_YUV,
    "SSIM-Y": Metric.SSIM_Y,
    "VMAF": Metric.VMAF,
}

# What the seed is without: the parameters that switch a block off.
ABLATIONS: Mapping[str, Mapping[str, object]] = {
    "deblocking": {"deblocking": 0},
    "directional filter": {"directional_filter": 0},
    "Wiener filter": {"wiener_filter": 0},
    "several Wiener filters": {"wiener_filters": 1},
    "choice of transform": {"adaptive_transform": 0},
    "halves of squares": {"halvings": 0},
    "blocks narrower than 8": {"min_side": 8},
    "several references": {"references": 1},
    "long hierarchy": {"gop_size": 4},
    "hierarchy at all": {"structure": "low_delay"},
    "QP cascading": {"key_qp_offset": 0, "layer_qp_offset": 0.0},
    "several merges tried": {"merge_trials": 1},
    "several intra modes tried": {"intra_trials": 1},
    "search over the frame": {"frame_reach": 8},
    "early stops": {"early_stop": 0},
}


class Coded(NamedTuple):
    """A clip through a codec: planes and size for each quality, CPU milliseconds per frame."""

    decoded: dict[int, tuple[int, Planes]]
    encode_ms: float
    decode_ms: float

    def points(self, clip: Clip) -> list[RatePoint]:
        """Measure every metric."""
        return [
            rate_point(quality, size_bytes, clip, measure(clip, planes))
            for quality, (size_bytes, planes) in self.decoded.items()
        ]

    def luma_curve(self, clip: Clip) -> list[RateQuality]:
        """Measure PSNR-Y alone."""
        return [
            RateQuality(bitrate_bps(size_bytes, clip), psnr_y_db(clip, planes))
            for size_bytes, planes in self.decoded.values()
        ]


def coded(codec: Any, clip: Clip, qualities: Iterable[int]) -> Coded:
    """Encode and decode a clip at each quality."""
    decoded = {}
    encode_s = decode_s = 0.0
    for quality in qualities:
        start = time.process_time()
        bitstream = codec.encode(clip, quality)
        encode_s += time.process_time() - start
        start = time.process_time()
        decoded[quality] = len(bitstream), codec.decode(bitstream)
        decode_s += time.process_time() - start
    frames = len(decoded) * len(clip.y)
    return Coded(decoded, 1000 * encode_s / frames, 1000 * decode_s / frames)


def curve(points: Iterable[RatePoint], metric: Metric) -> list[RateQuality]:
    """Give the points that have a value of a metric."""
    values = [(point.bitrate_bps, point.value(metric)) for point in points]
    return [RateQuality(rate, value) for rate, value in values if value is not None]


def percent(
    anchor: list[RateQuality], tested: list[RateQuality], metric: Metric = Metric.PSNR_Y
) -> float:
    """Give the BD-rate in percent, not a number where it is not available."""
    share = least_anchor_share_percent(metric)
    found = bd_rate(anchor, tested, min_anchor_share_percent=share).percent
    return float("nan") if found is None else found


def anchor_points(
    name: str, frozen: FrozenClip, clip: Clip, store: DirectoryStore | None
) -> Iterable[RatePoint]:
    """Measure an anchor of the lab or x264 veryfast, or take it from the store."""
    if name == "x264-veryfast":
        medium = anchors.anchor_named("x264-medium")
        fast = medium.model_copy(update={"options": {**medium.options, "preset": "veryfast"}})
        return [anchors.measure_point(fast, q, clip) for q in fast.points]
    if store is not None:
        return anchors.curve(name, frozen.source, clip, store).points
    anchor = anchors.anchor_named(name)
    return [anchors.measure_point(anchor, q, clip) for q in anchor.points]


def shown(value: float) -> str:
    """Format a BD-rate."""
    return "not available" if value != value else f"{value:+.1f} %"  # noqa: PLR0124 # NaN


def print_table(options: argparse.Namespace, codec: Any, chosen: list[FrozenClip]) -> None:
    """Print BD-rates by clip, metric and anchor, times, and the floor."""
    store = DirectoryStore(options.cache) if options.cache else None
    names = list(dict.fromkeys([*options.anchors, *FLOOR]))
    print(f"{'clip':12} {'metric':9}", *(f"{name:>15}" for name in options.anchors), "  ms/frame")
    totals: dict[tuple[str, str], list[float]] = {}
    losers = []
    for frozen in chosen:
        clip = video.read(frozen.data, frozen.source.name).clip
        tested = coded(codec, clip, options.qualities)
        points = tested.points(clip)
        reference = {name: list(anchor_points(name, frozen, clip, store)) for name in names}
        for label, metric in METRICS.items():
            seed_curve = curve(points, metric)
            values = [
                percent(curve(reference[name], metric), seed_curve, metric)
                for name in options.anchors
            ]
            for name, value in zip(options.anchors, values, strict=True):
                totals.setdefault((label, name), []).append(value)
            speed = f"  {tested.encode_ms:.0f} / {tested.decode_ms:.1f}"
            end = speed if metric is Metric.PSNR_Y else ""
            print(
                f"{frozen.source.name:12} {label:9}",
                *(f"{shown(v):>15}" for v in values),
                end,
                flush=True,
            )
        for name in FLOOR:
            value = percent(curve(reference[name], Metric.PSNR_Y), curve(points, Metric.PSNR_Y))
            if not value < 0:
                losers.append(f"{name} on {frozen.source.name} ({shown(value)})")
    for label in METRICS:
        means = [fmean(totals[label, name]) for name in options.anchors]
        print(f"{'mean':12} {label:9}", *(f"{shown(mean):>15}" for mean in means))
    beaten = "beaten on every clip" if not losers else f"not beaten: {', '.join(losers)}"
    print(f"\n{', '.join(FLOOR)}: {beaten}")


def print_ablations(options: argparse.Namespace, codec: Any, chosen: list[FrozenClip]) -> None:
    """Print what the seed loses without each block, on PSNR-Y against itself."""
    pictures = [video.read(frozen.data, frozen.source.name).clip for frozen in chosen]
    whole = [coded(codec, clip, options.qualities) for clip in pictures]
    names = [frozen.source.name for frozen in chosen]
    print(f"{'without':26}", *(f"{name:>14}" for name in names), f"{'mean':>9} encode  decode")
    before = dict(codec.PARAMETERS)
    for label, switched in ABLATIONS.items():
        codec.PARAMETERS.update(switched)
        parts = [coded(codec, clip, options.qualities) for clip in pictures]
        codec.PARAMETERS.update(before)
        losses = [
            percent(full.luma_curve(clip), part.luma_curve(clip))
            for clip, full, part in zip(pictures, whole, parts, strict=True)
        ]
        encode = sum(p.encode_ms for p in parts) / sum(w.encode_ms for w in whole)
        decode = sum(p.decode_ms for p in parts) / sum(w.decode_ms for w in whole)
        cells = (f"{shown(loss):>14}" for loss in losses)
        print(
            f"{label:26}",
            *cells,
            f"{shown(fmean(losses)):>9} ×{encode:.2f}  ×{decode:.2f}",
            flush=True,
        )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--codec", choices=["seed", "small"], default="seed")
    parser.add_argument("--clips", type=Path, help="folder of clips; default: those of the lab")
    parser.add_argument("--frames", type=int, default=clips.DEFAULT_FRAMES)
    parser.add_argument("--qualities", type=int, nargs="+", default=[30, 40, 50, 60])
    parser.add_argument("--anchors", nargs="+", default=list(ANCHORS), choices=ANCHORS)
    parser.add_argument("--cache", type=Path, help="folder that keeps the anchors' curves")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--ablate", action="store_true", help="print what each block is worth")
    options = parser.parse_args()
    if options.ablate and options.codec != "seed":
        parser.error("--ablate switches blocks of the seed alone: leave --codec small out")
    return options


def main() -> None:
    """Print what the command line asks for."""
    options = arguments()
    codec: Any = {"seed": seed, "small": small}[options.codec]
    for change in options.set:
        name, _, value = change.partition("=")
        if name not in codec.PARAMETERS:
            raise SystemExit(f"{name!r} is no parameter; there are {', '.join(codec.PARAMETERS)}.")
        codec.PARAMETERS[name] = value if value.isidentifier() else ast.literal_eval(value)
    chosen = (
        clips.load_folder(options.clips, options.frames)
        if options.clips
        else clips.default_clips(options.frames)
    )
    (print_ablations if options.ablate else print_table)(options, codec, list(chosen))


if __name__ == "__main__":
    main()
