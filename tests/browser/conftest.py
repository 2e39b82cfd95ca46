"""Chromium, and a deployed lab whose dashboard it opens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.deployed_lab import STUBBORN, DeployedLab, Visit
from tests.unit.claude.fake_service import running

POLL_TIMEOUT_MS = 20_000
"""Several looks of the slowest page."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The browser tests need Chromium: run `tools/setup.sh chromium`.")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": options}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedLab]:
    with running() as service:
        lab = DeployedLab(tmp_path_factory.mktemp("lab"), service)
        try:
            lab.start()
            lab.open("doomed", STUBBORN)
            lab.open("steered", experiments=2)
            lab.open("stuck", STUBBORN)
            lab.open("good", experiments=2)
            lab.run("stuck", "good")
            yield lab
        finally:
            lab.cloud.stop()


@pytest.fixture
def visit(lab: DeployedLab, context: BrowserContext) -> Visit:
    """Sign in by the printed address; the function opens further pages."""
    context.set_default_timeout(POLL_TIMEOUT_MS)
    expect.set_options(timeout=POLL_TIMEOUT_MS)
    page = context.new_page()
    page.goto(lab.cloud.dashboard_url)
    page.get_by_role("heading", level=1).wait_for()

    def open_page(path: str) -> Page:
        page.goto(f"{lab.cloud.endpoint_url}/admin{path}")
        page.get_by_role("heading", level=1).wait_for()
        return page

    return open_page
