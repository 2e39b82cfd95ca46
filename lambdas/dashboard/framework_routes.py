"""What is asked about the versions of a campaign's framework."""

from codec_lab.framework_history import FrameworkHistory
from lambdas.dashboard.application import app
from lambdas.dashboard.lab import lab
from lambdas.dashboard.parameters import CampaignId, answers


@app.get(
    "/api/campaigns/<campaign_id>/framework",
    tags=["campaigns"],
    operation_id="getFramework",
    responses=answers(FrameworkHistory),
)
def get_framework(campaign_id: CampaignId) -> FrameworkHistory:
    """List the versions of the framework: who changed what, why, with what outcome."""
    return lab().framework(campaign_id)
