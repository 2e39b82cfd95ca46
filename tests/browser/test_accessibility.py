"""Every page holds axe's rules, in both themes, on a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.deployed_lab import Visit

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/progress",
    "/experiments",
    "/experiments/good-0001?tab=run",
    "/experiments/good-0001?tab=rd",
    "/experiments/good-0001?tab=code",
    "/experiments/good-0001?tab=frames",
    "/experiments/good-0001?tab=logs",
    "/compare?ids=good-0001,good-0002",
    "/lineage",
    "/campaign",
    "/cost",
    "/health",
    "/experiments/unknown",
    "/nowhere",
]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREENS: dict[str, ViewportSize] = {
    "desk": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}


def violations(page: Page) -> list[str]:
    """Run axe past the page's Content Security Policy, as an extension would."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found: list[str] = page.evaluate(
        "axe.run().then(({violations}) => violations.flatMap(({id, nodes}) =>"
        " nodes.map(({html}) => `${id}: ${html.slice(0, 200)}`)))"
    )
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_page(visit: Visit, path: str) -> None:
    page = visit(path)
    page.get_by_text("Data received").wait_for()
    page.wait_for_load_state("networkidle")
    found = {}
    for screen, size in SCREENS.items():
        page.set_viewport_size(size)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            if problems := violations(page):
                found[screen, theme] = problems
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{wider} px wider than the screen of a {screen}"
    assert found == {}
