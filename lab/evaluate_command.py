"""``lab evaluate``: judge any codec module on this machine, without a cloud."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from codec_lab.errors import ConfigurationError
from codec_lab.job import JobKind
from codec_lab.plan import DEFAULT_ANCHORS
from codec_lab.verdict import Verdict
from codec_worker.clips import FrozenClip
from lab.opening import chosen_clips
from lab.options import AsJson, Frames, StateDir
from lab.results import bd_rate_table, metric_table, rate_point_table
from lab.settings import DEFAULT_STATE_DIR
from lab.terminal import console
from lab.watched_store import WatchedStore

PLOT_SUFFIXES = (".png", ".svg")


def evaluate(
    module: Annotated[
        Path, typer.Argument(metavar="FILE.py", help="Codec module, or a folder with codec.py.")
    ],
    clips: Annotated[Path | None, typer.Option(help="Folder of your own clips.")] = None,
    frames: Frames = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            help="Compare with this anchor, e.g. vvenc-fast; may be given several times.",
            show_default=", ".join(DEFAULT_ANCHORS),
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the rate-distortion curves: FILE.png or FILE.svg.")
    ] = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Judge a codec module on this machine; the exit code is 1 if it fails."""
    if plot is not None and plot.suffix.lower() not in PLOT_SUFFIXES:
        raise ConfigurationError(f"--plot takes a .png or .svg file, not {plot.name}.")
    if plot is not None and not plot.parent.is_dir():
        raise ConfigurationError(f"There is no folder {plot.parent} for {plot.name}: make it.")
    try:
        # The sandbox loads libseccomp when it is imported.
        from codec_worker.anchors import anchor_named  # noqa: PLC0415
        from codec_worker.evaluate import Terms, evaluate_module  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            f"The bench's sandbox needs Linux with libseccomp: {error}."
        ) from error
    bench_dir = state_dir / "bench"
    terms = Terms(
        anchors=tuple(anchor or DEFAULT_ANCHORS), run=next_run_number(bench_dir / "objects")
    )
    for name in terms.anchors:
        anchor_named(name)  # refused here, before anything is measured
    words = Console(stderr=True, highlight=False, markup=False)
    store = WatchedStore(bench_dir / "objects", words)
    chosen = _with_notices(chosen_clips(clips, frames, terms.anchors), words)
    verdict = evaluate_module(module, chosen, store, bench_dir / "clips", terms)
    if as_json:
        typer.echo(verdict.model_dump_json(indent=2))
    else:
        print_verdict(verdict, console)
    if plot is not None and verdict.results:
        # Of all commands only this one draws, and matplotlib takes long to import.
        from lab.rd_plot import draw  # noqa: PLC0415

        draw(verdict.results, plot)
        words.print(f"Wrote {plot}.")
    raise typer.Exit(0 if verdict.passed else 1)


def next_run_number(objects_dir: Path) -> int:
    """Give the number after the greatest that the store has: a new evaluation joins none."""
    names = (path.name.removeprefix("run-") for path in objects_dir.glob("experiments/*/run-*"))
    return max((int(name) for name in names if name.isdecimal()), default=0) + 1


def _with_notices(clips: Iterable[FrozenClip], words: Console) -> Iterator[FrozenClip]:
    for frozen in clips:
        for notice in frozen.notices:
            words.print(f"{frozen.source.name}: {notice}", soft_wrap=True)
        yield frozen


def print_verdict(verdict: Verdict, terminal: Console) -> None:
    """Show what the bench found."""
    fault = verdict.fault
    if fault is not None:
        where = "validation" if verdict.kind is JobKind.VALIDATE else "measurement"
        terminal.print(f"Failed in {where}: {fault.error_type}: {fault.message}")
        if fault.traceback:
            terminal.print(fault.traceback)
        if fault.log_tail:
            terminal.print(f"It printed last:\n{fault.log_tail}")
        return
    for result in verdict.results:
        terminal.print(rate_point_table(result))
    terminal.print(metric_table(verdict.results))
    terminal.print(bd_rate_table(verdict.results))
