"""The report for the public as the dashboard saves it."""

from typing import Any

import pytest

from codec_lab.campaign import CampaignChanges
from lambdas.dashboard.report_routes import MAX_EXPERIMENTS
from tests.unit.builders import experiment, opened


@pytest.fixture
def begun(api: Any) -> Any:
    opened(api.records, api.objects, api.clock)
    api.records.create_experiment(experiment(1, change="<b>Wider</b>", bd_rate_percent=-3.25))
    return api


def test_a_viewer_saves_the_page(begun: Any) -> None:
    answered = begun.ask("/api/campaigns/default/report", groups="[viewer]")
    assert answered.status == 200
    assert answered.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answered.headers["Content-Disposition"] == 'attachment; filename="default.html"'
    page = answered.raw.decode()
    assert page.startswith("<!doctype html>")
    assert "&lt;b&gt;Wider&lt;/b&gt;" in page
    assert "\N{MINUS SIGN}3.25" in page


def test_a_campaign_that_nobody_knows_has_no_report(begun: Any) -> None:
    assert begun.ask("/api/campaigns/other/report").status == 404


def test_a_report_that_has_no_room_is_refused(begun: Any) -> None:
    begun.records.update_campaign("default", CampaignChanges(experiment_count=MAX_EXPERIMENTS + 1))
    answered = begun.ask("/api/campaigns/default/report")
    assert answered.status == 422
    assert "`lab report default` writes it" in answered.data["message"]
