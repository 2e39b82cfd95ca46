"""How a browser copes with the dashboard's pages, whatever the number of experiments."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from local.cloud import OneMachineCloud

_TIMEOUT_MS = 60_000
_ROW = "table[role=grid] tbody tr:has(a)"


class PageLoad(NamedTuple):
    """What a page costs a browser.

    Attributes
    ----------
    shown_ms : float
        From the navigation until its first row or mark is there.
    dom_nodes : int
        Elements of the page.
    heap_mb : float
        JavaScript's memory after a collection of garbage.
    """

    shown_ms: float
    dom_nodes: int
    heap_mb: float


PAGES = {
    "/experiments": _ROW,
    "/progress": "figure svg",
    "/lineage": "section.lineage circle",
}
"""The pages that show all experiments of a campaign, and what tells that they do."""


@contextmanager
def signed_in(cloud: OneMachineCloud) -> Iterator[Page]:
    """Open a page of headless Chromium that has signed in by the printed address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(_TIMEOUT_MS)
        page.goto(cloud.dashboard_url)
        page.get_by_role("heading", level=1).wait_for()
        yield page
        browser.close()


def load(page: Page, cloud: OneMachineCloud, path: str, campaign_id: str) -> PageLoad:
    """Open one of the pages and weigh it."""
    start = time.perf_counter()
    page.goto(f"{cloud.endpoint_url}/admin{path}?campaign={campaign_id}", wait_until="commit")
    page.locator(PAGES[path]).first.wait_for()
    shown_ms = 1000 * (time.perf_counter() - start)
    page.wait_for_timeout(500)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    nodes = page.evaluate("document.querySelectorAll('*').length")
    return PageLoad(shown_ms, int(nodes), heap / 1e6)


def filter_ms(page: Page, text: str) -> float:
    """Type into the filter of the open table: give the time until the matches are counted."""
    start = time.perf_counter()
    with page.expect_response(lambda answer: f"q={text}" in answer.url) as answered:
        page.get_by_label("Filter experiments").fill(text)
    total = f"{answered.value.json()['total']:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    page.get_by_text(f"{total} matches").first.wait_for()
    elapsed_ms = 1000 * (time.perf_counter() - start)
    page.get_by_label("Filter experiments").fill("")
    page.get_by_text(" matches").first.wait_for(state="hidden")
    return elapsed_ms
