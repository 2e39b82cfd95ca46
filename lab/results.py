"""What experiments and evaluations measured, as tables for people."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from codec_lab.analyzing import bd_rate_interval, bd_rate_of, mean_bd_rate
from codec_lab.clip import ClipRole
from codec_lab.experiment import Experiment
from codec_lab.phase import Status
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import ClipResult, Metric
from lab.by_width import ByWidth
from lab.wording import STOPPED, percent, percent_within, short

_METRICS = {
    Metric.PSNR_Y: "PSNR-Y",
    Metric.PSNR_YUV: "YUV",
    Metric.XPSNR_Y: "XPSNR",
    Metric.SSIM_Y: "SSIM",
    Metric.VMAF: "VMAF",
    Metric.VMAF_NEG: "NEG",
}
_RATE_POINT_COLUMNS = 100
"""What a table of rate points needs with space around its numbers."""

_SUMMARY_COLUMNS = 126
"""What a summary needs with every column."""


def experiment_result(experiment: Experiment, results: Sequence[ClipResult]) -> RenderableType:
    """Show one experiment with its BD-rates."""
    title = Text.assemble(
        (experiment.experiment_id, "bold"),
        f"  {experiment.status.replace('_', ' ')}  candidate {short(experiment.candidate_sha256)}",
    )
    parts: list[RenderableType] = [title]
    if experiment.change:
        parts.append(Text(f"  {experiment.change}"))
    if results:
        parts.append(bd_rate_table(results))
    if experiment.stop_reason:
        parts.append(Text(f"  {experiment.stop_reason}"))
    elif experiment.status is Status.COMPLETED:
        parts.append(Text(f"  goal reached: {experiment.tier or 'none'}"))
    return Group(*parts)


def bd_rate_table(results: Sequence[ClipResult]) -> Table:
    """Show the BD-rate on luma PSNR by clip and anchor, with the range of quality.

    A rate that is not known is "n/a" with its reason. The mean is over the development clips, as
    in the experiment's record, with its bootstrap 95 % interval from three clips on.
    """
    anchors = _anchors(results)
    table = Table(title="BD-rate on luma PSNR", title_justify="left", title_style="dim")
    table.add_column("clip", overflow="fold")
    for anchor in anchors:
        table.add_column(anchor, justify="right", overflow="fold")
    table.add_column("PSNR-Y, dB", justify="right", overflow="fold")
    for result in results:
        table.add_row(
            _clip_name(result),
            *(_bd_rate(result, anchor) for anchor in anchors),
            _range([point.psnr_y_db for point in result.points], ".2f"),
        )
    shown = [result for result in results if result.role is ClipRole.DEVELOPMENT]
    if shown:
        table.add_section()
        table.add_row("mean", *(_mean(shown, anchor) for anchor in anchors), "")
    return table


def metric_table(results: Sequence[ClipResult]) -> Table:
    """Show the BD-rate against one anchor by clip and metric: what one gains, another may lose.

    The anchor is x265 where it was measured. What is not known is "n/a"; the reasons stand below.
    """
    anchors = _anchors(results)
    anchor = REFERENCE_ANCHOR if REFERENCE_ANCHOR in anchors else next(iter(anchors), "no anchor")
    table = Table(title=f"BD-rate against {anchor}", title_justify="left", title_style="dim")
    table.add_column("clip", overflow="fold")
    for name in _METRICS.values():
        table.add_column(name, justify="right", overflow="fold")
    reasons = []
    for result in results:
        cells = []
        for metric, name in _METRICS.items():
            found = bd_rate_of(result, anchor, metric)
            cells.append(percent(found.percent if found else None))
            if found is not None and found.reason is not None:
                reasons.append(f"{result.clip}, {name}: {found.reason}")
        table.add_row(_clip_name(result), *cells)
    table.caption = "\n".join(reasons)
    table.caption_justify = "left"
    return table


def rate_point_table(result: ClipResult) -> RenderableType:
    """Show a clip's rate points, each in a row."""
    spacious, dense = (_rate_point_table(result, padding) for padding in (1, 0))
    return ByWidth(_RATE_POINT_COLUMNS, spacious, dense)


