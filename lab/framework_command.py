"""The command ``framework``: the versions that minds made of the lab's own parts."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from codec_lab.campaign import DEFAULT_CAMPAIGN
from codec_lab.framework_history import FrameworkHistory, framework_history
from lab.options import AsJson, CampaignName, Profile, Region, StateDir, target_at
from lab.settings import DEFAULT_STATE_DIR
from lab.terminal import console


def framework(
    campaign: CampaignName = DEFAULT_CAMPAIGN,
    diff: Annotated[bool, typer.Option("--diff", help="Show what each version changes.")] = False,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """List the versions of a campaign's framework: who changed what, why, with what outcome."""
    target = target_at(profile, region, state_dir)
    history = framework_history(campaign, records=target.records, change_sets=target.change_sets)
    if as_json:
        typer.echo(history.model_dump_json(indent=2))
        return
    if not history.versions:
        console.print(f"Campaign {campaign} works on the lab as deployed; nobody changed it.")
        return
    console.print(version_table(history))
    for change in history.versions if diff else ():
        console.print(Text(f"Version {change.version}:\n{change.diff}"))


def version_table(history: FrameworkHistory) -> Table:
    """Make the table of versions; the one in force has a star."""
    table = Table(title=f"Version {history.in_force} is in force", title_justify="left")
    for name in ("version", "of", "author", "experiment", "proposed"):
        table.add_column(name, no_wrap=True)
    table.add_column("reason", overflow="fold")
    table.add_column("outcome", overflow="fold")
    for change in history.versions:
        star = "*" if change.version == history.in_force else ""
        table.add_row(
            f"{change.version}{star}",
            str(change.base_version),
            change.author,
            change.experiment_id,
            f"{change.proposed_at:%Y-%m-%d %H:%M}",
            change.reason,
            f"{change.outcome.replace('_', ' ')}. {change.outcome_reason}".strip(),
        )
    return table
