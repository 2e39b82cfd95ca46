"""What a person orders."""

from codec_lab.dashboard.campaign_views import CampaignView
from codec_lab.dashboard.command_models import AnswerCommand, Budgets, Session, Versioned
from codec_lab.dashboard.experiment_views import ExperimentDetail
from lambdas.dashboard.application import app
from lambdas.dashboard.parameters import CampaignId, ExperimentId, Key, answers, outcomes

_TAGS = ["commands"]
_CAMPAIGN, _EXPERIMENT = "/api/campaigns/<campaign_id>", "/api/experiments/<experiment_id>"


@app.get("/api/session", tags=["session"], operation_id="getSession", responses=answers(Session))
def get_session() -> Session:
    """Say who asks and what that person may do."""
    raise NotImplementedError


@app.post(
    f"{_CAMPAIGN}/start", tags=_TAGS, operation_id="startCampaign", responses=outcomes(CampaignView)
)
def start(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Start the campaign's machine, if it does not run."""
    raise NotImplementedError


@app.post(
    f"{_CAMPAIGN}/pause", tags=_TAGS, operation_id="pauseCampaign", responses=outcomes(CampaignView)
)
def pause(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Start no further experiment; the running one goes on."""
    raise NotImplementedError


@app.post(
    f"{_CAMPAIGN}/resume",
    tags=_TAGS,
    operation_id="resumeCampaign",
    responses=outcomes(CampaignView),
)
def resume(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Let a paused campaign go on."""
    raise NotImplementedError


@app.post(
    f"{_CAMPAIGN}/stop", tags=_TAGS, operation_id="stopCampaign", responses=outcomes(CampaignView)
)
def stop(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Pause the campaign and end its running experiment, which a resume takes up again."""
    raise NotImplementedError


@app.post(
    f"{_CAMPAIGN}/run-one", tags=_TAGS, operation_id="runOne", responses=outcomes(CampaignView)
)
def run_one(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Allow one more experiment and start the campaign's machine."""
    raise NotImplementedError


@app.post(
    f"{_CAMPAIGN}/budgets", tags=_TAGS, operation_id="setBudgets", responses=outcomes(CampaignView)
)
def set_budgets(campaign_id: CampaignId, body: Budgets, key: Key) -> CampaignView:
    """Change what the campaign may use."""
    raise NotImplementedError


@app.post(
    f"{_EXPERIMENT}/rerun",
    tags=_TAGS,
    operation_id="rerunExperiment",
    responses=outcomes(ExperimentDetail),
)
def rerun(experiment_id: ExperimentId, body: Versioned, key: Key) -> ExperimentDetail:
    """Run an experiment that has ended again, with the candidate it has."""
    raise NotImplementedError


@app.post(
    f"{_EXPERIMENT}/answer",
    tags=_TAGS,
    operation_id="answerExperiment",
    responses=outcomes(ExperimentDetail),
)
def answer(experiment_id: ExperimentId, body: AnswerCommand, key: Key) -> ExperimentDetail:
    """Answer an experiment that waits for a person."""
    raise NotImplementedError
