"""Every page holds axe's rules, in both themes, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.deployed_lab import DeployedLab, Visit

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


@pytest.mark.parametrize("path", PAGES)
def test_a_page(visit: Visit, path: str) -> None:
    page = visit(path)
    page.get_by_text("Data received").wait_for()
    page.wait_for_load_state("networkidle")
    if "tab=frames" in path:
        page.locator("canvas").first.wait_for()
    assert violations(page) == {}


def test_the_way_in(lab: DeployedLab, page: Page) -> None:
    page.goto(f"{lab.cloud.endpoint_url}/admin/")
    page.get_by_role("heading", name="Sign in to Codec Lab").wait_for()
    assert violations(page) == {}
