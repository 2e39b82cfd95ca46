"""The machines of a deployment: reserved before its jobs, settled by how long they were there."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from adapters.aws_pricing import tariff
from codec_lab import documents, keys
from codec_lab.bench_costs import TIME_LIMIT, BenchCosts
from codec_lab.campaign import ControlChanges
from codec_lab.charge import Charge, Service
from codec_lab.deploying import deploy
from codec_lab.designing_next import design_next
from codec_lab.errors import BudgetExceededError, CandidateCrashError, StoreUnavailableError
from codec_lab.events import DeployRequest, DeployResult, JudgeRequest, PhaseRequest
from codec_lab.experiment import ExperimentChanges
from codec_lab.job import JobSpec
from codec_lab.judging import judge
from codec_lab.limits import Limits
from codec_lab.plan import EvaluationPlan
from codec_lab.verdict import Fault
from tests.fakes import ManualClock, MemoryLedger, MemoryObjects, MemoryRecords
from tests.unit.builders import clip_result, experiment, opened, verdict

ID = "default-0001"
HOUR_USD = Decimal("0.12640")  # m7a.large 0.11592, an IPv4 address 0.005, 50 GB of gp3 0.00548
CRASH = Fault(error_type="CandidateCrashError", message="IndexError")


class Bench:
    """An experiment that is ready to be deployed on AWS."""

    def __init__(self, records: MemoryRecords, objects: MemoryObjects, clock: ManualClock) -> None:
        self.records, self.objects, self.clock = records, objects, clock
        self.ledger = MemoryLedger()
        self.stored: dict[str, int] = {}
        self.costs = BenchCosts(
            records=records, ledger=self.ledger, clock=clock, tariff=tariff(), sizes=self.sizes
        )
        opened(records, objects, clock)
        records.create_experiment(experiment())
        changes = ExperimentChanges(
            updated_at=clock.now(), proposal_key="campaigns/default/seed.json"
        )
        records.update_experiment(ID, changes)

    def sizes(self, prefix: str) -> dict[str, int]:
        found = dict.fromkeys(self.objects.data, 10**6) | self.stored
        return {key: size for key, size in found.items() if key.startswith(prefix)}

    def deploy(self) -> DeployResult:
        request = DeployRequest(experiment_id=ID, run=1, validation_attempt=1, execution_attempt=1)
        return deploy(
            request,
            records=self.records,
            objects=self.objects,
            clock=self.clock,
            max_shards=2,
            bench=self.costs,
        )

    def end(self, job: JobSpec, ended_at: datetime, fault: Fault | None = None) -> None:
        results = tuple(clip_result(clip, {"x265-medium": 1.0}) for clip in job.clips)
        told = verdict(job, fault=fault, results=() if fault else results)
        told = told.model_copy(update={"started_at": ended_at, "ended_at": ended_at})
        documents.save(self.objects, job.verdict_key, told)

    def judge(self, request: JudgeRequest) -> None:
        judge(
            request,
            records=self.records,
            objects=self.objects,
            clock=self.clock,
            bench=self.costs,
        )


@pytest.fixture
def bench(records: MemoryRecords, objects: MemoryObjects, clock: ManualClock) -> Bench:
    return Bench(records, objects, clock)


def usd(paid_s: int) -> Decimal:
    return (HOUR_USD * paid_s / 3600).quantize(Decimal("0.000001"), "ROUND_UP")


def test_a_deployment_reserves_its_time_limit_once(bench: Bench) -> None:
    jobs = bench.deploy()
    again = bench.deploy()  # the function is retried
    # Two shards for two hours and a quarter, and three machines that idle for five minutes.
    machines_usd = usd(2 * (7200 + 900) + 3 * 300)
    stored_usd = Decimal("0.006624")  # 23 MB for a year, most of it logs, in 73 objects
    assert bench.ledger.committed["default"] == machines_usd + stored_usd == Decimal("0.607024")
    assert jobs.validation.reserved == jobs.execution.reserved == again.execution.reserved
    assert {job.deadline for job in jobs.shards} == {jobs.validation.deadline}


def test_the_longest_bitstreams_of_large_clips_are_reserved(bench: Bench) -> None:
    plan = documents.load(bench.objects, keys.plan("default"), EvaluationPlan)
    large = plan.clips[0].model_copy(update={"width": 1920, "height": 1080, "frame_count": 33})
    clips = tuple(
        large.model_copy(update={"name": f"clip-{number}", "sha256": f"{number:064}"})
        for number in range(10)
    )
    changed = plan.model_copy(update={"clips": clips, "screen": None})
    documents.save(bench.objects, keys.plan("default"), changed)
    job = bench.deploy().validation
    assert job.deadline is not None
    reserved_usd = bench.ledger.committed["default"]
    for number in range(40):
        bench.stored[f"{job.points_prefix}{number}.bin"] = Limits().output_bytes
    bench.end(job, job.deadline, CRASH)
    with pytest.raises(CandidateCrashError):
        bench.judge(JudgeRequest(job=job))
    stored_usd = bench.ledger.statement("default").charges[1].usd
    assert Decimal("0.74") < stored_usd < bench.ledger.committed["default"] < reserved_usd


def test_what_does_not_fit_deploys_nothing(bench: Bench) -> None:
    bench.records.update_control("default", ControlChanges(budget_usd=Decimal("0.60")))
    with pytest.raises(BudgetExceededError, match=r"^Measuring may cost 0\.61 USD, which does not"):
        bench.deploy()
    assert not [key for key in bench.objects.data if key.startswith("bundles/")]
    assert bench.ledger.committed["default"] == 0


def test_a_failed_validation_is_paid_and_the_rest_is_given_back(bench: Bench) -> None:
    job = bench.deploy().validation
    assert job.deadline is not None
    bench.end(job, job.deadline - TIME_LIMIT + timedelta(seconds=599.5), CRASH)
    for _ in range(3):  # the function is retried
        with pytest.raises(CandidateCrashError):
            bench.judge(JudgeRequest(job=job))
    charge = Charge(
        service=Service.BATCH, purpose="validation", usd=usd(900), amounts={"machine_s": 900}
    )
    stored = Charge(  # the verdict alone: 0.005 of a thousandth, and a MB for a year
        service=Service.S3,
        purpose="validation",
        usd=Decimal("0.000281"),
        amounts={"puts": 1, "gets": 0, "stored_bytes": 10**6},
    )
    assert bench.ledger.statement("default").charges == (charge, stored)
    assert bench.ledger.committed["default"] == Decimal("0.031600") + stored.usd
    assert bench.records.experiment(ID).aws_cost_usd == Decimal("0.031881")


@pytest.mark.parametrize("lost", ["add_aws_cost", "settle"])
def test_what_was_lost_amid_the_settling_is_completed_by_a_retry(
    bench: Bench, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("The table is away.")

    job = bench.deploy().validation
    assert job.deadline is not None
    bench.end(job, job.deadline - TIME_LIMIT + timedelta(seconds=600), CRASH)
    with monkeypatch.context() as patch:
        patch.setattr(bench.ledger if lost == "settle" else bench.records, lost, away)
        with pytest.raises(StoreUnavailableError):
            bench.judge(JudgeRequest(job=job))
    assert len(bench.ledger.open) == 1
    for _ in range(2):
        with pytest.raises(CandidateCrashError):
            bench.judge(JudgeRequest(job=job))
    spent_usd = bench.ledger.statement("default").settled_usd
    assert bench.ledger.open == {}
    assert bench.records.experiment(ID).aws_cost_usd == spent_usd > 0


def test_an_execution_pays_from_the_deployment_to_the_end_of_each_shard(bench: Bench) -> None:
    jobs = bench.deploy()
    assert jobs.validation.deadline is not None
    began_at = jobs.validation.deadline - TIME_LIMIT + timedelta(seconds=300)
    bench.end(jobs.validation, began_at)
    bench.judge(JudgeRequest(job=jobs.validation))
    assert bench.ledger.statement("default").charges == ()  # it goes on
    for shard, lasts_s in zip(jobs.shards, (400, 1000), strict=True):
        bench.end(shard, began_at + timedelta(seconds=lasts_s))
    request = JudgeRequest(job=jobs.execution, shards=jobs.shards, began_at=began_at)
    bench.judge(request)
    bench.judge(request)
    spent = {one.kind: (one.usd, one.count) for one in bench.ledger.statement("default").charges}
    stored_usd = Decimal("0.000843")  # two shards' verdicts and the whole's
    assert spent == {
        (Service.BATCH, "validation", ""): (usd(600), 1),
        (Service.BATCH, "execution", ""): (usd(1400 + 600), 2),
        (Service.S3, "execution", ""): (stored_usd, 3),
    }
    assert bench.records.experiment(ID).aws_cost_usd == usd(600) + usd(2000) + stored_usd
    assert bench.ledger.open == {}


def test_a_point_of_bd_rate_costs_machines_too(bench: Bench) -> None:
    parent, child = f"{1:064x}", f"{2:064x}"
    bench.records.create_experiment(
        experiment(2, candidate_sha256=parent, bd_rate_percent=10.0, proposal_key="p")
    )
    bench.records.create_experiment(
        experiment(
            3,
            candidate_sha256=child,
            parent_sha256=parent,
            bd_rate_percent=8.0,
            proposal_key="p",
            model_cost_usd="0.05",
            aws_cost_usd="0.03",
        )
    )
    design_next(
        PhaseRequest(experiment_id="default-0003", run=1), records=bench.records, clock=bench.clock
    )
    assert bench.records.experiment("default-0003").usd_per_point == Decimal("0.04")
