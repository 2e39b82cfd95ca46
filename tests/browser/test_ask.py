"""The page on which people ask the lab, answered by its function and a scripted model."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.deployed_lab import DeployedLab, Visit
from tests.unit.claude.fake_service import Failure, Reply, Tool

ANSWER_TIMEOUT_MS = 90_000
"""A function that starts cold on a machine that does other things too, and two turns."""

HOSTILE = "<img src=x onerror=alert(1)> good-0001 saves most, not good-00011."


def test_a_question_is_answered_with_links_to_experiments(lab: DeployedLab, visit: Visit) -> None:
    lab.service.script += [
        Reply([Tool("show_experiment", {"experiment_id": "good-0001"})]),
        Reply([Tool("answer", {"answer": HOSTILE, "experiment_ids": ["good-0001", "no-0001"]})]),
    ]
    page = visit("/progress?campaign=good")
    page.get_by_role("link", name="Ask the lab").click()
    page.get_by_label("Question").fill("<b>Which</b> is best?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="<b>Which</b> is best?")).to_be_visible()
    said = page.get_by_text("<img src=x onerror=alert(1)>")
    expect(said).to_be_visible(timeout=ANSWER_TIMEOUT_MS)
    assert page.locator("main img").count() == 0
    expect(page.get_by_label("Question")).to_have_value("")
    looked_up = lab.service.requests[-1]["messages"][-1]["content"][0]["content"]
    assert '"experiment_id": "good-0001"' in looked_up
    assert lab.target.records.campaign("good").model_cost_usd > 0
    assert violations(page) == {}
    links = page.get_by_role("link", name="good-0001", exact=True)
    expect(links).to_have_count(2)
    links.first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("good-0001")


def test_why_there_is_no_answer_is_one_sentence(lab: DeployedLab, visit: Visit) -> None:
    lab.service.script.append(Failure(429, "rate_limit_error", "slow down"))
    page = visit("/ask?campaign=good")
    page.get_by_label("Question").fill("And which is worst?")
    page.get_by_role("button", name="Ask", exact=True).click()
    said = page.get_by_text("Anthropic's API is busy (429, request req_1): slow down")
    expect(said).to_be_visible(timeout=ANSWER_TIMEOUT_MS)
    page.goto(page.url.replace("/ask", "/campaign"))
    orders = page.get_by_role("table", name="Orders")
    expect(orders.get_by_role("row", name="Ask").first).to_be_visible()


def test_without_a_key_there_is_no_page_to_ask_on(visit: Visit) -> None:
    page = visit("/progress?campaign=good")
    nobody = {"available": False, "questions": []}
    page.route("**/api/campaigns/good/questions", lambda route: route.fulfill(json=nobody))
    page.reload()
    page.get_by_role("link", name="Health").wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("link", name="Ask the lab")).to_have_count(0)
    page.goto(page.url.replace("/progress", "/ask"))
    expect(page.get_by_text("Nobody answers questions here")).to_be_visible()
    expect(page.get_by_label("Question")).to_have_count(0)
