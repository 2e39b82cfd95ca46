"""The report for the public as a browser shows it, and as the dashboard saves it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from codec_lab.report.files import Embedded
from codec_lab.report.gathering import gather_report
from reports.campaign_page import campaign_page
from tests.browser.axe import violations
from tests.browser.deployed_lab import Visit
from tests.unit.report.public_campaign import PublicCampaign


def test_a_page_opens_without_a_complaint_and_asks_for_nothing(page: Page, tmp_path: Path) -> None:
    of = PublicCampaign()
    report = gather_report(
        "default", Embedded(), records=of.records, objects=of.objects, clock=of.clock
    )
    path = tmp_path / "default.html"
    path.write_text(campaign_page(report), encoding="utf-8")
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    assert (complaints, requests) == ([], [path.as_uri()])
    assert violations(page) == {}
    with page.expect_download() as download:
        page.get_by_role("link", name="hall at quality 30").click()
    assert download.value.suggested_filename == "default-0002-hall-q30.bin"
    assert download.value.path().read_bytes() == b"hall 30"


def test_the_dashboard_saves_the_report(visit: Visit, tmp_path: Path) -> None:
    page = visit("/progress?campaign=good")
    with page.expect_download() as download:
        page.get_by_role("button", name="Public report").click()
    assert download.value.suggested_filename == "good.html"
    saved = tmp_path / "good.html"
    download.value.save_as(saved)
    page.goto(saved.as_uri())
    page.get_by_role("heading", level=1, name="good").wait_for()
    assert page.get_by_role("article").count() == 2
    assert page.get_by_role("link", name="moving at quality 40").is_visible()