def _rate_point_table(result: ClipResult, padding: int) -> Table:
    table = Table(
        title=f"{result.clip}, {result.width}×{result.height}, {result.frame_count} frames; "
        "rate in kb/s, PSNR in dB, CPU in ms/frame",
        title_justify="left",
        title_style="dim",
        caption=result.vmaf_reason,
        caption_justify="left",
        padding=(0, padding),
    )
    names = ("quality", "bytes", "rate", "PSNR-Y", "YUV", "XPSNR", "SSIM", "VMAF", "NEG")
    for name in (*names, "encode", "decode"):
        table.add_column(name, justify="right", overflow="fold")
    for point in result.points:
        table.add_row(
            str(point.quality),
            str(point.size_bytes),
            f"{point.bitrate_bps / 1000:.1f}",
            f"{point.psnr_y_db:.2f}",
            f"{point.psnr_yuv_db:.2f}",
            f"{point.xpsnr_y_db:.2f}",
            f"{point.ssim_y:.4f}",
            _score(point.vmaf),
            _score(point.vmaf_neg),
            _ms_per_frame(point.encode_cpu_s, result.frame_count),
            _ms_per_frame(point.decode_cpu_s, result.frame_count),
        )
    return table


def summary_table(experiments: Sequence[Experiment]) -> RenderableType:
    """Show experiments, each in a row; a narrow terminal leaves out what ``lab show`` has."""
    return ByWidth(
        _SUMMARY_COLUMNS,
        _summary_table(experiments, in_short=False),
        _summary_table(experiments, in_short=True),
    )


def _summary_table(experiments: Sequence[Experiment], *, in_short: bool) -> Table:
    table = Table()
    left_out = {"phase", "candidate", "attempts"} if in_short else set()
    names = ("experiment", "status", "phase", "candidate", "attempts", "BD-rate, x265", "goal")
    shown = [name for name in (*names, "change") if name not in left_out]
    for name in shown:
        table.add_column(name, overflow="fold")
    for experiment in sorted(experiments, key=lambda experiment: experiment.number):
        status, phase = experiment.status.replace("_", " "), experiment.phase.replace("_", " ")
        is_running = experiment.status is Status.RUNNING
        cells = {
            "experiment": experiment.experiment_id,
            "status": f"{status}, {phase}" if in_short and is_running else status,
            "phase": phase,
            "candidate": short(experiment.candidate_sha256),
            "attempts": f"V:{experiment.validation_attempts} E:{experiment.execution_attempts}",
            "BD-rate, x265": percent_within(
                experiment.bd_rate_percent,
                experiment.bd_rate_low_percent,
                experiment.bd_rate_high_percent,
            ),
            "goal": STOPPED if experiment.stop_reason else experiment.tier or "–",
            "change": experiment.change or "",
        }
        table.add_row(*(cells[name] for name in shown))
    return table


def _anchors(results: Sequence[ClipResult]) -> list[str]:
    return list(dict.fromkeys(rate.anchor for result in results for rate in result.bd_rates))


def _clip_name(result: ClipResult) -> str:
    return f"{result.clip} (hidden)" if result.role is ClipRole.HIDDEN else result.clip


def _bd_rate(result: ClipResult, anchor: str) -> str:
    found = bd_rate_of(result, anchor)
    return percent(found.percent, found.reason) if found else percent(None, "not measured")


def _mean(results: Sequence[ClipResult], anchor: str) -> str:
    mean, interval = mean_bd_rate(results, anchor), bd_rate_interval(results, anchor)
    if mean is None:
        return percent(None, "not known on every clip")
    return percent_within(mean, interval.low, interval.high)


def _score(vmaf: float | None) -> str:
    return "–" if vmaf is None else f"{vmaf:.1f}"


def _range(values: Sequence[float], form: str) -> str:
    return f"{min(values):{form}} – {max(values):{form}}"


def _ms_per_frame(cpu_s: float | None, frame_count: int) -> str:
    return "–" if cpu_s is None else f"{1000 * cpu_s / frame_count:.0f}"
