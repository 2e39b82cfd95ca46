"""``lab report``: a campaign's page for the public."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.system_clock import SystemClock
from codec_lab.campaign import DEFAULT_CAMPAIGN
from codec_lab.errors import ConfigurationError
from codec_lab.report.files import Beside, Embedded
from codec_lab.report.gathering import gather_report
from lab.options import Profile, Region, StateDir, target_at
from lab.settings import DEFAULT_STATE_DIR
from lab.terminal import console
from reports.campaign_page import campaign_page

PAGE_FILE = "index.html"
_FILES = "files"


class Folder:
    """Keeps the files that come with a page in a folder beside it.

    Parameters
    ----------
    path : Path
        The page's folder.
    """

    takes_all = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, file_name: str, _media_type: str, data: bytes) -> str:
        """Write a file and give its address for the page."""
        files = self._path / _FILES
        files.mkdir(parents=True, exist_ok=True)
        (files / file_name).write_bytes(data)
        return f"{_FILES}/{file_name}"


def report(
    campaign: Annotated[
        str, typer.Argument(metavar="[CAMPAIGN]", envvar="LAB_CAMPAIGN", help="Its name.")
    ] = DEFAULT_CAMPAIGN,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html|FOLDER",
            help="One page with the best experiment's files in it, or a folder with all files.",
            show_default="CAMPAIGN.html",
        ),
    ] = None,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Write a campaign's report for the public: a page that needs nothing beside it."""
    path = output or Path(f"{campaign}.html")
    is_page = path.suffix == ".html"
    if is_page and path.is_dir():
        raise ConfigurationError(f"{path} is a folder: name a page FILE.html or another folder.")
    target = target_at(profile, region, state_dir)
    beside: Beside = Embedded() if is_page else Folder(path)
    gathered = gather_report(
        campaign, beside, records=target.records, objects=target.objects, clock=SystemClock()
    )
    page = path if is_page else path / PAGE_FILE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(campaign_page(gathered), encoding="utf-8")
    count = len(gathered.experiments)
    console.print(
        f"Wrote {page}: {count} {'experiment' if count == 1 else 'experiments'}, "
        f"{page.stat().st_size / (1 << 10):.0f} KiB.",
        soft_wrap=True,
    )
