"""``lab run`` on any deployment: open the campaign, follow it, say what came out."""

import os

from rich.console import Console

from adapters.campaign_executions import SUCCEEDED
from adapters.system_clock import SystemClock
from codec_lab.campaign import Campaign, Control
from codec_lab.campaigns import open_campaign
from codec_lab.errors import ConfigurationError
from codec_lab.experiment import Experiment
from codec_lab.measurements import current_results
from codec_lab.phase import Status
from codec_lab.ports import Records
from codec_lab.proposal import Mind
from lab.display import Display
from lab.following import Follower, Outcome
from lab.live_screen import LiveScreen
from lab.opening import Given, kept_settings, order_of
from lab.plain_lines import PlainLines
from lab.results import experiment_result
from lab.settings import RunSettings
from lab.target import Target

ONE_MACHINE_POLL_S = 0.4
AWS_POLL_S = 3.0
API_KEY = "ANTHROPIC_API_KEY"


def mind_at_hand(asked: Mind | None, *, on_aws: bool) -> Mind:
    """Choose who designs: as asked, otherwise Claude if there is a key.

    Raises
    ------
    ConfigurationError
        If Claude is asked for on one machine without a key.
    """
    has_key = bool(os.environ.get(API_KEY))
    if asked is Mind.CLAUDE and not has_key and not on_aws:
        raise ConfigurationError(f"--mind claude needs {API_KEY} in the environment.")
    return asked or (Mind.CLAUDE if has_key and not on_aws else Mind.OFFLINE)


def budget_notice(campaign: Campaign, control: Control) -> str | None:
    """Say that no budget bounds what Claude costs; None if one does, or nothing is paid."""
    bounded = control.budget_usd is not None or control.daily_budget_usd is not None
    if campaign.mind is not Mind.CLAUDE or bounded:
        return None
    return (
        "No budget bounds what Claude costs: set one by `lab run --budget-usd X`, or from another "
        f"terminal by `lab bound --campaign {campaign.campaign_id} --budget-usd X`."
    )


def run_campaign(
    target: Target, settings: RunSettings, given: Given, wait_scale: float, console: Console
) -> Outcome:
    """Grant the campaign its experiments and follow its machine until it stops."""
    clock = SystemClock()
    order, clips = order_of(settings, given, target.objects)
    campaign = open_campaign(
        order, clips, records=target.records, objects=target.objects, clock=clock
    )
    for kept in kept_settings(campaign, settings):
        console.print(kept, soft_wrap=True)
    notice = budget_notice(campaign, target.records.control(campaign.campaign_id))
    if notice is not None:
        console.print(notice, soft_wrap=True)
    poll_s = AWS_POLL_S if target.endpoint_url is None else ONE_MACHINE_POLL_S
    follower = Follower(
        target.records, target.objects, target.campaign_executions, clock, poll_s=poll_s
    )
    display: Display
    if console.is_terminal:
        display = LiveScreen(console, campaign.campaign_id, clock.now(), wait_scale)
    else:
        display = PlainLines(
            lambda line: console.print(line, soft_wrap=True), clock.now(), wait_scale
        )
    with display:
        return follower.follow(campaign.campaign_id, display)


def print_outcome(outcome: Outcome, records: Records, console: Console) -> None:
    """Say what each experiment measured, and what a person has to do."""
    for experiment in outcome.experiments:
        console.print()
        results = current_results(records, experiment)
        console.print(experiment_result(experiment, results))
        if experiment.status is Status.NEEDS_HUMAN:
            _print_question(experiment, console)
    console.print()
    for experiment in outcome.lost:
        console.print(
            f"{experiment.experiment_id} was lost in its phase {experiment.phase}: it neither "
            "completed nor asks a person. `lab logs` shows why.",
            style="bold red",
        )
    done = sum(experiment.status is Status.COMPLETED for experiment in outcome.experiments)
    if outcome.end.status == SUCCEEDED:
        console.print(
            f"{done} completed, {len(outcome.waiting)} need a person. {outcome.end.reason}"
        )
    else:
        console.print(
            f"The campaign's execution ended as {outcome.end.status}: {outcome.end.reason}",
            style="bold red",
        )


def _print_question(experiment: Experiment, console: Console) -> None:
    reason = experiment.human_intervention_reasons[-1]
    name = experiment.experiment_id
    console.print(f"  HUMAN NEEDED in {reason.phase}: {reason.reason}", style="bold red")
    console.print(f"  {reason.error_type}: {reason.message}")
    for fix in reason.fixes:
        console.print(f"  fix {fix.attempt}: {fix.reason}")
    console.print(f'  Answer: lab answer {name} --hint "…"   or: lab abandon {name}')
