"""Records for the tests, with plain values where a test does not care."""

from datetime import UTC, datetime

from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.clip import ClipRole, SourceClip
from codec_lab.experiment import Attempt, Experiment, HumanReason
from codec_lab.job import JobSpec
from codec_lab.phase import Phase
from codec_lab.proposal import Mind
from codec_lab.verdict import (
    AnchorCurve,
    BdRate,
    ClipResult,
    Fault,
    Metric,
    RatePoint,
    Verdict,
)
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

FAILED_VALIDATION = Attempt(
    experiment_id="default-0001",
    run=1,
    phase=Phase.VALIDATION,
    attempt=1,
    at=NOON,
    passed=False,
    fault=Fault(error_type="RoundTripError", message="decode of hall gives 9 dB."),
)

FAILED_FIVE_TIMES = HumanReason(
    phase=Phase.VALIDATION,
    reason="All 5 validation attempts failed.",
    error_type="RoundTripError",
    message="decode of hall gives 9 dB.",
    attempts=5,
    asked_at=NOON,
    execution_arn="arn:x",
)

SEED_SOURCE = '''"""A seed."""

PARAMETERS = {
    "gop_size": 8,
    "deadzone": 0.33,
    "deblocking": True,
}
SEARCH_SPACE = {
    "gop_size": [4, 8, 16],
    "deadzone": (0.1, 0.5),
    "deblocking": [True, False],
}


def encode(clip, quality):
    return b""


def decode(bitstream):
    return None
'''


def clip(name: str, role: ClipRole = ClipRole.DEVELOPMENT) -> SourceClip:
    digest = f"{sum(name.encode()):064x}"
    return SourceClip(
        name=name,
        sha256=digest,
        key=f"clips/{digest}.mkv",
        width=32,
        height=16,
        frame_count=4,
        fps=25,
        role=role,
    )


def order(**changes: object) -> CampaignOrder:
    return CampaignOrder.model_validate(
        {
            "goal": "Beat x265.",
            "mind": Mind.OFFLINE,
            "seed_source": SEED_SOURCE,
            "experiments": 3,
            **changes,
        }
    )


def opened(
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    **changes: object,
) -> None:
    clips = [(clip("hall"), b"hall"), (clip("park", ClipRole.HIDDEN), b"park")]
    open_campaign(order(**changes), clips, records=records, objects=objects, clock=clock)


def experiment(number: int = 1, **changes: object) -> Experiment:
    return Experiment.model_validate(
        {
            "experiment_id": f"default-{number:04}",
            "campaign_id": "default",
            "number": number,
            "created_at": NOON,
            "updated_at": NOON,
            **changes,
        }
    )


def rate_point(quality: int, size_bytes: int, psnr_y_db: float) -> RatePoint:
    return RatePoint(
        quality=quality,
        size_bytes=size_bytes,
        bitrate_bps=size_bytes * 50,
        psnr_y_db=psnr_y_db,
        psnr_u_db=40,
        psnr_v_db=40,
        psnr_yuv_db=(6 * psnr_y_db + 80) / 8,
        ssim_y=0.9,
        xpsnr_y_db=psnr_y_db - 1,
        encode_cpu_s=0.4,
        decode_cpu_s=0.1,
    )


def clip_result(
    name: str,
    percents: dict[str, float | None],
    clip_sha256: str | None = None,
    role: ClipRole = ClipRole.DEVELOPMENT,
    yuv_percents: dict[str, float | None] | None = None,
) -> ClipResult:
    points = tuple(rate_point(q, 100 * q, 20 + q / 4) for q in (30, 40, 50, 60))
    return ClipResult(
        clip=name,
        clip_sha256=clip_sha256 or clip(name).sha256,
        role=role,
        width=32,
        height=16,
        frame_count=4,
        fps=25,
        points=points,
        anchors=tuple(
            AnchorCurve(anchor=anchor, library="x", options="y", points=points)
            for anchor in percents
        ),
        bd_rates=tuple(
            BdRate(
                anchor=anchor,
                metric=metric,
                percent=percent,
                overlap_percent=80 if percent is not None else 10,
                reason=None if percent is not None else "the curves share 10 % of their quality",
            )
            for metric, rates in (
                (Metric.PSNR_Y, percents),
                (Metric.PSNR_YUV, yuv_percents or {}),
            )
            for anchor, percent in rates.items()
        ),
    )


def verdict(
    job: JobSpec, *, fault: Fault | None = None, results: tuple[ClipResult, ...] = ()
) -> Verdict:
    return Verdict(
        kind=job.kind,
        experiment_id=job.experiment_id,
        run=job.run,
        attempt=job.attempt,
        candidate_sha256=job.candidate_sha256,
        bundle_sha256=job.bundle_sha256,
        fault=fault,
        results=results,
        started_at=NOON,
        ended_at=NOON,
    )
