"""What is asked about a campaign."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from codec_lab.dashboard.campaign_views import (
    CampaignList,
    CampaignView,
    CostView,
    HealthView,
    LineageView,
    ProgressView,
)
from codec_lab.dashboard.command_models import AuditTrail
from codec_lab.dashboard.experiment_views import ExperimentPage, HumanRequests, SortOrder
from codec_lab.dashboard.table import Wanted
from codec_lab.model import Name
from codec_lab.phase import Phase, Status
from lambdas.dashboard.application import app
from lambdas.dashboard.lab import lab
from lambdas.dashboard.parameters import CampaignId, Cursor, answers

_TAGS = ["campaigns"]


@app.get(
    "/api/campaigns", tags=_TAGS, operation_id="listCampaigns", responses=answers(CampaignList)
)
def list_campaigns() -> CampaignList:
    """List the campaigns."""
    return lab().campaigns.list()


@app.get(
    "/api/campaigns/<campaign_id>",
    tags=_TAGS,
    operation_id="getCampaign",
    responses=answers(CampaignView),
)
def get_campaign(campaign_id: CampaignId) -> CampaignView:
    """Show a campaign."""
    return lab().campaigns.view(campaign_id)


@app.get(
    "/api/campaigns/<campaign_id>/experiments",
    tags=_TAGS,
    operation_id="listExperiments",
    responses=answers(ExperimentPage),
)
def list_experiments(  # noqa: PLR0913, PLR0917 - the parameters of the query
    campaign_id: CampaignId,
    status: Annotated[Status | None, Query(description="Of this status only.")] = None,
    phase: Annotated[Phase | None, Query(description="At this phase only.")] = None,
    q: Annotated[
        str | None, Query(max_length=100, description="With this text in identifier or name.")
    ] = None,
    sort: Annotated[SortOrder, Query(description="The order.")] = SortOrder.UPDATED_DOWN,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Rows of a page.")] = 50,
) -> ExperimentPage:
    """List a page of a campaign's experiments."""
    return lab().campaigns.page(
        campaign_id, Wanted(status, phase, q, sort, int(cursor or 0), limit)
    )


@app.get(
    "/api/campaigns/<campaign_id>/progress",
    tags=_TAGS,
    operation_id="getProgress",
    responses=answers(ProgressView),
)
def get_progress(campaign_id: CampaignId) -> ProgressView:
    """Show how far a campaign came."""
    return lab().campaigns.progress(campaign_id)


@app.get(
    "/api/campaigns/<campaign_id>/lineage",
    tags=_TAGS,
    operation_id="getLineage",
    responses=answers(LineageView),
)
def get_lineage(
    campaign_id: CampaignId,
    root: Annotated[
        Name | None, Query(description="Of this experiment; without it of the best.")
    ] = None,
) -> LineageView:
    """Show an experiment's ancestors and their best children."""
    return lab().campaigns.lineage(campaign_id, root)


@app.get(
    "/api/campaigns/<campaign_id>/cost",
    tags=_TAGS,
    operation_id="getCost",
    responses=answers(CostView),
)
def get_cost(campaign_id: CampaignId) -> CostView:
    """Show what a campaign spent."""
    return lab().costs.of(campaign_id)


@app.get(
    "/api/campaigns/<campaign_id>/health",
    tags=_TAGS,
    operation_id="getHealth",
    responses=answers(HealthView),
)
def get_health(campaign_id: CampaignId) -> HealthView:
    """Show how the lab works."""
    return lab().campaigns.health(campaign_id)


@app.get(
    "/api/campaigns/<campaign_id>/audit",
    tags=_TAGS,
    operation_id="getAudit",
    responses=answers(AuditTrail),
)
def get_audit(campaign_id: CampaignId) -> AuditTrail:
    """List the last commands: who, when and what."""
    return lab().campaigns.audit(campaign_id)


@app.get(
    "/api/needs-human",
    tags=_TAGS,
    operation_id="listHumanRequests",
    responses=answers(HumanRequests),
)
def list_human_requests() -> HumanRequests:
    """List the experiments of all campaigns that wait for a person."""
    return lab().campaigns.human_requests()
