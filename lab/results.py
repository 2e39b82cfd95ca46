"""What experiments and evaluations measured, as tables for people."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from codec_lab.analyzing import bd_rate_interval, bd_rate_of, mean_bd_rate
from codec_lab.clip import ClipRole
from codec_lab.experiment import Evaluation, Experiment
from codec_lab.phase import Status
from codec_lab.verdict import ClipResult
from lab.wording import percent, percent_within, rate, short


def current_results(
    experiment: Experiment, evaluations: Sequence[Evaluation]
) -> tuple[ClipResult, ...]:
    """Take the evaluations that belong to the candidate in force."""
    return tuple(
        evaluation.result
        for evaluation in evaluations
        if evaluation.candidate_sha256 == experiment.candidate_sha256
    )


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
    if experiment.status is Status.COMPLETED:
        parts.append(Text(f"  goal reached: {experiment.tier or 'none'}"))
    return Group(*parts)


def bd_rate_table(results: Sequence[ClipResult]) -> Table:
    """Show the BD-rate on luma PSNR by clip and anchor, with the range of quality.

    A rate that is not known is "n/a" with its reason. The mean is over the development clips, as
    in the experiment's record, with its bootstrap 95 % interval from three clips on.
    """
    anchors = list(dict.fromkeys(rate.anchor for result in results for rate in result.bd_rates))
    table = Table(title="BD-rate on luma PSNR", title_justify="left", title_style="dim")
    table.add_column("clip")
    for anchor in anchors:
        table.add_column(anchor, justify="right")
    table.add_column("PSNR-Y, dB", justify="right")
    table.add_column("SSIM", justify="right")
    for result in results:
        hidden = " (hidden)" if result.role is ClipRole.HIDDEN else ""
        table.add_row(
            result.clip + hidden,
            *(_bd_rate(result, anchor) for anchor in anchors),
            _range([point.psnr_y_db for point in result.points], ".2f"),
            _range([point.ssim_y for point in result.points], ".4f"),
        )
    shown = [result for result in results if result.role is ClipRole.DEVELOPMENT]
    if shown:
        table.add_section()
        table.add_row("mean", *(_mean(shown, anchor) for anchor in anchors), "", "")
    return table


def rate_point_table(result: ClipResult) -> Table:
    """Show a clip's rate points, each in a row."""
    table = Table(
        title=f"{result.clip}, {result.width}×{result.height}, {result.frame_count} frames",
        title_justify="left",
        title_style="dim",
    )
    for name in ("quality", "bytes", "rate", "PSNR-Y", "PSNR-YUV", "SSIM", "encode", "decode"):
        table.add_column(name, justify="right")
    for point in result.points:
        table.add_row(
            str(point.quality),
            str(point.size_bytes),
            rate(point.bitrate_bps),
            f"{point.psnr_y_db:.2f} dB",
            f"{point.psnr_yuv_db:.2f} dB",
            f"{point.ssim_y:.4f}",
            _ms_per_frame(point.encode_cpu_s, result.frame_count),
            _ms_per_frame(point.decode_cpu_s, result.frame_count),
        )
    return table


def summary_table(experiments: Sequence[Experiment]) -> Table:
    """Show experiments, each in a row."""
    table = Table()
    for name in ("experiment", "status", "phase", "candidate", "attempts", "BD-rate, x265", "goal"):
        table.add_column(name)
    table.add_column("change", overflow="fold")
    for experiment in sorted(experiments, key=lambda experiment: experiment.number):
        attempts = f"V:{experiment.validation_attempts} E:{experiment.execution_attempts}"
        table.add_row(
            experiment.experiment_id,
            experiment.status.replace("_", " "),
            experiment.phase.replace("_", " "),
            short(experiment.candidate_sha256),
            attempts,
            percent_within(
                experiment.bd_rate_percent,
                experiment.bd_rate_low_percent,
                experiment.bd_rate_high_percent,
            ),
            experiment.tier or "–",
            experiment.change or "",
        )
    return table


def _bd_rate(result: ClipResult, anchor: str) -> str:
    found = bd_rate_of(result, anchor)
    return percent(found.percent, found.reason) if found else percent(None, "not measured")


def _mean(results: Sequence[ClipResult], anchor: str) -> str:
    mean, interval = mean_bd_rate(results, anchor), bd_rate_interval(results, anchor)
    if mean is None:
        return percent(None, "not known on every clip")
    return percent_within(mean, interval.low, interval.high)


def _range(values: Sequence[float], form: str) -> str:
    return f"{min(values):{form}} – {max(values):{form}}"


def _ms_per_frame(cpu_s: float | None, frame_count: int) -> str:
    return "–" if cpu_s is None else f"{1000 * cpu_s / frame_count:.0f} ms/frame"
