"""The commands of one experiment: ``show``, ``logs``, ``answer``, ``abandon``."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from codec_lab.campaigns import Answer
from codec_lab.phase import Phase
from lab.experiment_view import ExperimentReport
from lab.logs import LogReader
from lab.options import AsJson, ExperimentName, Profile, Region, StateDir, target_at
from lab.orders import order_abandon, order_answer
from lab.settings import DEFAULT_STATE_DIR, read_settings
from lab.target import PIPELINE_STACK
from lab.terminal import console

_LOG_GROUP = "AWS::Logs::LogGroup"
_MAX_HOURS = 87_600
"""Ten years."""


def show(
    experiment: ExperimentName,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Show an experiment: every state it visited, its attempts, fixes and measurements."""
    target = target_at(profile, region, state_dir)
    report = ExperimentReport.read(target.records, target.campaign_executions, experiment)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        console.print(report.render())


def logs(
    experiment: Annotated[
        str | None, typer.Argument(metavar="[EXPERIMENT]", help="Its lines only.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    hours: Annotated[float, typer.Option(min=0, max=_MAX_HOURS, help="How far to look back.")] = 24,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Show what the lab's functions and jobs logged."""
    target = target_at(profile, region, state_dir)
    if experiment is not None:
        target.records.experiment(experiment)  # one that does not exist is an error, not silence
    reader = LogReader(target.logs, target.physical_ids(PIPELINE_STACK, _LOG_GROUP))
    since = datetime.now(UTC) - timedelta(hours=hours)
    lines = reader.follow(experiment, since) if follow else reader.fresh(experiment, since)
    for line in lines:
        if as_json:
            typer.echo(json.dumps({**line._asdict(), "at": line.at.isoformat()}))
        else:
            typer.echo(line.plain())


def answer(
    experiment: ExperimentName,
    hint: Annotated[
        str | None,
        typer.Option(
            help="Advice for the mind, to begin with a fix instead of the same bundle. "
            "The offline mind reads no hint: it only tries again."
        ),
    ] = None,
    phase: Annotated[
        Phase | None, typer.Option(help="Where to go on.", show_default="where it stopped")
    ] = None,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Answer an experiment that needs a person; it goes on at once."""
    target = target_at(profile, region, state_dir)
    reply = read_settings(Answer, experiment_id=experiment, hint=hint, phase=phase)
    order_answer(target, reply)
    reopened = target.records.experiment(experiment)
    console.print(
        f"{experiment} goes on at {reopened.resume_from} in run {reopened.run}; "
        f"lab show {experiment} tells how far it is."
    )


def abandon(
    experiment: ExperimentName,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Give up an experiment that needs a person; its record stays."""
    order_abandon(target_at(profile, region, state_dir), experiment)
    console.print(f"{experiment} is abandoned; its record stays.")
