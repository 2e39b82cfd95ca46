"""Failures of autonomous laboratories before this one, each by name: here they cannot happen."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from anthropic.types import Usage

from adapters.attribute_values import attributes_of, item_of
from adapters.claude.pricing import price_of
from adapters.claude.prompting import design_question
from adapters.offline.designer import OfflineDesigner
from adapters.offline.fixer import OfflineFixer
from codec_lab import documents, keys
from codec_lab.analyzing import analyze
from codec_lab.bundle import Bundle
from codec_lab.campaigns import Answer, answer, set_paused
from codec_lab.choosing import choose_experiment
from codec_lab.clip import ClipRole
from codec_lab.deploying import deploy
from codec_lab.designing import design
from codec_lab.errors import (
    CandidateCrashError,
    ModelUnavailableError,
    UnchangedCandidateError,
)
from codec_lab.events import (
    ChooseRequest,
    DeployRequest,
    DeployResult,
    FixRequest,
    JudgeRequest,
    PhaseRequest,
)
from codec_lab.experiment import Experiment, ExperimentChanges, HumanReason
from codec_lab.fixing import fix
from codec_lab.judging import judge
from codec_lab.phase import MAX_ATTEMPTS, Phase, Status
from codec_lab.ports import Designer
from codec_lab.proposal import Proposal
from codec_lab.verdict import Fault
from infra.paths import REPOSITORY_ROOT
from tests.fakes import (
    FakeExecutions,
    ManualClock,
    MemoryChangeSets,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
    ScriptedMind,
)
from tests.unit.builders import NOON, clip_result, experiment, opened, verdict

ID = "default-0001"
REQUEST = PhaseRequest(experiment_id=ID, run=1)
CRASH = Fault(error_type="CandidateCrashError", message="IndexError: line 3")


class Lab:
    """The states of one experiment over fakes."""

    def __init__(self) -> None:
        self.records, self.objects, self.clock = MemoryRecords(), MemoryObjects(), ManualClock()
        opened(self.records, self.objects, self.clock)
        self.records.create_experiment(experiment())

    @property
    def experiment(self) -> Experiment:
        return self.records.experiment(ID)

    def design(self, mind: Designer) -> None:
        design(
            REQUEST,
            records=self.records,
            objects=self.objects,
            designer_of=lambda _: mind,
            clock=self.clock,
        )

    def deploy(self, attempt: int = 1) -> DeployResult:
        return deploy(
            DeployRequest(experiment_id=ID, run=1, validation_attempt=attempt, execution_attempt=1),
            records=self.records,
            objects=self.objects,
            clock=self.clock,
        )

    def fail(self, attempt: int) -> None:
        job = self.deploy(attempt).validation
        documents.save(self.objects, job.verdict_key, verdict(job, fault=CRASH))
        with pytest.raises(CandidateCrashError):
            self.judge(JudgeRequest(job=job))

    def judge(self, request: JudgeRequest) -> None:
        judge(
            request,
            records=self.records,
            objects=self.objects,
            clock=self.clock,
        )

    def measure(self, percent: float) -> None:
        job = self.deploy().execution
        percents = {"x265-medium": percent}
        hidden = clip_result("park", percents, role=ClipRole.HIDDEN)
        results = (clip_result("hall", percents), hidden)
        documents.save(self.objects, job.verdict_key, verdict(job, results=results))
        self.judge(JudgeRequest(job=job))


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_02_what_the_mind_wrote_is_what_runs(lab: Lab) -> None:
    lab.design(OfflineDesigner())
    key = lab.experiment.proposal_key
    assert key is not None
    written = documents.load(lab.objects, key, Proposal).candidate
    job = lab.deploy().execution
    shipped = Bundle.from_zip(lab.objects.get(job.bundle_key), job.bundle_sha256)
    assert shipped.candidate == written
    assert job.candidate_sha256 == lab.experiment.candidate_sha256 == written.sha256
    seed = documents.load(lab.objects, keys.seed("default"), Proposal)
    assert written.sha256 != seed.candidate.sha256


def test_08_no_number_and_no_record_is_lost_or_doubled(lab: Lab) -> None:
    fractions = experiment(
        bd_rate_percent=0.1 + 0.2, model_cost_usd=Decimal("0.000001"), parameters={"a": 1e-7}
    )
    assert Experiment.model_validate(attributes_of(item_of(fractions))) == fractions
    assert not lab.records.create_experiment(experiment(change="again"))
    assert len(lab.records.experiments("default")) == 1
    assert lab.experiment.change is None


def test_09_a_hypothesis_is_never_shown_as_what_was_found(lab: Lab) -> None:
    lab.design(OfflineDesigner())
    assert lab.experiment.analysis is None
    hypothesis = lab.experiment.hypothesis
    assert hypothesis
    lab.measure(12.5)
    found = analyze(REQUEST, records=lab.records, objects=lab.objects, clock=lab.clock)
    assert "+12.5 %" in found.analysis
    assert hypothesis not in found.analysis
    assert lab.experiment.hypothesis == hypothesis


def test_10_a_model_that_fails_is_replaced_by_nothing(lab: Lab) -> None:
    def away(_: object) -> Proposal:
        raise ModelUnavailableError("529")

    with pytest.raises(ModelUnavailableError):
        lab.design(ScriptedMind(design=away))
    assert lab.experiment.proposal_key is None
    assert lab.experiment.candidate_sha256 is None


def test_11_every_retry_runs_another_candidate(lab: Lab) -> None:
    lab.design(OfflineDesigner())
    bundles = []
    for attempt in range(1, MAX_ATTEMPTS):
        lab.fail(attempt)
        bundles.append(lab.experiment.bundle_sha256)
        with pytest.raises(UnchangedCandidateError):
            lab.deploy(attempt + 1)
        found = fix(
            FixRequest(experiment_id=ID, run=1, phase=Phase.VALIDATION, attempt=attempt),
            records=lab.records,
            objects=lab.objects,
            change_sets=MemoryChangeSets(lab.records),
            fixer_of=lambda _: OfflineFixer(),
            clock=lab.clock,
        )
        bundles.append(found.bundle_sha256)
    assert len(set(bundles)) == MAX_ATTEMPTS
    fixed = [a for a in lab.records.attempts(ID, Phase.VALIDATION) if a.fix_reason and a.fix_diff]
    assert len(fixed) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize("phase", ["Validation", "Execution"])
def test_12_the_last_attempt_asks_a_person_and_an_answer_goes_on(lab: Lab, phase: str) -> None:
    text = (REPOSITORY_ROOT / "infra" / "experiment.asl.json").read_text(encoding="utf-8")
    states = json.loads(text)["States"]
    assert states[f"{phase}AttemptsLeft"]["Default"] == "FlagHuman"
    assert "needs_human = :true" in states["FlagHuman"]["Arguments"]["UpdateExpression"]
    reason = HumanReason(
        phase=Phase.VALIDATION, reason="All 5 attempts failed.", error_type="CandidateCrashError",
        message="IndexError", attempts=5, asked_at=NOON, execution_arn="arn:1",
    )  # fmt: skip
    lab.records.flag_human(lab.experiment, reason)
    executions = FakeExecutions()
    reply = Answer(experiment_id=ID, hint="Pad the rows.", phase=Phase.DESIGN)
    answer(reply, records=lab.records, executions=executions, clock=lab.clock)
    assert [(one.experiment_id, one.run) for one in executions.started] == [(ID, 2)]
    assert lab.experiment.hint == "Pad the rows."
    assert lab.experiment.human_intervention_reasons == (reason,)


def test_15_the_prompt_holds_scores_source_failures_and_lessons(lab: Lab) -> None:
    lab.design(OfflineDesigner())
    lab.measure(12.5)
    analyze(REQUEST, records=lab.records, objects=lab.objects, clock=lab.clock)
    broken = experiment(2, needs_human=True, status=Status.NEEDS_HUMAN, change="Doubled it.", run=1)
    lab.records.create_experiment(broken)
    first = lab.records.attempts(ID)[0]
    lab.records.put_attempt(
        first.model_copy(update={"experiment_id": "default-0002", "fault": CRASH, "passed": False})
    )
    lab.records.create_experiment(experiment(3))
    mind = ScriptedMind(design=OfflineDesigner().design)
    design(
        PhaseRequest(experiment_id="default-0003", run=1),
        records=lab.records,
        objects=lab.objects,
        designer_of=lambda _: mind,
        clock=lab.clock,
    )
    question = design_question(mind.design_tasks[0])
    for told in ("PSNR-Y", "30.00", "def encode", "IndexError: line 3", "+12.5 %", "gop_size"):
        assert told in question
    assert "park" not in question, "the hidden clip is told to a mind"


def test_16_an_update_erases_nothing(lab: Lab) -> None:
    lab.design(OfflineDesigner())
    before = lab.experiment
    lab.records.update_experiment(ID, ExperimentChanges(updated_at=NOON, status=Status.RUNNING))
    changed = {"updated_at": NOON, "status": Status.RUNNING}
    assert lab.experiment == before.model_copy(update=changed)


def test_18_a_pause_holds_and_its_end_goes_on_with_the_same(lab: Lab) -> None:
    def chosen() -> tuple[str, str | None]:
        choice = choose_experiment(
            ChooseRequest(campaign_id="default"),
            records=lab.records,
            ledger=MemoryLedger(),
            executions=FakeExecutions(),
            ask_human=lab.records.flag_human,
            clock=lab.clock,
        )
        return choice.action, choice.experiment_id

    set_paused(lab.records, "default", paused=True)
    assert chosen() == ("stop", None)
    set_paused(lab.records, "default", paused=False)
    assert chosen() == ("run", ID)


def test_21_a_cost_is_what_was_used_at_the_dated_price(lab: Lab) -> None:
    price = price_of("claude-opus-5-5")
    usages = [Usage(input_tokens=n, output_tokens=10 * n) for n in (1000, 3000)]
    first, second = map(price.cost_usd, usages)
    assert first == (1000 * price.input + 10_000 * price.output) / 1_000_000
    assert second == 3 * first
    for cost_usd in (first, second):
        lab.records.add_model_cost(lab.experiment, cost_usd)
    assert lab.experiment.model_cost_usd == lab.records.campaign("default").model_cost_usd
    assert lab.experiment.model_cost_usd == first + second
