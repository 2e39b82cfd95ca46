"""Rate-distortion curves as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from codec_lab.verdict import ClipResult, RatePoint


def draw(results: Sequence[ClipResult], path: Path) -> None:
    """Draw luma PSNR over bitrate, a panel for each clip, with the anchors beside the candidate.

    Parameters
    ----------
    results : sequence of ClipResult
        At least one.
    path : Path
        The picture; its suffix names the format.
    """
    figure = Figure(figsize=(6 * len(results), 4.5), layout="constrained")
    for axes, result in zip(
        figure.subplots(1, len(results), squeeze=False)[0], results, strict=True
    ):
        for curve in result.anchors:
            axes.plot(*_line(curve.points), marker=".", linewidth=1, label=curve.anchor)
        axes.plot(*_line(result.points), marker="o", linewidth=2, color="black", label="candidate")
        axes.set_xscale("log")
        axes.set_title(f"{result.clip}, {result.width}×{result.height}")
        axes.set_xlabel("bitrate, kb/s")
        axes.set_ylabel("PSNR-Y, dB")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
    figure.savefig(path)


def _line(points: Sequence[RatePoint]) -> tuple[list[float], list[float]]:
    ordered = sorted(points, key=lambda point: point.bitrate_bps)
    return [p.bitrate_bps / 1000 for p in ordered], [p.psnr_y_db for p in ordered]
