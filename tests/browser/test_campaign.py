"""A person steers a campaign."""

from playwright.sync_api import expect

from tests.browser.deployed_lab import DeployedLab, Visit, until


def test_pause_and_resume(lab: DeployedLab, visit: Visit) -> None:
    page = visit("/progress?campaign=good")
    bar = page.get_by_role("region", name="Campaign")
    bar.get_by_role("button", name="Pause").click()
    expect(bar).to_contain_text("good paus")
    assert lab.target.records.control("good").paused
    bar.get_by_role("button", name="Resume").click()
    expect(bar.get_by_role("button", name="Pause")).to_be_visible()
    assert not lab.target.records.control("good").paused


def test_budgets_are_set(lab: DeployedLab, visit: Visit) -> None:
    page = visit("/campaign?campaign=stuck")
    page.get_by_label("No limit on dollars").uncheck(force=True)
    page.get_by_label("Dollars for calls to a model").fill("12.50")
    page.get_by_role("button", name="Save budgets").click()
    expect(page.get_by_role("region", name="Campaign")).to_contain_text("of $12.50")
    budget = until(lambda: lab.target.records.control("stuck").budget_usd)
    assert str(budget) == "12.5" or str(budget) == "12.50"


def test_stopping_asks_for_the_name(visit: Visit) -> None:
    page = visit("/campaign?campaign=stuck")
    page.get_by_role("button", name="Stop", exact=True).click()
    stop = page.get_by_role("dialog").get_by_role("button", name="Stop campaign")
    expect(stop).to_be_disabled()
    page.get_by_label("Type stuck to confirm").fill("stuck")
    expect(stop).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
