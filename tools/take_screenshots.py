"""Take pictures of every page of a running dashboard, in light and dark, into docs/dashboard/.

``tools/take_screenshots.py ADDRESS`` takes the address that ``lab up`` and ``lab run`` print. The
pictures show the last created campaign that has measured something, its best experiment, its report
for the public, and the first experiment that needs a person. The page Ask the lab is there for a
lab with a key for Claude.
"""

import json
import shutil
import sys
import urllib.request
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "dashboard"
SIZE: ViewportSize = {"width": 1440, "height": 900}
TALLEST = 1850
"""Pixels of a picture; what lies below is the same again."""

TALL_ENOUGH_FOR_A_QUESTION = 1200

Theme = Literal["light", "dark"]


class Api:
    """What the dashboard's API says, to choose what is shown."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._token = parts.fragment.removeprefix("token=")

    def get(self, path: str) -> Any:
        """Give an answer."""
        return json.loads(self.get_text(path))

    def get_text(self, path: str) -> str:
        """Give an answer as it is."""
        request = urllib.request.Request(  # noqa: S310 - the address that the lab printed
            f"{self.origin}/api{path}", headers={"Authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            text: str = answer.read().decode()
            return text


def shown_campaign(api: Api) -> Any:
    """Choose the campaign to show."""
    campaigns = api.get("/campaigns")["campaigns"]
    return next((one for one in campaigns if one["best_experiment_id"]), campaigns[0])


def pages_of(api: Api) -> dict[str, str]:
    """Name the pages to take and give their paths."""
    campaign = shown_campaign(api)
    name = campaign["campaign_id"]
    listing = f"/campaigns/{name}/experiments?sort=bd_rate_percent&limit=3"
    ids = [row["experiment_id"] for row in api.get(listing)["items"]]
    best = campaign["best_experiment_id"] or ids[0]
    tabs = {tab: f"/experiments/{best}?tab={tab}" for tab in ("run", "rd", "code", "frames")}
    paths = {
        "progress": "/progress",
        "experiments": "/experiments",
        **tabs,
        "logs": f"/experiments/{best}?tab=logs",
        "compare": f"/compare?ids={','.join(ids)}",
        "lineage": "/lineage",
        "campaign": "/campaign",
        "cost": "/cost",
        "health": "/health",
    }
    if api.get(f"/campaigns/{name}/questions")["available"]:
        paths["ask"] = "/ask"
    return {
        page: f"{path}{'&' if '?' in path else '?'}campaign={name}" for page, path in paths.items()
    }


def settle(page: Page) -> None:
    """Wait until everything on the page has come."""
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => !document.body.innerText.match(/^Loading /m)")
    page.wait_for_timeout(300)


def take(page: Page, name: str, theme: Theme) -> None:
    """Store a picture of the page on a screen that is as tall as the page."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**SIZE, "height": min(max(height, SIZE["height"]), TALLEST)})
    page.wait_for_timeout(300)
    page.screenshot(path=FOLDER / f"{name}-{theme}.png")
    page.set_viewport_size(SIZE)


def take_all(browser: Browser, api: Api, address: str, theme: Theme) -> None:
    """Take every page in a theme."""
    page = browser.new_page(viewport=SIZE, color_scheme=theme, reduced_motion="reduce")
    page.goto(address)
    page.get_by_role("heading", level=1, name="Progress").wait_for()
    for name, path in pages_of(api).items():
        page.goto(f"{api.origin}/admin{path}")
        settle(page)
        if name == "frames":
            page.locator("canvas").first.wait_for()
        take(page, name, theme)
    waiting = api.get("/needs-human")["items"]
    if waiting:
        campaign = waiting[0]["campaign_id"]
        page.goto(f"{api.origin}/admin/experiments?status=needs_human&campaign={campaign}")
        settle(page)
        page.locator("[data-human]").first.click()
        page.get_by_role("table", name="Fixes tried").wait_for()
        settle(page)
        page.set_viewport_size({**SIZE, "height": TALL_ENOUGH_FOR_A_QUESTION})
        page.wait_for_timeout(300)
        page.screenshot(path=FOLDER / f"human-{theme}.png")
    page.set_content(api.get_text(f"/campaigns/{shown_campaign(api)['campaign_id']}/report"))
    take(page, "report", theme)
    page.close()


def main() -> None:
    """Take the pictures of the dashboard at the address that was given."""
    if len(sys.argv) != 2:
        sys.exit("usage: tools/take_screenshots.py ADDRESS (as `lab up` prints it)")
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing: run `tools/setup.sh chromium`.")
    address = sys.argv[1]
    api = Api(address)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            take_all(browser, api, address, theme)
        browser.close()


if __name__ == "__main__":
    main()
