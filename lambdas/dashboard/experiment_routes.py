"""What is asked about an experiment."""

import base64
from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from codec_lab.dashboard.evidence_views import (
    DiffView,
    FileList,
    FileName,
    FramesView,
    HistoryView,
    LogLevel,
    LogPage,
    PictureSide,
    PromptView,
    SignedUrl,
    SourceView,
)
from codec_lab.dashboard.experiment_views import AttemptList, ExperimentDetail, ResultsView
from codec_lab.model import Name
from lambdas.dashboard.application import app
from lambdas.dashboard.lab import lab
from lambdas.dashboard.parameters import PICTURE, Cursor, ExperimentId, answers

_TAGS = ["experiments"]
_PATH = "/api/experiments/<experiment_id>"


@app.get(_PATH, tags=_TAGS, operation_id="getExperiment", responses=answers(ExperimentDetail))
def get_experiment(experiment_id: ExperimentId) -> ExperimentDetail:
    """Show an experiment."""
    return lab().experiments.detail(experiment_id)


@app.get(
    f"{_PATH}/attempts", tags=_TAGS, operation_id="listAttempts", responses=answers(AttemptList)
)
def list_attempts(experiment_id: ExperimentId) -> AttemptList:
    """List the attempts, with every fault and fix."""
    return lab().experiments.attempts(experiment_id)


@app.get(f"{_PATH}/results", tags=_TAGS, operation_id="getResults", responses=answers(ResultsView))
def get_results(experiment_id: ExperimentId) -> ResultsView:
    """Show what was measured, beside the anchors."""
    return lab().experiments.results(experiment_id)


@app.get(f"{_PATH}/source", tags=_TAGS, operation_id="getSource", responses=answers(SourceView))
def get_source(experiment_id: ExperimentId) -> SourceView:
    """Show the source that runs."""
    return lab().evidence.source(experiment_id)


@app.get(f"{_PATH}/diff", tags=_TAGS, operation_id="getDiff", responses=answers(DiffView))
def get_diff(experiment_id: ExperimentId) -> DiffView:
    """Show the source against its parent's."""
    return lab().evidence.diff(experiment_id)


@app.get(f"{_PATH}/prompt", tags=_TAGS, operation_id="getPrompt", responses=answers(PromptView))
def get_prompt(experiment_id: ExperimentId) -> PromptView:
    """Show what the mind was told and what it answered."""
    return lab().evidence.prompt(experiment_id)


@app.get(f"{_PATH}/logs", tags=_TAGS, operation_id="getLogs", responses=answers(LogPage))
def get_logs(
    experiment_id: ExperimentId,
    level: Annotated[LogLevel, Query(description="Of this level and above.")] = LogLevel.INFO,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Lines of a page.")] = 200,
) -> LogPage:
    """Show log lines from the tail, or the lines before a cursor."""
    before = datetime.fromtimestamp(int(cursor) / 1000, UTC) if cursor else None
    return lab().evidence.logs(experiment_id, level, before, limit)


@app.get(f"{_PATH}/history", tags=_TAGS, operation_id="getHistory", responses=answers(HistoryView))
def get_history(experiment_id: ExperimentId) -> HistoryView:
    """Show the states that the current run visited."""
    return lab().experiments.history(experiment_id)


@app.get(f"{_PATH}/files", tags=_TAGS, operation_id="listFiles", responses=answers(FileList))
def list_files(experiment_id: ExperimentId) -> FileList:
    """List what can be downloaded."""
    return lab().evidence.files(experiment_id)


@app.get(
    f"{_PATH}/files/<name>/url", tags=_TAGS, operation_id="getFileUrl", responses=answers(SignedUrl)
)
def get_file_url(
    experiment_id: ExperimentId,
    name: Annotated[FileName, Path(description="A file of the list.")],
) -> SignedUrl:
    """Give an address from which a file can be downloaded for a few minutes."""
    return lab().evidence.file_url(experiment_id, name)


@app.get(f"{_PATH}/frames", tags=_TAGS, operation_id="getFrames", responses=answers(FramesView))
def get_frames(experiment_id: ExperimentId) -> FramesView:
    """Show the quality of each frame, and of which there are pictures."""
    return lab().evidence.frames(experiment_id)


@app.get(
    f"{_PATH}/frames/<clip>/<index>/<side>",
    tags=_TAGS,
    operation_id="getPicture",
    responses=PICTURE,
)
def get_picture(
    experiment_id: ExperimentId,
    clip: Annotated[Name, Path(description="A clip.")],
    index: Annotated[int, Path(ge=0, description="A frame of which there is a picture.")],
    side: Annotated[PictureSide, Path(description="Which picture.")],
) -> Response[Any]:
    """Give a frame's picture as PNG."""
    picture = lab().evidence.picture(experiment_id, clip, index, side)
    # Encoded here: the resolver takes the bytes of a body for UTF-8.
    body = base64.b64encode(picture).decode()
    response: Response[Any] = Response(status_code=200, content_type="image/png", body=body)
    response.base64_encoded = True
    return response
