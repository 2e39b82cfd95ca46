"""What a model was told can be read again, word for word and without the key."""

from __future__ import annotations

from datetime import UTC, datetime

import anthropic
import pytest

from adapters.claude.analyst import ClaudeAnalyst
from adapters.claude.designer import ClaudeDesigner
from adapters.claude.fixer import ClaudeFixer
from codec_lab.errors import DesignRejectedError, ModelUnavailableError
from codec_lab.minds import AnalysisTask, DesignTask, FixTask
from codec_lab.prompts import KeptPrompts, PromptName
from tests.fakes import ManualClock, MemoryObjects
from tests.unit.claude.fake_service import Failure, FakeService, Reply
from tests.unit.claude.tasks import KEY
from tests.unit.claude.test_designs import MODEL, edit


@pytest.fixture
def prompts(objects: MemoryObjects, clock: ManualClock) -> KeptPrompts:
    return KeptPrompts("default-0001", 2, "design", objects=objects, clock=clock)


def test_a_design_names_the_prompt_that_it_answered(
    service: FakeService,
    client: anthropic.Anthropic,
    design_task: DesignTask,
    objects: MemoryObjects,
    prompts: KeptPrompts,
) -> None:
    service.script = [Reply([edit("STEP = 9", "STEP = 7")]), Reply([edit("STEP = 8", "STEP = 7")])]
    proposal = ClaudeDesigner(client, MODEL, prompts=prompts).design(design_task)
    first, second = sorted(objects.data)
    assert proposal.prompt_key == second
    assert second == "experiments/default-0001/run-2/prompts/20260101T000002.000000-design.txt"
    told = objects.get(first).decode()
    request = service.requests[0]
    assert told.startswith(f"[user]\n{request['messages'][0]['content']}")
    assert told.endswith(f"{request['system'][0]['text']}\n")
    assert "Look at chroma." in told
    # The second turn holds the answer that was refused, and why.
    again = objects.get(second).decode()
    assert "STEP = 9" in again
    assert "Use the tool again" in again


def test_a_fix_and_an_analysis_are_kept_too(
    service: FakeService,
    client: anthropic.Anthropic,
    fix_task: FixTask,
    objects: MemoryObjects,
    prompts: KeptPrompts,
) -> None:
    hinted = fix_task.model_copy(update={"hint": "Import it first."})
    service.script = [Reply(["I would rather not."]), Reply(["Nor I."])]
    with pytest.raises(DesignRejectedError):
        ClaudeFixer(client, MODEL, prompts=prompts).fix(hinted)
    task = AnalysisTask(
        goal="Beat x265.",
        experiment_id="default-0001",
        change="c",
        hypothesis="h",
        expected_bd_rate_percent=None,
        facts="BD-rate -1 %",
        results=(),
        parent="",
        effects="",
        lessons="",
    )
    with pytest.raises(DesignRejectedError):
        ClaudeAnalyst(client, MODEL, prompts=prompts).analyze(task)
    fix, analysis = (objects.get(key).decode() for key in sorted(objects.data))
    assert "Import it first." in fix
    assert "BD-rate -1 %" in analysis


def test_a_key_that_somebody_wrote_into_a_hint_is_not_kept(
    service: FakeService,
    client: anthropic.Anthropic,
    design_task: DesignTask,
    objects: MemoryObjects,
    prompts: KeptPrompts,
) -> None:
    service.script = [Failure(429, "rate_limit_error")]
    leaky = design_task.model_copy(update={"hint": f"Use {KEY}."})
    with pytest.raises(ModelUnavailableError):
        ClaudeDesigner(client, MODEL, prompts=prompts).design(leaky)
    (told,) = objects.data.values()
    assert b"Use [key]." in told
    assert KEY.encode() not in told


def test_a_text_that_is_no_unicode_is_kept_as_far_as_it_is(
    objects: MemoryObjects, prompts: KeptPrompts
) -> None:
    assert objects.get(prompts.keep("half a \ud83d pair")) == b"half a ? pair"


def test_a_key_says_when_and_what_for() -> None:
    key = "experiments/default-0001/run-2/prompts/20260101T000102.500000-fix-validation-3.txt"
    at = datetime(2026, 1, 1, 0, 1, 2, 500_000, tzinfo=UTC)
    assert PromptName.of(key) == PromptName(2, at, "fix-validation-3")
    assert PromptName.of("experiments/default-0001/run-2/proposal-1.json") is None
