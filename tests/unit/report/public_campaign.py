"""A campaign of four experiments, with everything in its records that must not get out."""

from codec_lab import documents, keys
from codec_lab.bundle import Bundle
from codec_lab.campaign import CampaignChanges
from codec_lab.candidate import Candidate
from codec_lab.clip import ClipRole
from codec_lab.experiment import Evaluation, FixTried, HumanReason
from codec_lab.framework import Framework
from codec_lab.job import JobKind
from codec_lab.limits import Limits
from codec_lab.phase import Phase, Status
from codec_lab.proposal import FixTool, Mind, Proposal
from codec_lab.verdict import ClipResult, Verdict
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords
from tests.unit.builders import NOON, clip_result, experiment, opened

HIDDEN = "park"
"""The hidden clip of ``builders.opened``."""

SECRETS = (
    "/work/secret/clip.mkv",
    "arn:aws:states:us-east-1:123456789012:execution:x",
    "https://bucket.example/o?X-Amz-Signature=abc",
    "sk-ant-api03-key",
)
LEAK = f"Better on {HIDDEN} too, see {' and '.join(SECRETS)}."
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FAR = {"x265-medium": -12.5, "svtav1-p6": None}


class PublicCampaign:
    """The campaign's records."""

    def __init__(self) -> None:
        self.records, self.objects, self.clock = MemoryRecords(), MemoryObjects(), ManualClock()
        opened(self.records, self.objects, self.clock, goal=f"Beat x265 {MARKUP}. {LEAK}")
        self.records.update_campaign(
            "default", CampaignChanges(lessons=f"-1.00 points: a lesson\n{LEAK}")
        )
        self.add_measured(1, -10.0)
        self.add_measured(2, -12.5, parent=1, bd_rate_low_percent=-14.0, bd_rate_high_percent=-11.0)
        reason = HumanReason(
            phase=Phase.EXECUTION,
            reason="All 5 execution attempts failed.",
            error_type="ContractError",
            message=f"decode of {HIDDEN}: {LEAK}",
            attempts=5,
            fixes=(
                FixTried(
                    attempt=1, tool=FixTool.EDIT_CANDIDATE, reason=LEAK, bundle_sha256="d" * 64
                ),
            ),
            asked_at=NOON,
            execution_arn=SECRETS[1],
        )
        self.records.create_experiment(
            experiment(
                3,
                status=Status.NEEDS_HUMAN,
                phase=Phase.EXECUTION,
                execution_attempts=5,
                change=MARKUP,
                human_intervention_reasons=(reason,),
                execution_arn=SECRETS[1],
                hint=LEAK,
            )
        )
        stop = "The screen was worse by 9.0 points than the best."
        self.records.create_experiment(
            experiment(4, status=Status.COMPLETED, stop_reason=stop, analysis=stop)
        )

    def add_measured(self, number: int, percent: float, parent: int | None = None, **more: object):
        source = f'"""Codec {number}."""\n' + str(more.pop("source", ""))
        candidate = Candidate(files={"codec.py": source})
        bundle = Bundle.of(
            Proposal(
                candidate=candidate,
                limits=Limits(cpu_s=1, wall_s=1, memory_bytes=1 << 30),
                mind=Mind.OFFLINE,
                parent_sha256=None,
                change="",
                hypothesis="",
            ),
            Framework(version=1, files=more.pop("modules", {})),  # type: ignore[arg-type]
        )
        bundle_sha256 = bundle.manifest.bundle_sha256
        self.objects.put(keys.bundle(bundle_sha256), bundle.to_zip())
        verdict_key = f"experiments/default-{number:04}/run-1/execute-1/verdict.json"
        record = experiment(
            number,
            status=Status.COMPLETED,
            phase=Phase.DESIGN_NEXT,
            mind=Mind.OFFLINE,
            change=f"Widens the search {MARKUP}",
            hypothesis=LEAK,
            expected_bd_rate_percent=-11.0,
            candidate_sha256=candidate.sha256,
            bundle_sha256=bundle_sha256,
            verdict_key=verdict_key,
            parent_sha256=None if parent is None else self.candidate_sha256(parent),
            validation_attempts=2,
            execution_attempts=1,
            bd_rate_percent=percent,
            bitrate_bps=40_000.0,
            psnr_y_db=31.25,
            ssim_y=0.912,
            analysis=f"It saves rate. {LEAK}",
            model_cost_usd="0.25",
            **more,
        )
        self.records.create_experiment(record)
        results = tuple(self._result(record.experiment_id, name) for name in ("hall", HIDDEN))
        for result in results:
            self.records.put_evaluation(
                Evaluation(
                    experiment_id=record.experiment_id,
                    run=1,
                    candidate_sha256=candidate.sha256,
                    bundle_sha256=bundle_sha256,
                    at=NOON,
                    result=result,
                )
            )
        documents.save(
            self.objects,
            verdict_key,
            Verdict(
                kind=JobKind.EXECUTE,
                experiment_id=record.experiment_id,
                run=1,
                attempt=1,
                candidate_sha256=candidate.sha256,
                bundle_sha256=bundle_sha256,
                results=results,
                started_at=NOON,
                ended_at=NOON,
                environment={"image": "123456789012.dkr.example/worker"},
            ),
        )

    def candidate_sha256(self, number: int) -> str | None:
        return self.records.experiment(f"default-{number:04}").candidate_sha256

    def _result(self, experiment_id: str, clip: str) -> ClipResult:
        found = clip_result(clip, FAR)
        points = []
        for point in found.points:
            key = f"experiments/{experiment_id}/run-1/points/b/{clip}-q{point.quality}.bin"
            self.objects.put(key, f"{clip} {point.quality}".encode())
            points.append(point.model_copy(update={"bitstream_key": key}))
        role = ClipRole.HIDDEN if clip == HIDDEN else ClipRole.DEVELOPMENT
        return found.model_copy(update={"points": tuple(points), "role": role})
