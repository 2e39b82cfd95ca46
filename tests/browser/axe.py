"""The accessibility rules of axe-core, run on a page."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize

_SOURCE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_SCREENS: dict[str, ViewportSize] = {
    "desk": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}


def violations(page: Page) -> dict[tuple[str, str], list[str]]:
    """Give what breaks a rule, by screen and theme; also what is wider than the screen."""
    found = {}
    for screen, size in _SCREENS.items():
        page.set_viewport_size(size)
        for theme in _THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            if problems := _violations(page):
                found[screen, theme] = problems
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wider > 0:
            found[screen, "any"] = [f"{wider} px wider than the screen"]
    return found


def _violations(page: Page) -> list[str]:
    """Run axe past the page's Content Security Policy, as an extension would."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": _SOURCE.read_text()})
    found: list[str] = page.evaluate(
        "axe.run().then(({violations}) => violations.flatMap(({id, nodes}) =>"
        " nodes.map(({html}) => `${id}: ${html.slice(0, 200)}`)))"
    )
    return found
