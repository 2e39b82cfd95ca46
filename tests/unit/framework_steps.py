"""A campaign in which a change of the framework can be proposed, replayed, judged and watched."""

from decimal import Decimal
from typing import Any, Literal

import pytest

from adapters.aws_pricing import tariff
from codec_lab import documents, keys
from codec_lab.bench_costs import BenchCosts
from codec_lab.campaign import ControlChanges
from codec_lab.change_sets import ChangeSet
from codec_lab.deploying import deploy
from codec_lab.errors import (
    CandidateCrashError,
)
from codec_lab.events import (
    DeployRequest,
    FixRequest,
    FixResult,
    FrameworkRequest,
    FrameworkResult,
    JudgeRequest,
    OutcomeRequest,
    OutcomeResult,
)
from codec_lab.experiment import Attempt, Evaluation
from codec_lab.fixing import fix
from codec_lab.job import JobKind, JobSpec
from codec_lab.judging import judge
from codec_lab.judging_framework import judge_framework
from codec_lab.phase import Phase
from codec_lab.proposal import Fix, FixTool
from codec_lab.recording_outcome import record_outcome
from codec_lab.verdict import Fault, Verdict
from tests.fakes import (
    FakeExecutions,
    KeptListings,
    ManualClock,
    MemoryChangeSets,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
    ScriptedMind,
)
from tests.unit.builders import NOON, clip_result, experiment, opened, verdict

FixedPhase = Literal[Phase.VALIDATION, Phase.EXECUTION]

ID = "default-0009"
CRASH = Fault(error_type="CandidateCrashError", message="IndexError: line 3", traceback="line 3")
MODULE = {"toolbox/scan.py": "ORDER = 1\n"}
X265 = "x265-medium"


