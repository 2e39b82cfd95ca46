"""What is taken away to be published."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from codec_lab.errors import ConfigurationError
from codec_lab.report.files import Embedded
from lambdas.dashboard.application import app
from lambdas.dashboard.lab import lab
from lambdas.dashboard.parameters import PAGE, CampaignId
from reports.campaign_page import campaign_page

MAX_EXPERIMENTS = 2000
"""More fit neither into the 6 MB of a function's answer nor into its time."""


@app.get(
    "/api/campaigns/<campaign_id>/report",
    tags=["campaigns"],
    operation_id="getReport",
    responses=PAGE,
)
def get_report(campaign_id: CampaignId) -> Response[Any]:
    """Write the campaign's report for the public: one page that needs nothing beside it."""
    if lab().campaigns.view(campaign_id).experiment_count > MAX_EXPERIMENTS:
        raise ConfigurationError(
            f"A report of more than {MAX_EXPERIMENTS} experiments has no room in one answer; "
            f"`lab report {campaign_id}` writes it."
        )
    return Response(
        status_code=200,
        content_type="text/html; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{campaign_id}.html"'},
        body=campaign_page(lab().report(campaign_id, Embedded())),
    )
