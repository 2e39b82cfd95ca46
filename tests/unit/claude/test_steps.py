"""Scripted conversations through the steps of an experiment: what is recorded, and what it cost."""

from __future__ import annotations

from decimal import Decimal

import anthropic
import pytest

from adapters.claude.designer import ClaudeDesigner
from adapters.claude.fixer import ClaudeFixer
from codec_lab import documents, keys
from codec_lab.deploying import deploy
from codec_lab.designing import design
from codec_lab.errors import (
    CandidateCrashError,
    ModelUnavailableError,
    NothingLeftToTryError,
)
from codec_lab.events import DeployRequest, FixRequest, FixResult, JudgeRequest, PhaseRequest
from codec_lab.fixing import fix
from codec_lab.judging import judge
from codec_lab.phase import Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.prompts import KeptPrompts, PromptName
from codec_lab.proposal import FixTool, Mind, Proposal
from codec_lab.verdict import Fault
from tests.fakes import ManualClock, MemoryChangeSets, MemoryObjects, MemoryRecords
from tests.unit.builders import experiment, opened, verdict
from tests.unit.claude.fake_service import Failure, FakeService, Reply, Tool

ID = "default-0001"
DESIGN_USD, FIX_USD = Decimal("0.0172"), Decimal("0.0086")
WORDS = {"change": "c", "hypothesis": "h", "expected_bd_rate_percent": -1.0}
CRASH = Fault(error_type="CandidateCrashError", message="ValueError: no bytes", limit="cpu_s")


def edits(tool: str, old: str, new: str, **words: object) -> Reply:
    listed = [{"file": "codec.py", "old": old, "new": new}]
    return Reply([Tool(tool, {"files": [], "edits": listed, **words})])


DESIGN = edits("edit_parent", 'return b""', 'return b"?"', **WORDS)
MISSED = edits("edit_parent", "return nothing", "", **WORDS)
EDIT = edits("edit_candidate", 'return b"?"', 'return b"!"', reason="No bytes.", change="c")
LIMITS = Reply(
    [Tool("adjust_limits", {"limits": [{"limit": "cpu_s", "value": 121}], "reason": "Too slow."})]
)
QUESTION = Reply([Tool("ask_human", {"question": "Which clip?"})])


class Steps:
    """The steps of one experiment, each with Claude."""

    def __init__(
        self,
        client: anthropic.Anthropic,
        records: MemoryRecords,
        objects: MemoryObjects,
        clock: ManualClock,
    ) -> None:
        self.client, self.records, self.objects, self.clock = client, records, objects, clock
        opened(records, objects, clock, mind=Mind.CLAUDE)
        records.create_experiment(experiment(hint="Write a byte."))

    def design(self) -> None:
        design(
            PhaseRequest(experiment_id=ID, run=1),
            records=self.records,
            objects=self.objects,
            designer_of=lambda _: ClaudeDesigner(
                self.client, "claude-opus-5-5", prompts=self._prompts("design")
            ),
            clock=self.clock,
        )

    def fail(self, attempt: int) -> None:
        request = DeployRequest(
            experiment_id=ID, run=1, validation_attempt=attempt, execution_attempt=1
        )
        job = deploy(
            request,
            records=self.records,
            objects=self.objects,
            clock=self.clock,
        ).validation
        documents.save(self.objects, job.verdict_key, verdict(job, fault=CRASH))
        with pytest.raises(CandidateCrashError):
            judge(
                JudgeRequest(job=job),
                records=self.records,
                objects=self.objects,
                clock=self.clock,
            )

    def fix(self, attempt: int) -> FixResult:
        return fix(
            FixRequest(experiment_id=ID, run=1, phase=Phase.VALIDATION, attempt=attempt),
            records=self.records,
            objects=self.objects,
            change_sets=MemoryChangeSets(self.records),
            fixer_of=lambda _: ClaudeFixer(
                self.client, "claude-sonnet-5-5", prompts=self._prompts(f"fix-{attempt}")
            ),
            clock=self.clock,
        )

    def _prompts(self, purpose: str) -> KeptPrompts:
        return KeptPrompts(ID, 1, purpose, objects=self.objects, clock=self.clock)

    @property
    def cost_usd(self) -> Decimal:
        cost_usd = self.records.experiment(ID).model_cost_usd
        assert self.records.campaign("default").model_cost_usd == cost_usd
        return cost_usd


@pytest.fixture
def steps(
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> Steps:
    return Steps(client, records, objects, clock)


def test_a_design_with_a_hint_and_two_fixes_are_in_the_record(
    service: FakeService, steps: Steps
) -> None:
    service.script = [MISSED, DESIGN, EDIT, LIMITS]
    steps.design()
    steps.fail(1)
    steps.fix(1)
    steps.fail(2)
    steps.fix(2)

    first, second = steps.records.attempts(ID, Phase.VALIDATION)
    assert (first.fix_tool, second.fix_tool) == (FixTool.EDIT_CANDIDATE, FixTool.ADJUST_LIMITS)
    assert (first.fix_reason, second.fix_reason) == ("No bytes.", "Too slow.")
    assert '-    return b"?"\n+    return b"!"\n' in (first.fix_diff or "")
    stored = steps.records.experiment(ID)
    assert stored.mind is Mind.CLAUDE
    assert stored.expected_bd_rate_percent == -1.0
    assert steps.cost_usd == 2 * DESIGN_USD + 2 * FIX_USD
    questions = [request["messages"][0]["content"] for request in service.requests]
    assert "Write a byte." in questions[0]
    assert "ValueError: no bytes" in questions[2]
    assert "No bytes." in questions[3]

    kept = {key: data.decode() for key, data in steps.objects.data.items() if PromptName.of(key)}
    assert len(kept) == 4
    assert all("park" not in prompt for prompt in kept.values())  # the hidden clip
    secret = documents.load(steps.objects, keys.plan("default"), EvaluationPlan).secret
    assert secret
    having = [key for key, data in steps.objects.data.items() if secret.encode() in data]
    assert having == [keys.plan("default")]
    proposal = documents.load(steps.objects, keys.proposal(ID, 1, 1), Proposal)
    assert "Write a byte." in kept[proposal.prompt_key or ""]


def test_a_question_to_a_person_is_paid(service: FakeService, steps: Steps) -> None:
    service.script = [DESIGN, QUESTION]
    steps.design()
    steps.fail(1)
    with pytest.raises(NothingLeftToTryError, match=r"Which clip\?"):
        steps.fix(1)
    assert steps.cost_usd == DESIGN_USD + FIX_USD


def test_a_service_that_breaks_off_after_a_paid_turn_is_paid(
    service: FakeService, steps: Steps
) -> None:
    service.script = [MISSED, Failure(529, "overloaded_error")]
    with pytest.raises(ModelUnavailableError):
        steps.design()
    assert steps.cost_usd == DESIGN_USD
    assert steps.records.attempts(ID, Phase.DESIGN) == []
