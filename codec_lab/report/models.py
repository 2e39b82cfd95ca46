"""A campaign as the public may read it: no hidden clip, no prompt, nothing of the deployment."""

from datetime import datetime
from enum import StrEnum

from codec_lab.model import Model
from codec_lab.phase import Phase, Status
from codec_lab.verdict import BdRate


class DownloadKind(StrEnum):
    """What can be taken along."""

    DECODER = "decoder"
    """The source with its manifest."""

    BITSTREAM = "bitstream"
    VERDICT = "verdict"
    """What was measured, which decoded frames are held against."""


class Download(Model):
    """A file that comes with a report.

    Attributes
    ----------
    href : str
        Its address relative to the page, or its bytes as a ``data:`` address.
    clip, quality
        Of what it is, for a bitstream.
    """

    kind: DownloadKind
    file_name: str
    href: str
    size_bytes: int
    clip: str | None = None
    quality: int | None = None


class Downloads(Model):
    """An experiment's files, or why there are none.

    Attributes
    ----------
    absence : str or None
        Why some or all of them are not here.
    """

    experiment_id: str
    files: tuple[Download, ...]
    absence: str | None = None


class CurvePoint(Model):
    """A point of a rate-distortion curve."""

    quality: int
    bitrate_bps: float
    psnr_y_db: float


class Curve(Model):
    """A codec's rate-distortion curve on a clip, by rate.

    Attributes
    ----------
    codec : str
        An experiment or an anchor.
    made_by : str or None
        An anchor's library and options.
    """

    codec: str
    made_by: str | None
    points: tuple[CurvePoint, ...]


class ClipCurves(Model):
    """What was measured on a clip.

    Attributes
    ----------
    curves : tuple of Curve
        Of the best experiments, the best first.
    anchors : tuple of Curve
        Of the encoders they are measured against.
    bd_rates : tuple of BdRate
        The best experiment's.
    """

    clip: str
    width: int
    height: int
    frame_count: int
    fps: float
    curves: tuple[Curve, ...]
    anchors: tuple[Curve, ...]
    bd_rates: tuple[BdRate, ...]


class ReportedExperiment(Model):
    """What an experiment tried, measured and taught.

    Attributes
    ----------
    change, hypothesis, expected_bd_rate_percent
        Tried: as proposed before any measurement.
    validation_attempts, execution_attempts : int
        Of the last run; each after the first is a repair.
    bd_rate_percent, bd_rate_low_percent, bd_rate_high_percent
        Measured: the mean over the development clips and its 95 % interval.
    bitrate_bps, psnr_y_db, ssim_y, vmaf, decode_cpu_s_per_frame
        Measured beside it, as in ``Experiment``.
    absence : str or None
        Why there is no BD-rate.
    gain_points : float or None
        Learned: percent points of BD-rate below the parent's; negative where it is worse.
    analysis : str or None
        Learned: what the measurements say.
    """

    experiment_id: str
    number: int
    status: Status
    phase: Phase
    at: datetime
    change: str | None
    hypothesis: str | None
    expected_bd_rate_percent: float | None
    parent_id: str | None
    validation_attempts: int
    execution_attempts: int
    bd_rate_percent: float | None
    bd_rate_low_percent: float | None
    bd_rate_high_percent: float | None
    bitrate_bps: float | None
    psnr_y_db: float | None
    ssim_y: float | None
    vmaf: float | None
    decode_cpu_s_per_frame: float | None
    tier: str | None
    absence: str | None
    gain_points: float | None
    repeats: str | None
    analysis: str | None


class Measurement(Model):
    """How everything in a report was measured.

    Attributes
    ----------
    hidden_clips : int
        How many there are; their names stay unknown.
    """

    clips: tuple[str, ...]
    hidden_clips: int
    qualities: tuple[int, ...]
    anchors: tuple[str, ...]
    reference_anchor: str


class CampaignReport(Model):
    """A campaign for the public.

    Attributes
    ----------
    champion_id : str or None
        Who was better on the hidden clips.
    lessons : tuple of str
        What was learnt, a lesson a line.
    experiments : tuple of ReportedExperiment
        By number.
    leaders : tuple of str
        The experiments with the lowest BD-rate, the lowest first.
    clips : tuple of ClipCurves
        The development clips.
    downloads : tuple of Downloads
        Of the measured experiments whose files come along.
    """

    campaign_id: str
    goal: str
    mind: str
    created_at: datetime
    written_at: datetime
    model_cost_usd: float
    champion_id: str | None
    lessons: tuple[str, ...]
    measurement: Measurement
    experiments: tuple[ReportedExperiment, ...]
    leaders: tuple[str, ...]
    clips: tuple[ClipCurves, ...]
    downloads: tuple[Downloads, ...]
