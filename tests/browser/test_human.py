"""A person answers an experiment that asks."""

from __future__ import annotations

import json
import re

import boto3
from playwright.sync_api import BrowserContext, Page, expect

from adapters.dashboard_address import read_dashboard_url
from codec_lab.notice import answer_line
from codec_lab.phase import Status
from tests.browser.axe import violations
from tests.browser.deployed_lab import COMPLAINT, DeployedLab, Visit, until

HINT = "Learn from <i>fewer</i> frames."


def open_question(page: Page) -> None:
    page.get_by_role("button", name="Human needed: stuck-0001").click()
    expect(page.get_by_role("dialog")).to_contain_text("Fixes tried")


def test_the_badge_is_large_and_still_for_those_who_ask(visit: Visit) -> None:
    page = visit("/experiments?campaign=stuck")
    badge = page.get_by_role("button", name="Human needed: stuck-0001")
    box = badge.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    style = "element => (({animationName, backgroundColor, color}) => \
        [animationName, backgroundColor, color])(getComputedStyle(element))"
    assert badge.evaluate(style) == ["human-badge-pulse", "rgb(179, 0, 12)", "rgb(255, 255, 255)"]
    page.emulate_media(reduced_motion="reduce")
    assert badge.evaluate(style)[0] == "none"
    expect(page).to_have_title("(1) Codec Lab")


def test_every_fix_is_shown_and_what_a_candidate_said_stays_text(
    lab: DeployedLab, visit: Visit
) -> None:
    page = visit("/experiments?campaign=stuck")
    open_question(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(COMPLAINT).first).to_be_visible()
    assert dialog.locator("b", has_text=re.compile("^eight frames$")).count() == 0
    attempts = lab.target.records.attempts("stuck-0001")
    fixes = [attempt for attempt in attempts if attempt.fix_reason]
    assert fixes
    rows = dialog.get_by_role("table", name="Fixes tried").get_by_role("row")
    expect(rows).to_have_count(len(fixes) + 1)
    for fix in fixes:
        expect(dialog.get_by_text(str(fix.fix_reason), exact=True).first).to_be_visible()


def test_an_answer_that_was_no_fix_is_shown_with_the_reason(lab: DeployedLab, visit: Visit) -> None:
    records = lab.target.records
    attempts = [one for one in records.attempts("stuck-0001") if one.fault]
    fixed, unfixed = attempts[0], attempts[-1]
    assert unfixed.fix_reason is None
    for attempt, why in ((fixed, "It was prose."), (unfixed, "It was no JSON.")):
        records.put_attempt(attempt.model_copy(update={"rejected_fixes": (why,)}))
    try:
        page = visit("/experiments/stuck-0001?tab=run")
        rows = page.get_by_role("table", name="Fixes tried").get_by_role("row")
        expect(rows.nth(1)).to_contain_text("An answer was no fix: It was prose.")
        expect(rows.nth(1)).to_contain_text(str(fixed.fix_reason))
        expect(rows.last).to_contain_text("An answer was no fix: It was no JSON.")
        expect(rows.last).to_contain_text("No fix was made.")
    finally:
        records.put_attempt(fixed)
        records.put_attempt(unfixed)


def test_a_fix_shows_its_cost_on_the_page_of_its_experiment_too(visit: Visit) -> None:
    page = visit("/experiments/stuck-0001?tab=run")
    fixes = page.get_by_role("table", name="Fixes tried").get_by_role("row")
    expect(fixes.nth(1)).to_contain_text("$0.00")
    for fix in fixes.all()[1:]:
        expect(fix).to_contain_text("$0.00")


def test_the_run_shows_that_the_person_was_asked(visit: Visit) -> None:
    page = visit("/experiments/stuck-0001?tab=run")
    states = page.get_by_role("table", name="States visited").get_by_role("row")
    for state in ("FlagHuman", "NotifyHuman"):
        expect(states.filter(has_text=state)).to_contain_text("Succeeded")
    expect(states.filter(has_text="NeedsHuman")).to_contain_text("Asked a person")
    expect(page.locator("[data-progress=failed]")).to_have_attribute("data-phase", "validation")


def test_failures_alone_have_a_lane_and_no_scale(visit: Visit) -> None:
    page = visit("/progress?campaign=stuck")
    chart = page.get_by_role("img", name="BD-rate of one experiment by Experiment")
    expect(chart.get_by_text("failed")).to_be_visible()
    assert chart.locator("text").all_text_contents() == ["1", "Experiment", "failed"]


