"""The commands of a campaign: ``run``, ``status``, ``bound``, ``pause``, ``resume``, ``export``."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.system_clock import SystemClock
from codec_lab.campaign import DEFAULT_CAMPAIGN, Bounds
from codec_lab.dashboard.command_models import CommandName
from codec_lab.errors import ConfigurationError
from codec_lab.proposal import Mind
from lab import one_machine
from lab.cloud_commands import deploy_changes, print_addresses, serve
from lab.export import ExportFormat, rate_point_rows, write_rows
from lab.opening import Given, read_given
from lab.options import (
    NO_BOUND,
    AsJson,
    BudgetUsd,
    CampaignName,
    DailyBudgetUsd,
    Frames,
    NewBudgetUsd,
    NewDailyBudgetUsd,
    NewTargetBdRatePercent,
    NewWallTimeLimitS,
    Port,
    Profile,
    Region,
    StateDir,
    TargetBdRatePercent,
    WaitScale,
    WallTimeLimitS,
    target_at,
)
from lab.orders import order_bounds, order_campaign
from lab.results import summary_table
from lab.running import mind_at_hand, print_outcome, run_campaign
from lab.settings import (
    DEFAULT_GOAL,
    DEFAULT_PORT,
    DEFAULT_STATE_DIR,
    DEFAULT_WAIT_SCALE,
    CloudOptions,
    RunSettings,
    read_settings,
)
from lab.standstill import standstill
from lab.status import CampaignStatus
from lab.target import Target
from lab.terminal import console
from lab.wording import wait_scale as in_words


def run(
    experiments: Annotated[
        int, typer.Option(envvar="LAB_EXPERIMENTS", help="Experiments to run.")
    ] = 3,
    clips: Annotated[
        Path | None, typer.Option(help="Folder of your own clips (y4m, mkv, mp4 …).")
    ] = None,
    frames: Frames = None,
    seed: Annotated[
        Path | None, typer.Option(metavar="FILE.py", help="Codec module to start from.")
    ] = None,
    mind: Annotated[
        Mind | None,
        typer.Option(
            envvar="LAB_MIND",
            help="Who designs and repairs.",
            show_default="claude with ANTHROPIC_API_KEY, otherwise offline",
        ),
    ] = None,
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    goal: Annotated[
        str | None, typer.Option(help="What the campaign is for.", show_default=DEFAULT_GOAL)
    ] = None,
    random_seed: Annotated[
        int | None,
        typer.Option(help="Seeds every draw of the offline search.", show_default="0"),
    ] = None,
    budget_usd: BudgetUsd = None,
    daily_budget_usd: DailyBudgetUsd = None,
    wall_time_limit_s: WallTimeLimitS = None,
    target_bd_rate_percent: TargetBdRatePercent = None,
    keep_serving: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Keep serving afterwards, until Ctrl-C.")
    ] = True,
    port: Port = DEFAULT_PORT,
    wait_scale: WaitScale = DEFAULT_WAIT_SCALE,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Run experiments: on one machine from nothing, on AWS in the deployed lab."""
    options = read_settings(CloudOptions, port=port, wait_scale=wait_scale)
    bounds = read_settings(
        Bounds,
        budget_usd=budget_usd,
        daily_budget_usd=daily_budget_usd,
        wall_time_limit_s=wall_time_limit_s,
        target_bd_rate_percent=target_bd_rate_percent,
    )
    settings = read_settings(
        RunSettings,
        experiments=experiments,
        clips=clips,
        frames=frames,
        seed=seed,
        mind=mind_at_hand(mind, on_aws=profile is not None),
        campaign=campaign,
        goal=goal,
        random_seed=random_seed,
        bounds=bounds,
    )
    given = read_given(settings)
    for notice in given.notices:
        console.print(notice)
    if profile is not None:
        target = target_at(profile, region)
        succeeded = _run_on(target, settings, given, 1.0)
        print_addresses(target)
    else:
        cloud = one_machine.cloud_at(state_dir, options)
        console.print(f"One-machine cloud: state in {state_dir}, {in_words(wait_scale)}.")
        try:
            with one_machine.running(cloud, wait_scale) as started_here:
                deploy_changes(cloud)
                target = one_machine.target_of(cloud)
                succeeded = _run_on(target, settings, given, wait_scale)
                if not started_here:
                    print_addresses(target, cloud)
                elif keep_serving:
                    serve(cloud)
        except KeyboardInterrupt:
            console.print(f"Stopped. The next `lab run` goes on with campaign {campaign}.")
            raise
    raise typer.Exit(0 if succeeded else 1)


