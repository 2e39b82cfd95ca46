"""The options that several commands share, and where they point."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from codec_lab import campaign
from codec_lab.errors import ConfigurationError
from codec_worker.clips import DEFAULT_FRAMES
from lab import one_machine
from lab.settings import DEFAULT_STATE_DIR, Place, read_settings
from lab.target import Target

NO_BOUND = "none"
"""What takes a bound away."""

_USD = f"USD|{NO_BOUND}"

Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        envvar="LAB_PROFILE",
        help="Profile of the AWS configuration; without it, the one-machine cloud.",
    ),
]
Region = Annotated[
    str | None, typer.Option("--region", envvar="LAB_REGION", help="AWS region of the lab.")
]
StateDir = Annotated[
    Path,
    typer.Option(
        "--state-dir",
        envvar="LAB_STATE_DIR",
        help="What the one-machine cloud remembers.",
        show_default=".lab",
    ),
]


def _checked_name(name: str) -> str:
    try:
        return TypeAdapter(campaign.CampaignName).validate_python(name)
    except ValidationError as error:
        raise ConfigurationError(
            f"--campaign is {name!r}, which cannot be used: a "
            "name holds 1 to 40 letters (a to z), "
            "digits, - and _, and begins with a letter or a digit."
        ) from error


CampaignName = Annotated[
    str,
    typer.Option(
        "--campaign", envvar="LAB_CAMPAIGN", callback=_checked_name, help="Name of the campaign."
    ),
]
Port = Annotated[
    int,
    typer.Option(
        "--port", envvar="LAB_PORT", help="Port of the one-machine cloud; 0 picks a free one."
    ),
]
WaitScale = Annotated[
    float,
    typer.Option(
        "--wait-scale",
        envvar="LAB_WAIT_SCALE",
        help="Factor on the state machines' pauses in the one-machine cloud, from 0 to 1.",
    ),
]
Frames = Annotated[
    int | None,
    typer.Option(
        "--frames",
        min=0,
        help="Frames of each clip, from its first; 0 takes all.",
        show_default=str(DEFAULT_FRAMES),
    ),
]
BudgetUsd = Annotated[
    float | None,
    typer.Option("--budget-usd", min=0, help="What models and AWS may cost in all."),
]
DailyBudgetUsd = Annotated[
    float | None,
    typer.Option("--daily-budget-usd", min=0, help="What they may cost in a day (UTC)."),
]
WallTimeLimitS = Annotated[
    int | None,
    typer.Option(
        "--wall-time-limit-s", min=0, help="Age at which the campaign begins no more experiments."
    ),
]
TargetBdRatePercent = Annotated[
    float | None,
    typer.Option(
        "--target-bd-rate-percent", help="BD-rate against x265 at which it has reached its goal."
    ),
]
NewBudgetUsd = Annotated[
    str | None,
    typer.Option(
        "--budget-usd", metavar=_USD, help="What models and AWS may cost in all, or none."
    ),
]
NewDailyBudgetUsd = Annotated[
    str | None,
    typer.Option(
        "--daily-budget-usd", metavar=_USD, help="What they may cost in a day (UTC), or none."
    ),
]
NewWallTimeLimitS = Annotated[
    str | None,
    typer.Option(
        "--wall-time-limit-s",
        metavar=f"SECONDS|{NO_BOUND}",
        help="Age at which the campaign begins no more experiments, or none.",
    ),
]
NewTargetBdRatePercent = Annotated[
    str | None,
    typer.Option(
        "--target-bd-rate-percent",
        metavar=f"PERCENT|{NO_BOUND}",
        help="BD-rate against x265 at which it has reached its goal, or none.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for a machine to read.")]
ExperimentName = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its name.")]


def target_at(
    profile: str | None, region: str | None, state_dir: Path = DEFAULT_STATE_DIR
) -> Target:
    """Name the deployment that the options point at."""
    place = read_settings(Place, profile=profile, region=region, state_dir=state_dir)
    if place.profile is not None:
        return Target.aws(place.profile, place.region)
    return one_machine.target_of(one_machine.cloud_at(place.state_dir))
