"""A person steers a campaign."""

from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.deployed_lab import DeployedLab, Visit, until


def test_a_paused_campaign_ends_its_experiment_and_goes_on_when_resumed(
    lab: DeployedLab, visit: Visit
) -> None:
    records = lab.target.records
    page = visit("/campaign?campaign=steered")
    bar = page.get_by_role("region", name="Campaign")
    page.get_by_role("button", name="Start").click()
    expect(bar).to_contain_text("steered running")
    until(lambda: records.experiments("steered"))
    bar.get_by_role("button", name="Pause").click()
    expect(bar).to_contain_text("steered pausing")
    expect(page.get_by_role("button", name="Run one now")).to_be_disabled()
    running = page.get_by_text("Experiments running").locator("xpath=ancestor::dt/../dd")
    expect(running).to_have_text("1")
    expect(page.get_by_text("1 completed")).to_be_visible(timeout=60_000)
    expect(bar).to_contain_text("steered paused")
    assert len(records.experiments("steered")) == 1
    bar.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("2 completed")).to_be_visible(timeout=60_000)
    expect(bar).to_contain_text("steered idle")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()


def test_bounds_are_set_and_the_page_says_which_one_ended_the_campaign(
    lab: DeployedLab, visit: Visit
) -> None:
    lab.open("bounded", experiments=0)
    page = visit("/campaign?campaign=bounded")
    begins_no_more = "It begins no more experiments."
    only_the_limit = f"{begins_no_more} All 0 experiments have been run. Allow more below"
    expect(page.get_by_text(only_the_limit)).to_be_visible()
    page.get_by_label("Experiments in all").fill("5")
    page.get_by_label("Dollars in all").fill("12.50")
    page.get_by_label("Dollars in a day (UTC)").fill("2.5")
    page.get_by_label("Seconds since its creation").fill("0")
    page.get_by_label("Target BD-rate, %").fill("-12.5")
    page.get_by_role("button", name="Save bounds").click()
    expect(page.get_by_text(f"{begins_no_more} The campaign's 0 s are over.")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    expect(page.get_by_role("button", name="Run one now")).to_be_disabled()
    expect(page.get_by_role("region", name="Campaign")).to_contain_text("of $12.50")
    control = lab.target.records.control("bounded")
    assert (control.experiment_limit, control.wall_time_limit_s) == (5, 0)
    assert (control.budget_usd, control.daily_budget_usd) == (Decimal("12.5"), Decimal("2.5"))
    assert control.target_bd_rate_percent == -12.5
    page.get_by_label("Seconds since its creation").fill("")
    page.get_by_label("Dollars in a day (UTC)").fill("")
    page.get_by_role("button", name="Save bounds").click()
    expect(page.get_by_text("Nothing runs, and nobody paused it: start it.")).to_be_visible()
    control = lab.target.records.control("bounded")
    assert (control.wall_time_limit_s, control.daily_budget_usd) == (None, None)
    assert control.budget_usd == Decimal("12.5")


def test_an_order_under_way_is_not_shown_as_refused(visit: Visit) -> None:
    page = visit("/experiments?campaign=stuck")
    entry = {"campaign_id": "stuck", "subject_id": "stuck", "user": "ada", "request": "{}"}
    outcomes = [
        {"key": "key-00000003", "command": "stop", "done": False, "refusal": None},
        {"key": "key-00000002", "command": "start", "done": False, "refusal": "It is paused."},
        {"key": "key-00000001", "command": "pause", "done": True, "refusal": None},
    ]
    entries = [{**entry, "at": "2026-01-01T00:00:00Z", **outcome} for outcome in outcomes]
    page.route("**/api/campaigns/stuck/audit", lambda r: r.fulfill(json={"entries": entries}))
    page = visit("/campaign?campaign=stuck")
    rows = page.get_by_role("table", name="Orders").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Under way")
    expect(rows.nth(2)).to_contain_text("It is paused.")
    expect(rows.nth(3)).to_contain_text("Done")


def test_alarms_that_nothing_evaluates_are_called_so(visit: Visit) -> None:
    page = visit("/health?campaign=stuck")
    expect(page.get_by_text("but does not evaluate them")).to_be_visible()
    states = page.get_by_role("table", name="Alarms").get_by_role("row")
    for row in states.all()[1:]:
        expect(row).to_contain_text("Not evaluated")


def test_stopping_asks_for_the_name(visit: Visit) -> None:
    page = visit("/campaign?campaign=stuck")
    page.get_by_role("button", name="Stop", exact=True).click()
    stop = page.get_by_role("dialog").get_by_role("button", name="Stop campaign")
    expect(stop).to_be_disabled()
    page.get_by_label("Type stuck to confirm").fill("stuck")
    expect(stop).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