def _run_on(target: Target, settings: RunSettings, given: Given, wait_scale: float) -> bool:
    outcome = run_campaign(target, settings, given, wait_scale, console)
    print_outcome(outcome, target.records, console)
    if target.records.control(settings.campaign).paused:
        console.print("`lab resume` lets it go on.")
    return outcome.succeeded


def status(
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Show a campaign and its experiments."""
    target = target_at(profile, region, state_dir)
    found = CampaignStatus.read(target.records, target.campaign_executions, campaign)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    console.print(found.headline())
    console.print(summary_table(found.experiments))
    for experiment in found.waiting:
        console.print(
            f"{experiment.experiment_id} needs a person: lab show {experiment.experiment_id}"
        )


def pause(
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Start no further experiment; the running one goes on."""
    target = target_at(profile, region, state_dir)
    order_campaign(target, campaign, CommandName.PAUSE)
    if target.campaign_executions.running(campaign):
        console.print(f"Campaign {campaign} is paused; a running experiment goes on to its end.")
    else:
        console.print(f"Campaign {campaign} is paused; it had stopped before.")


def bound(
    budget_usd: NewBudgetUsd = None,
    daily_budget_usd: NewDailyBudgetUsd = None,
    wall_time_limit_s: NewWallTimeLimitS = None,
    target_bd_rate_percent: NewTargetBdRatePercent = None,
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Set where a campaign stops; "none" takes a bound away, one that is not named stays."""
    given = {
        "budget_usd": budget_usd,
        "daily_budget_usd": daily_budget_usd,
        "wall_time_limit_s": wall_time_limit_s,
        "target_bd_rate_percent": target_bd_rate_percent,
    }
    named = {
        name: None if value.lower() == NO_BOUND else value
        for name, value in given.items()
        if value is not None
    }
    if not named:
        raise ConfigurationError(
            "No bound is named: give --budget-usd, --daily-budget-usd, --wall-time-limit-s or "
            "--target-bd-rate-percent."
        )
    asked = read_settings(Bounds, **named)
    target = target_at(profile, region, state_dir)
    order_bounds(target, campaign, asked)
    bounds = target.records.control(campaign).model_dump(mode="json", include=set(given))
    told = ", ".join(f"{name} {value}" for name, value in bounds.items() if value is not None)
    console.print(
        f"Campaign {campaign} stops at: {told}."
        if told
        else f"Campaign {campaign} has no bound but its number of experiments."
    )


def resume(
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Let a paused campaign go on, and start its machine if it has stopped."""
    target = target_at(profile, region, state_dir)
    is_running = target.campaign_executions.running(campaign) is not None
    held_back = standstill(
        target.records, target.ledger, SystemClock(), campaign, is_running=is_running
    )
    order_campaign(target, campaign, CommandName.RESUME)
    if held_back is None:
        console.print(f"Campaign {campaign} goes on.")
    else:
        console.print(
            f"Campaign {campaign} is not paused, but begins no more experiments. {held_back}",
            soft_wrap=True,
        )


def export(
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    form: Annotated[ExportFormat, typer.Option("--format", help="csv or json.")] = ExportFormat.CSV,
    output: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="standard output")
    ] = None,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Write every rate point of every experiment, with hashes and BD-rates."""
    records = target_at(profile, region, state_dir).records
    records.campaign(campaign)  # a campaign that does not exist is an error, not an empty file
    text = write_rows(rate_point_rows(records, campaign), form)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        console.print(f"Wrote {output}.")
