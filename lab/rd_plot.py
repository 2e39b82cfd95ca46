"""Rate-distortion curves as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from codec_lab.verdict import ClipResult, Metric, RatePoint

_METRICS = {Metric.PSNR_Y: "PSNR-Y, dB", Metric.XPSNR_Y: "XPSNR-Y, dB", Metric.VMAF: "VMAF"}


def draw(results: Sequence[ClipResult], path: Path) -> None:
    """Draw quality over bitrate, with the anchors beside the candidate.

    A column for each clip, a row for each metric that was measured.

    Parameters
    ----------
    results : sequence of ClipResult
        At least one.
    path : Path
        The picture; its suffix names the format.
    """
    measured = [
        metric
        for metric in _METRICS
        if any(point.value(metric) is not None for result in results for point in result.points)
    ]
    figure = Figure(figsize=(6 * len(results), 4.5 * len(measured)), layout="constrained")
    grid = figure.subplots(len(measured), len(results), squeeze=False)
    for metric, row in zip(measured, grid, strict=True):
        for axes, result in zip(row, results, strict=True):
            for curve in result.anchors:
                axes.plot(*_line(curve.points, metric), marker=".", linewidth=1, label=curve.anchor)
            candidate = _line(result.points, metric)
            axes.plot(*candidate, marker="o", linewidth=2, color="black", label="candidate")
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_title(f"{result.clip}, {result.width}×{result.height}")
            axes.set_xlabel("bitrate, kb/s")
            axes.set_ylabel(_METRICS[metric])
            axes.grid(visible=True, which="both", alpha=0.3)
            axes.legend()
    figure.savefig(path)


def _line(points: Sequence[RatePoint], metric: Metric) -> tuple[list[float], list[float]]:
    curve = [
        (point.bitrate_bps / 1000, value)
        for point in sorted(points, key=lambda point: point.bitrate_bps)
        if (value := point.value(metric)) is not None
    ]
    return [rate for rate, _ in curve], [value for _, value in curve]
