"""``lab reproduce``: measure a finished experiment again on this machine, and compare."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from aws_lambda_powertools import Logger
from rich.console import Console

from codec_lab import documents, keys
from codec_lab.errors import ConfigurationError
from codec_lab.verdict import Verdict
from lab.options import AsJson, ExperimentName, Profile, Region, StateDir, target_at
from lab.settings import DEFAULT_STATE_DIR
from lab.terminal import console
from lab.watched_store import WatchedStore

if TYPE_CHECKING:
    from codec_worker.reproduction import Difference, Reproduction

_SHOWN = 20


def reproduce(
    experiment: ExperimentName,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Measure an experiment again on this machine; the exit code is 1 if anything differs."""
    try:
        # The sandbox loads libseccomp when it is imported.
        from codec_worker.reproduction import compare, measure_again  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            f"The bench's sandbox needs Linux with libseccomp: {error}."
        ) from error
    target = target_at(profile, region, state_dir)
    record = target.records.experiment(experiment)
    if record.verdict_key is None:
        raise ConfigurationError(f"{experiment} was not measured in full: nothing to reproduce.")
    stored = documents.load(target.objects, record.verdict_key, Verdict)
    if not stored.results:
        raise ConfigurationError(f"{experiment} failed: there is nothing to reproduce.")
    words = Console(stderr=True, highlight=False, markup=False)
    with tempfile.TemporaryDirectory(prefix="codec-lab-reproduce-") as folder:
        elsewhere = WatchedStore(Path(folder) / "objects", words)
        again = measure_again(
            stored,
            keys.plan(record.campaign_id),
            target.objects,
            elsewhere,
            Path(folder) / "clips",
            Logger(service="worker", level="WARNING", stream=sys.stderr),
        )
        report = compare(stored, target.objects, again, elsewhere)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        print_report(experiment, report, console)
    raise typer.Exit(1 if report.differences else 0)


def print_report(experiment: str, report: "Reproduction", terminal: Console) -> None:
    """Say what is the same and name what is not."""
    if not report.differences:
        terminal.print(
            f"{experiment} is reproduced: {report.points} rate points on {report.clips} clips have "
            f"the same bitstreams, decoded pictures and metrics in every frame; "
            f"{report.anchor_points} points of the anchors are the same too.",
            soft_wrap=True,
        )
    else:
        terminal.print(f"{experiment} is not reproduced. What differs:")
    for one in report.differences[:_SHOWN]:
        terminal.print(f"  {_line(one)}", soft_wrap=True)
    if len(report.differences) > _SHOWN:
        terminal.print(f"  and {len(report.differences) - _SHOWN} more; --json lists them all")
    if report.environment:
        terminal.print("Otherwise than when it was measured:")
    for one in report.environment:
        terminal.print(f"  {one.what}: {one.stored}, here {one.here}", soft_wrap=True)


def _line(one: "Difference") -> str:
    place = "" if one.clip is None else f"{one.clip}, {one.codec} at quality {one.quality}: "
    return f"{place}{one.what}: {one.stored}, here {one.here}"
