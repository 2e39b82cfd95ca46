"""What a person orders."""

from codec_lab.dashboard.campaign_views import CampaignView
from codec_lab.dashboard.command_models import (
    AnswerCommand,
    Budgets,
    CommandName,
    Session,
    Versioned,
)
from codec_lab.dashboard.commands import Order
from codec_lab.dashboard.experiment_views import ExperimentDetail
from codec_lab.errors import ConflictError
from lambdas.dashboard.application import app
from lambdas.dashboard.lab import lab
from lambdas.dashboard.parameters import CampaignId, ExperimentId, Key, answers, outcomes
from lambdas.dashboard.refusals import stale

_TAGS = ["commands"]
_CAMPAIGN, _EXPERIMENT = "/api/campaigns/<campaign_id>", "/api/experiments/<experiment_id>"


def asking() -> Session:
    """Say who asks."""
    session: Session = app.context["session"]
    return session


def _order(key: str, command: CommandName, body: Versioned) -> Order:
    return Order(key=key, user=asking().user, command=command, body=body)


def _campaign(campaign_id: str, key: str, command: CommandName, body: Versioned) -> CampaignView:
    try:
        lab().commands.campaign(campaign_id, _order(key, command, body))
    except ConflictError as error:
        raise stale(error, lab().campaigns.view(campaign_id)) from error
    return lab().campaigns.view(campaign_id)


def _experiment(
    experiment_id: str, key: str, command: CommandName, body: Versioned
) -> ExperimentDetail:
    try:
        lab().commands.experiment(experiment_id, _order(key, command, body))
    except ConflictError as error:
        raise stale(error, lab().experiments.detail(experiment_id)) from error
    return lab().experiments.detail(experiment_id)


@app.get("/api/session", tags=["session"], operation_id="getSession", responses=answers(Session))
def get_session() -> Session:
    """Say who asks and what that person may do."""
    return asking()


@app.post(
    f"{_CAMPAIGN}/start", tags=_TAGS, operation_id="startCampaign", responses=outcomes(CampaignView)
)
def start(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Start the campaign's machine, if it does not run."""
    return _campaign(campaign_id, key, CommandName.START, body)


@app.post(
    f"{_CAMPAIGN}/pause", tags=_TAGS, operation_id="pauseCampaign", responses=outcomes(CampaignView)
)
def pause(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Start no further experiment; the running one goes on."""
    return _campaign(campaign_id, key, CommandName.PAUSE, body)


@app.post(
    f"{_CAMPAIGN}/resume",
    tags=_TAGS,
    operation_id="resumeCampaign",
    responses=outcomes(CampaignView),
)
def resume(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Let a paused campaign go on."""
    return _campaign(campaign_id, key, CommandName.RESUME, body)


@app.post(
    f"{_CAMPAIGN}/stop", tags=_TAGS, operation_id="stopCampaign", responses=outcomes(CampaignView)
)
def stop(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Pause the campaign and end its running experiment, which a resume takes up again."""
    return _campaign(campaign_id, key, CommandName.STOP, body)


@app.post(
    f"{_CAMPAIGN}/run-one", tags=_TAGS, operation_id="runOne", responses=outcomes(CampaignView)
)
def run_one(campaign_id: CampaignId, body: Versioned, key: Key) -> CampaignView:
    """Allow one more experiment and start the campaign's machine."""
    return _campaign(campaign_id, key, CommandName.RUN_ONE, body)


@app.post(
    f"{_CAMPAIGN}/budgets", tags=_TAGS, operation_id="setBudgets", responses=outcomes(CampaignView)
)
def set_budgets(campaign_id: CampaignId, body: Budgets, key: Key) -> CampaignView:
    """Change what the campaign may use."""
    return _campaign(campaign_id, key, CommandName.BUDGETS, body)


@app.post(
    f"{_EXPERIMENT}/rerun",
    tags=_TAGS,
    operation_id="rerunExperiment",
    responses=outcomes(ExperimentDetail),
)
def rerun(experiment_id: ExperimentId, body: Versioned, key: Key) -> ExperimentDetail:
    """Run an experiment that has ended again, with the candidate it has."""
    return _experiment(experiment_id, key, CommandName.RERUN, body)


@app.post(
    f"{_EXPERIMENT}/answer",
    tags=_TAGS,
    operation_id="answerExperiment",
    responses=outcomes(ExperimentDetail),
)
def answer(experiment_id: ExperimentId, body: AnswerCommand, key: Key) -> ExperimentDetail:
    """Answer an experiment that waits for a person."""
    return _experiment(experiment_id, key, CommandName.ANSWER, body)