class Steps:
    """Experiments 1 to 3 were measured, 9 has failed its validation."""

    def __init__(self) -> None:
        self.records, self.objects, self.clock = MemoryRecords(), MemoryObjects(), ManualClock()
        self.change_sets = MemoryChangeSets(self.records)
        opened(self.records, self.objects, self.clock)
        for number in (1, 2, 3):
            self.measured(number, -number)
        proposal_key = keys.seed("default")
        self.records.create_experiment(experiment(9, status="running", proposal_key=proposal_key))
        self.fail(1)

        self.bench: BenchCosts | None = None

    def pay(self, budget_usd: Decimal) -> MemoryLedger:
        """Let machines cost what they do on AWS."""
        ledger = MemoryLedger()
        self.records.update_control("default", ControlChanges(budget_usd=budget_usd))
        self.bench = BenchCosts(
            records=self.records,
            ledger=ledger,
            clock=self.clock,
            tariff=tariff(),
            sizes=lambda prefix: {f"{prefix}verdict.json": 4000, f"{prefix}log.txt": 100},
        )
        return ledger

    @property
    def ports(self) -> dict[str, Any]:
        return {"records": self.records, "objects": self.objects, "clock": self.clock}

    def measured(self, number: int, percent: float | None, **changes: object) -> None:
        facts = {
            "status": "completed",
            "proposal_key": keys.seed("default"),
            "bd_rate_percent": percent,
            "screen_bd_rate_percent": percent,
            "candidate_sha256": "0" * 64,
            **changes,
        }
        one = experiment(number, **facts)
        self.records.create_experiment(one)
        result = clip_result("hall", {X265: percent})
        prefix = keys.job(one.experiment_id, 1, JobKind.VALIDATE, 1)
        told = Verdict(
            kind=JobKind.VALIDATE,
            experiment_id=one.experiment_id,
            run=1,
            attempt=1,
            candidate_sha256="0" * 64,
            bundle_sha256="1" * 64,
            screen=(result,),
            started_at=NOON,
            ended_at=NOON,
        )
        documents.save(self.objects, keys.verdict(prefix), told)
        self.records.put_attempt(
            Attempt(
                experiment_id=one.experiment_id,
                run=1,
                phase=Phase.VALIDATION,
                attempt=1,
                at=NOON,
                passed=True,
            )
        )
        self.records.put_evaluation(
            Evaluation(
                experiment_id=one.experiment_id,
                run=1,
                candidate_sha256="0" * 64,
                bundle_sha256="1" * 64,
                at=NOON,
                result=result,
            )
        )

    def deploy(self, attempt: int) -> JobSpec:
        request = DeployRequest(
            experiment_id=ID, run=1, validation_attempt=attempt, execution_attempt=1
        )
        return deploy(request, **self.ports).validation

    def fail(self, attempt: int) -> None:
        job = self.deploy(attempt)
        documents.save(self.objects, job.verdict_key, verdict(job, fault=CRASH))
        with pytest.raises(CandidateCrashError):
            judge(JudgeRequest(job=job), **self.ports)

    def fix(
        self,
        attempt: int = 1,
        files: dict[str, str] | None = None,
        phase: FixedPhase = Phase.VALIDATION,
    ) -> FixResult:
        def chosen(task: Any) -> Fix:
            self.task = task
            if files is None:
                tool = FixTool.ROLLBACK_FRAMEWORK
                return Fix(tool=tool, reason="It was the module.", proposal=task.proposal)
            return Fix(
                tool=FixTool.MODIFY_FRAMEWORK,
                reason="A scan for all.",
                proposal=task.proposal,
                framework=task.framework.changed(files),
            )

        return fix(
            FixRequest(experiment_id=ID, run=1, phase=phase, attempt=attempt),
            change_sets=self.change_sets,
            fixer_of=lambda _: ScriptedMind(fix=chosen),
            bench=self.bench,
            **self.ports,
        )

    def forget(self, number: int) -> None:
        """Let the evidence of a measurement expire."""
        prefix = keys.job(f"default-{number:04}", 1, JobKind.VALIDATE, 1)
        del self.objects.data[keys.verdict(prefix)]

    def replay_as(self, job: JobSpec, **changes: Any) -> None:
        """Let a replay come out as before, but for some facts of its rate points."""
        percent = self.records.experiment(job.experiment_id).screen_bd_rate_percent
        result = clip_result("hall", {X265: percent})
        points = tuple(point.model_copy(update=changes) for point in result.points)
        screen = (result.model_copy(update={"points": points}),)
        told = verdict(job).model_copy(update={"screen": screen})
        documents.save(self.objects, job.verdict_key, told)

    def replay(self, jobs: tuple[JobSpec, ...], **percents: float) -> None:
        """Let the replays come out as the records say, or by other figures."""
        for job in jobs:
            one = self.records.experiment(job.experiment_id)
            percent = percents.get(f"n{one.number}", one.screen_bd_rate_percent)
            found = verdict(job).model_copy(
                update={"screen": (clip_result("hall", {X265: percent}),)}
            )
            documents.save(self.objects, job.verdict_key, found)

    def judge(self, fixed: FixResult, phase: FixedPhase = Phase.VALIDATION) -> FrameworkResult:
        request = FrameworkRequest(
            experiment_id=ID,
            run=1,
            phase=phase,
            attempt=fixed.attempt + 1,
            framework_version=fixed.framework_version or 0,
            replays=fixed.replays,
        )
        return judge_framework(
            request, change_sets=self.change_sets, bench=self.bench, **self.ports
        )

    def end(self, number: int, *, succeeded: bool = True) -> OutcomeResult:
        request = OutcomeRequest(
            campaign_id="default",
            experiment_id=f"default-{number:04}",
            run=1,
            succeeded=succeeded,
        )
        return record_outcome(
            request,
            change_sets=self.change_sets,
            listing=KeptListings(),
            executions=FakeExecutions(),
            ask_human=self.records.flag_human,
            **self.ports,
        )

    def adopt(self, files: dict[str, str] | None, attempt: int = 1) -> FrameworkResult:
        fixed = self.fix(attempt, files)
        self.replay(fixed.replays)
        return self.judge(fixed)

    def change(self, version: int) -> ChangeSet:
        return self.change_sets.rows["default", version]
