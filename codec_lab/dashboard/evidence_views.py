"""The evidence of an experiment as the dashboard shows it: source, run, logs, files, frames."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from codec_lab.model import Model
from codec_lab.phase import Phase
from codec_lab.proposal import Mind


class SourceView(Model):
    """The source that ran, file by file."""

    candidate_sha256: str
    files: dict[str, str]
    packages: tuple[str, ...]


class LineKind(StrEnum):
    """What a line of a diff is."""

    CONTEXT = "context"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"
    """Lines that are left out because nothing changed in them, or, as the text says, too much."""


class DiffLine(Model):
    """A line of a diff with its numbers in both files."""

    kind: LineKind
    old: int | None
    new: int | None
    text: str


class FileDiff(Model):
    """A file that changed."""

    path: str
    added: int
    removed: int
    lines: tuple[DiffLine, ...]


class DiffView(Model):
    """The source against its parent's.

    Attributes
    ----------
    parent_id : str or None
        The parent's experiment; None for the seed.
    files : tuple of FileDiff
        Those that changed.
    unified : str
        The same as a unified diff.
    """

    parent_id: str | None
    parent_sha256: str | None
    files: tuple[FileDiff, ...]
    unified: str


class PromptEntry(Model):
    """One answer of a mind: a design, or a fix.

    Attributes
    ----------
    run, number : int
        The run's ``number``-th proposal.
    prompt : str or None
        What the model was told, in the last turn of a conversation.
    prompt_reason : str or None
        Why there is none.
    hint : str or None
        The person's advice it was made with.
    """

    run: int
    number: int
    mind: Mind
    model: str | None
    cost_usd: float
    change: str
    hypothesis: str
    hint: str | None
    prompt: str | None
    prompt_reason: str | None


class OtherPrompt(Model):
    """A prompt that led to no proposal: of an analysis, or of an answer that was refused.

    Attributes
    ----------
    purpose : str
        What was asked for, such as ``fix-validation-2``.
    """

    run: int
    at: datetime
    purpose: str
    prompt: str


class PromptView(Model):
    """Every answer of a mind, in order, and what a model was told besides."""

    entries: tuple[PromptEntry, ...]
    others: tuple[OtherPrompt, ...]


class LogLevel(StrEnum):
    """The levels of log lines, the least first."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class LogLine(Model):
    """A line that a function or a job logged; ``source`` names which."""

    at: datetime
    level: LogLevel
    source: str
    text: str


class LogPage(Model):
    """Some lines, the oldest first.

    Attributes
    ----------
    older_cursor : str or None
        Asks for the lines before these.
    """

    lines: tuple[LogLine, ...]
    older_cursor: str | None


class StateProgress(StrEnum):
    """Where a state of the machine stands."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RUNNING = "running"


class VisitView(Model):
    """One stay in a state of the experiment's state machine.

    Attributes
    ----------
    attempt : int
        The how-manieth stay in this state, from 1.
    failures : tuple of str
        The error of every try that failed.
    """

    state: str
    phase: Phase | None
    attempt: int
    progress: StateProgress
    entered_at: datetime
    exited_at: datetime | None
    failures: tuple[str, ...]


class HistoryView(Model):
    """The states that an experiment's current run visited, in order."""

    run: int
    execution_arn: str | None
    execution_url: str | None
    visits: tuple[VisitView, ...]


FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$")]


class FileKind(StrEnum):
    """What a file of an experiment is."""

    BITSTREAM = "bitstream"
    DECODED_CLIP = "decoded_clip"
    DECODER = "decoder"
    """The source with its manifest: what `lab decode` takes."""

    FRAME_METRICS = "frame_metrics"
    PICTURE = "picture"
    VERDICT = "verdict"
    LOG = "log"


class EvidenceFile(Model):
    """A file that can be downloaded.

    Attributes
    ----------
    name : str
        Asks for its address.
    clip, quality
        Of what it is, for bitstreams, decoded clips and pictures.
    """

    name: str
    kind: FileKind
    size_bytes: int
    clip: str | None
    quality: int | None


class FileList(Model):
    """The files of an experiment's last execution."""

    files: tuple[EvidenceFile, ...]


class SignedUrl(Model):
    """An address that anybody may open until it expires."""

    url: str
    expires_at: datetime


class FrameMetrics(Model):
    """Quality frame by frame, of a clip at one rate point."""

    quality: int
    psnr_y_db: tuple[float, ...]
    ssim_y: tuple[float, ...]


class ClipFrames(Model):
    """What there is to see of a clip.

    Attributes
    ----------
    picture_quality : int or None
        The rate point whose pictures were kept.
    picture_frames : tuple of int
        The frames of which there are pictures, from 0.
    """

    clip: str
    hidden: bool
    width: int
    height: int
    frame_count: int
    fps: float
    metrics: tuple[FrameMetrics, ...]
    picture_quality: int | None
    picture_frames: tuple[int, ...]


class FramesView(Model):
    """What there is to see of each clip."""

    clips: tuple[ClipFrames, ...]


class PictureSide(StrEnum):
    """Which picture of a frame."""

    SOURCE = "source"
    DECODED = "decoded"
