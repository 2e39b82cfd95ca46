"""What the bench found: rate points, BD-rates, or a typed fault."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from codec_lab.clip import ClipRole
from codec_lab.job import JobKind
from codec_lab.model import Model, Moment, Name, Sha256
from codec_lab.plan import Quality

PositiveFloat = Annotated[float, Field(gt=0)]
Db = Annotated[float, Field(ge=0, le=100)]
"""Decibels; identical planes count as 100 dB."""
Vmaf = Annotated[float, Field(ge=0, le=100)]


class Metric(StrEnum):
    """A quality metric over which BD-rate is computed."""

    PSNR_Y = "psnr_y_db"
    PSNR_YUV = "psnr_yuv_db"
    SSIM_Y = "ssim_y"
    XPSNR_Y = "xpsnr_y_db"
    VMAF = "vmaf"
    VMAF_NEG = "vmaf_neg"


MAX_FAULT_CHARACTERS = 16_000
"""What of each text of a fault a record keeps; the verdict keeps it whole."""


class Fault(Model):
    """Why a candidate failed.

    Attributes
    ----------
    error_type : str
        Name of a ``CandidateFaultError`` of ``codec_lab.errors``.
    message : str
        What happened, where, in one sentence.
    direction : str or None
        ``encode`` or ``decode``, where it is known.
    exception : str or None
        The candidate's own exception class or the signal.
    limit : str or None
        The field of ``Limits`` that was exceeded, where one was.
    traceback : str
        The candidate's own source lines.
    log_tail : str
        The end of what it printed.
    """

    error_type: str
    message: str
    direction: str | None = None
    exception: str | None = None
    limit: str | None = None
    traceback: str = ""
    log_tail: str = ""

    @property
    def recorded(self) -> "Fault":
        """The fault as a record keeps it: source lines that it shows can be long."""
        texts = {name: getattr(self, name) for name in ("message", "traceback", "log_tail")}
        return self.model_copy(update={name: _shortened(text) for name, text in texts.items()})


def _shortened(text: str) -> str:
    """Leave out the middle of a long text."""
    if len(text) <= MAX_FAULT_CHARACTERS:
        return text
    half = MAX_FAULT_CHARACTERS // 2
    return f"{text[:half]}\n…\n{text[-half:]}"


class RatePoint(Model):
    """One clip at one quality, decoded and measured.

    Attributes
    ----------
    quality : int
        The knob that was asked for (for an anchor: its QP or CRF).
    size_bytes : int
        Every byte that crosses from the encoder to the decoder.
    bitrate_bps : float
        ``8 * size_bytes * fps / frame_count``.
    psnr_y_db, psnr_u_db, psnr_v_db : float
        Mean over the frames of each frame's PSNR, in dB.
    psnr_yuv_db : float
        ``(6 Y + U + V) / 8`` of the means (ITU-T HSTP-VID-WPOM, 6:1:1 weights).
    ssim_y : float
        Mean SSIM of luma.
    xpsnr_y_db : float
        Mean over the frames of each frame's XPSNR of luma, in dB.
    vmaf, vmaf_neg : float or None
        Mean over the frames; absent where VMAF was not measured.
    encode_cpu_s, decode_cpu_s : float or None
        CPU seconds for the whole clip; absent for cached anchors.
    encode_peak_memory_bytes, decode_peak_memory_bytes : int or None
        Peak resident memory.
    bitstream_key, bitstream_sha256 : str or None
        The stored bitstream.
    decoded_sha256 : str or None
        Hash of the decoded planes: Y, U and V of each frame in turn.
    """

    quality: Quality
    size_bytes: int = Field(gt=0)
    bitrate_bps: PositiveFloat
    psnr_y_db: Db
    psnr_u_db: Db
    psnr_v_db: Db
    psnr_yuv_db: Db
    ssim_y: float = Field(ge=-1, le=1)
    xpsnr_y_db: float = Field(le=100)
    vmaf: Vmaf | None = None
    vmaf_neg: Vmaf | None = None
    encode_cpu_s: float | None = None
    decode_cpu_s: float | None = None
    encode_peak_memory_bytes: int | None = None
    decode_peak_memory_bytes: int | None = None
    bitstream_key: str | None = None
    bitstream_sha256: Sha256 | None = None
    decoded_sha256: Sha256 | None = None

    def value(self, metric: Metric) -> float | None:
        """Give the point's value of a metric; None where it was not measured."""
        value: float | None = getattr(self, metric.value)
        return value


class BdRate(Model):
    """Bjøntegaard delta rate of a clip's curve against an anchor's.

    Attributes
    ----------
    anchor : str
        Which anchor.
    metric : Metric
        Over which quality.
    percent : float or None
        Mean rate difference at equal quality; negative saves rate. Absent if it is not known.
    overlap_percent : float
        How much of the smaller quality range both curves cover.
    reason : str or None
        Why ``percent`` is absent.
    """

    anchor: Name
    metric: Metric
    percent: float | None
    overlap_percent: float = Field(ge=0, le=100)
    reason: str | None = None


class AnchorCurve(Model):
    """An anchor's rate points on one clip."""

    anchor: Name
    library: str
    options: str
    points: tuple[RatePoint, ...]


class ClipResult(Model):
    """A candidate's rate points on one clip beside the anchors'.

    Attributes
    ----------
    vmaf_reason : str or None
        Why no rate point has a VMAF.
    """

    clip: Name
    clip_sha256: Sha256
    role: ClipRole = ClipRole.DEVELOPMENT
    width: int
    height: int
    frame_count: int
    fps: float
    points: tuple[RatePoint, ...]
    anchors: tuple[AnchorCurve, ...]
    bd_rates: tuple[BdRate, ...]
    vmaf_reason: str | None = None


class Verdict(Model):
    """The end of a job: passed with results, or failed with a fault.

    Attributes
    ----------
    kind : JobKind
        Which job.
    experiment_id, run, attempt
        For whom.
    candidate_sha256, bundle_sha256 : str
        What ran in the sandbox: hashed from the source that the worker handed to it.
    fault : Fault or None
        Why it failed.
    results : tuple of ClipResult
        The measurements of an execution.
    screen : tuple of ClipResult
        Those of a validation: few clips, frames and rate points, one anchor.
    started_at, ended_at : datetime
        In UTC.
    environment : dict of str to str
        Versions, CPU and sandbox layers under which it was measured.
    """

    kind: JobKind
    experiment_id: Name
    run: int
    attempt: int
    candidate_sha256: Sha256
    bundle_sha256: Sha256
    fault: Fault | None = None
    results: tuple[ClipResult, ...] = ()
    screen: tuple[ClipResult, ...] = ()
    started_at: Moment
    ended_at: Moment
    environment: dict[str, str] = Field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the candidate held."""
        return self.fault is None

    @model_validator(mode="after")
    def _a_failure_has_no_score(self) -> Self:
        if self.fault is not None and (self.results or self.screen):
            raise ValueError("a failed candidate has no results")
        if self.fault is None and self.kind is JobKind.EXECUTE and not self.results:
            raise ValueError("a passed execution needs results")
        return self


class Progress(Model):
    """What a running job has measured so far.

    Attributes
    ----------
    at : datetime
        When the point was measured.
    """

    done_points: int
    total_points: int
    at: Moment
    clip: Name | None = None
    point: RatePoint | None = None
