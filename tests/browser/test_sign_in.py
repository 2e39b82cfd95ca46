"""The way in."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.deployed_lab import DeployedLab, Visit


def test_the_token_leaves_the_address_and_stays_with_the_tab(
    lab: DeployedLab, visit: Visit
) -> None:
    page = visit("/experiments")
    assert "token" not in page.url
    stored = page.evaluate("[{...sessionStorage}, {...localStorage}, document.cookie]")
    token = lab.cloud.dashboard_url.partition("#token=")[2]
    assert token in stored[0].values()
    assert token not in str(stored[1:])


def test_without_a_token_there_is_only_the_way_in(
    lab: DeployedLab, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{lab.cloud.endpoint_url}/admin/experiments?campaign=good")
    expect(page.get_by_role("heading", name="Sign in to Codec Lab")).to_be_visible()
    page.get_by_label("Token").fill("guessed")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("did not accept the token")).to_be_visible()
    page.get_by_label("Token").fill(lab.cloud.dashboard_url.partition("#token=")[2])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Experiments")).to_be_visible()
    assert page.url.endswith("/experiments?campaign=good")


def test_the_printed_address_signs_in_when_pasted_into_the_page_it_names(
    lab: DeployedLab, page: Page
) -> None:
    page.goto(f"{lab.cloud.endpoint_url}/admin/")
    page.get_by_role("heading", name="Sign in to Codec Lab").wait_for()
    page.goto(lab.cloud.dashboard_url)
    expect(page.get_by_role("heading", name="Progress")).to_be_visible()
    assert "token" not in page.url


def test_a_viewer_looks_on(lab: DeployedLab, page: Page) -> None:
    page.goto(lab.viewer_url)
    page.get_by_role("heading", name="Progress").wait_for()
    page.goto(f"{lab.cloud.endpoint_url}/admin/campaign?campaign=good")
    for name in ("Pause", "Run one now", "Stop", "Save bounds"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
