"""``lab packages``: which packages a repair may install for a candidate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from codec_lab.package_store import publish as store
from codec_lab.package_store import published
from lab.options import AsJson, Profile, Region, StateDir, target_at
from lab.package_index import DEFAULT_LIST, download, read_list, wheels_in
from lab.settings import DEFAULT_STATE_DIR
from lab.terminal import console


def packages(
    publish: Annotated[
        bool, typer.Option("--publish", help="Store the list's wheels, then the list.")
    ] = False,
    allowed_list: Annotated[
        Path,
        typer.Option(
            "--list", metavar="FILE.toml", help="Your own list.", show_default="the lab's"
        ),
    ] = DEFAULT_LIST,
    wheels: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="A folder with the wheels, in place of the package index."
        ),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Show the packages that may be installed for candidates, or publish a list of them."""
    objects = target_at(profile, region, state_dir).objects
    if publish:
        allowed = read_list(allowed_list)
        store(allowed, wheels_in(wheels, allowed) if wheels else download(allowed), objects)
    found = published(objects)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    if not found.packages:
        console.print("No package may be installed: `lab packages --publish` publishes the list.")
        return
    table = Table(title="Packages that may be installed", title_justify="left", title_style="dim")
    for name in ("package", "version", "modules", "purpose"):
        table.add_column(name, overflow="fold")
    for one in found.packages:
        wheel = one.wheel
        table.add_row(wheel.name, wheel.version, ", ".join(wheel.modules), one.purpose)
    console.print(table)
