"""The drawing of rate-distortion curves on a clip."""

from typing import NamedTuple

from codec_lab.report.models import ClipCurves, Curve
from reports.axes import Axis, linear, logarithmic
from reports.wording import decimal, kilobits

WIDTH, HEIGHT = 470, 330
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 44

_ANCHORS = ("x264", "x265", "svtav1", "vp9", "vvenc")


class Mark(NamedTuple):
    """A rate point on the drawing."""

    x: float
    y: float
    text: str


class Line(NamedTuple):
    """A curve on the drawing.

    Attributes
    ----------
    look : str
        The class of its colour and dashes: an anchor has the same one in every drawing.
    """

    codec: str
    look: str
    path: str
    marks: tuple[Mark, ...]


class RdPlot(NamedTuple):
    """Everything that is drawn; the best experiment's line comes last and lies on top."""

    x: Axis
    y: Axis
    lines: tuple[Line, ...]


def look_of_anchor(anchor: str) -> str:
    """Name the look of an anchor's curve."""
    return next((name for name in _ANCHORS if anchor.startswith(name)), "other")


def rd_plot(clip: ClipCurves) -> RdPlot:
    """Draw luma PSNR over a logarithmic rate."""
    points = [point for curve in (*clip.anchors, *clip.curves) for point in curve.points]
    x = logarithmic([point.bitrate_bps / 1000 for point in points], LEFT, WIDTH - RIGHT)
    y = linear([point.psnr_y_db for point in points], HEIGHT - BOTTOM, TOP)
    anchors = [_line(curve, look_of_anchor(curve.codec), x, y) for curve in clip.anchors]
    leaders = [_line(curve, f"leader-{n}", x, y) for n, curve in enumerate(clip.curves, 1)]
    return RdPlot(x, y, (*anchors, *reversed(leaders)))


def _line(curve: Curve, look: str, x: Axis, y: Axis) -> Line:
    marks = tuple(
        Mark(
            x.at(point.bitrate_bps / 1000),
            y.at(point.psnr_y_db),
            f"{curve.codec}: {kilobits(point.bitrate_bps)} kb/s, "
            f"{decimal(point.psnr_y_db)} dB PSNR-Y",
        )
        for point in curve.points
    )
    path = "M" + "L".join(f"{mark.x},{mark.y}" for mark in marks)
    return Line(curve.codec, look, path, marks)