def test_the_address_of_a_message_leads_to_the_question(lab: DeployedLab, visit: Visit) -> None:
    environment = lab.cloud.environment
    ssm = boto3.client(
        "ssm",
        endpoint_url=lab.cloud.endpoint_url,
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    address = read_dashboard_url(ssm)
    assert address == f"{lab.cloud.endpoint_url}/admin/"
    line = answer_line(lab.target.records.experiment("stuck-0001"), address)
    page = visit(line.removeprefix(f"Answer: {address.rstrip('/')}"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Fixes tried")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(f"{address}experiments/stuck-0001?campaign=stuck")


def test_an_unsent_hint_is_kept(visit: Visit) -> None:
    page = visit("/experiments?campaign=stuck")
    open_question(page)
    page.get_by_label("Hint for the mind").fill("Not ready")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    open_question(page)
    expect(page.get_by_label("Hint for the mind")).to_have_value("Not ready")


def test_the_question_holds_the_rules_of_axe(visit: Visit) -> None:
    page = visit("/experiments?campaign=stuck")
    open_question(page)
    assert violations(page) == {}


def test_the_badge_appears_by_itself_and_goes_when_the_experiment_is_given_up(
    lab: DeployedLab, visit: Visit
) -> None:
    lab.target.campaign_executions.start("doomed")
    page = visit("/experiments?campaign=doomed")
    row = page.get_by_role("row", name=re.compile("doomed-0001"))
    expect(row).to_contain_text("Running")
    badge = page.get_by_role("button", name="Human needed: doomed-0001")
    expect(badge).to_be_visible(timeout=60_000)
    expect(page).to_have_title(re.compile(r"^\(\d\) Codec Lab$"))
    badge.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Abandon").click()
    dialog.get_by_role("button", name="Yes, abandon").click()
    expect(dialog).to_have_count(0)
    expect(row).to_contain_text("Abandoned")
    expect(badge).to_have_count(0)
    assert lab.target.records.experiment("doomed-0001").status is Status.ABANDONED


def test_an_answer_by_keyboard_alone_is_carried_out_and_a_second_one_keeps_its_text(
    lab: DeployedLab, visit: Visit, context: BrowserContext
) -> None:
    page = visit("/experiments?campaign=stuck")
    late = context.new_page()
    late.goto(lab.cloud.dashboard_url)
    late.get_by_role("heading", level=1).wait_for()
    late.goto(page.url)
    open_question(late)
    late.get_by_label("Hint for the mind").fill("Too late.")

    badge = page.get_by_role("button", name="Human needed: stuck-0001")
    badge.wait_for()
    page.keyboard.press("n")
    expect(badge).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Hint for the mind")).to_be_focused()
    page.keyboard.press("Escape")
    expect(badge).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Hint for the mind")).to_be_focused()
    said = "The offline mind reads no hint: it goes on with its next fix."
    expect(page.get_by_role("dialog")).to_contain_text(said)
    page.keyboard.press("Control+a")
    page.keyboard.type(HINT)
    lab.lengthen_the_smoke_test("stuck")
    resume = page.get_by_role("button", name="Resume with hint")
    for _ in range(4):
        page.keyboard.press("Tab")
        if resume.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)

    late.get_by_role("button", name="Resume with hint").click()
    expect(late.get_by_text("Already resolved by someone else")).to_be_visible()
    expect(late.get_by_label("Hint for the mind")).to_have_value("Too late.")

    records = lab.target.records
    until(lambda: records.experiment("stuck-0001").status is Status.COMPLETED)
    resumed = records.experiment("stuck-0001")
    assert resumed.run == 2
    expect(page.get_by_role("row", name=re.compile("stuck-0001.*Completed"))).to_be_visible()
    proposal = lab.target.objects.get("experiments/stuck-0001/run-2/proposal-1.json")
    assert json.loads(proposal)["hint"] is None
    expect(page).to_have_title("Codec Lab")
    page.goto(f"{lab.cloud.endpoint_url}/admin/campaign?campaign=stuck")
    orders = page.get_by_role("table", name="Orders")
    expect(orders.get_by_role("row", name=re.compile("operator.*Answer.*Done"))).to_be_visible()
