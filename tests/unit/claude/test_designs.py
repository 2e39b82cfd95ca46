"""Designs through the real SDK: full source, edits, hints, second thoughts and costs."""

from __future__ import annotations

import logging
import re
from decimal import Decimal

import anthropic
import pytest

from adapters.claude.designer import ClaudeDesigner
from codec_lab.candidate import Candidate
from codec_lab.errors import ConfigurationError, DesignRejectedError
from codec_lab.framework import Framework
from codec_lab.limits import Limits
from codec_lab.minds import DesignTask
from codec_lab.proposal import Mind
from tests.unit.claude.fake_service import FakeService, Reply, Tool
from tests.unit.claude.tasks import KEY, PARENT

MODEL = "claude-opus-5-5"
WORDS = {"change": "A finer step.", "hypothesis": "Less error.", "expected_bd_rate_percent": -2.5}
# 1000 in at 4, 400 written at 5, 6000 read at 0.20 and 500 out at 20 dollars per million.
ANSWER_USD = Decimal("0.0172")


def edit(old: str, new: str, file: str = "codec.py") -> Tool:
    edits = [{"file": file, "old": old, "new": new}]
    return Tool("edit_parent", {"files": [], "edits": edits, **WORDS})


def test_a_design_by_full_source(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    files = {"codec.py": "import blocks\n", "blocks.py": "SIZE = 8\n"}
    written = [{"name": name, "source": source} for name, source in files.items()]
    service.script = [Reply([Tool("write_candidate", {"files": written, **WORDS})])]

    proposal = ClaudeDesigner(client, MODEL).design(design_task)

    assert proposal.candidate == Candidate(files=files)
    assert proposal.parent_sha256 == PARENT.sha256
    assert proposal.mind is Mind.CLAUDE
    assert proposal.limits == Limits()
    assert proposal.change == "A finer step."
    assert proposal.hypothesis == "Less error."
    assert proposal.expected_bd_rate_percent == -2.5
    assert proposal.model == MODEL
    assert proposal.model_cost_usd == ANSWER_USD


def test_a_design_by_edits_and_new_files(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    changes = {
        "files": [{"name": "tables.py", "source": "STEP = 6\n"}],
        "edits": [
            {"file": "codec.py", "old": "STEP = 8", "new": "from tables import STEP"},
            {"file": "tables.py", "old": "6", "new": "5"},
        ],
    }
    service.script = [Reply([Tool("edit_parent", {**changes, **WORDS})])]

    files = ClaudeDesigner(client, MODEL).design(design_task).candidate.files

    assert files["codec.py"] == PARENT.files["codec.py"].replace(
        "STEP = 8", "from tables import STEP"
    )
    assert files["tables.py"] == "STEP = 5\n"
    assert files["helper.py"] == PARENT.files["helper.py"]


def test_the_question_holds_goal_hint_parent_and_measurements(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([edit("STEP = 8", "STEP = 7")])]

    proposal = ClaudeDesigner(client, MODEL).design(design_task)

    (request,) = service.requests
    question = request["messages"][0]["content"]
    for told in (
        "Beat x265 by a tenth.",
        "Look at chroma.",
        PARENT.files["codec.py"],
        PARENT.files["helper.py"],
        "12.5",
        "-3.0",
        "Halved the step.",
        "Chroma costs most.",
        "cpu_s 120",
        "An edit did not match.",
        "-4.50 points: Changes gop from 8 to 16.",
        "hall, 32x16, 4 frames",
        "     40     200.0  30.00  40.00  40.00  0.9000",
        "BD-rate (psnr_y_db) against x265-medium: +12.5 %",
        "encode raised KeyError: 'gop'",
        'File "codec.py", line 41, in encode',
    ):
        assert told in question
    assert proposal.hint == "Look at chroma."


def test_the_question_shows_the_framework_as_data(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    files = {
        "prompts/design.md": "Prefer $tiny steps.",
        "prompts/fix.md": "Read the log.",
        "toolbox/scan.py": "ORDER = 1\n",
    }
    task = design_task.model_copy(update={"framework": Framework(version=3, files=files)})
    service.script = [Reply([edit("STEP = 8", "STEP = 6")])]

    ClaudeDesigner(client, MODEL).design(task)

    question = service.requests[0]["messages"][0]["content"]
    shown = question.partition("# The framework")[2].partition("# Your answer")[0]
    assert "Version 3." in shown
    assert re.search(r'<data kind="guidance" mark="\w+">\nPrefer \$tiny steps\.\n</data', shown)
    assert re.search(r'<data kind="file toolbox/scan.py" mark="\w+">\nORDER = 1\n', shown)
    assert "Read the log." not in question


def test_the_request_streams_caches_and_leaves_the_tool_to_the_model(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([edit("STEP = 8", "STEP = 7")])]

    ClaudeDesigner(client, MODEL).design(design_task)

    (request,) = service.requests
    assert request["stream"] is True
    assert request["model"] == MODEL
    assert request["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert [tool["name"] for tool in request["tools"]] == ["write_candidate", "edit_parent"]
    (system,) = request["system"]
    assert system["cache_control"] == {"type": "ephemeral"}
    assert "def encode(clip, quality: int) -> bytes" in system["text"]
    assert "codec_worker.toolbox.transform" in system["text"]
    assert service.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_an_edit_that_does_not_match_is_asked_again_and_paid(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([edit("STEP = 9", "STEP = 7")]), Reply([edit("STEP = 8", "STEP = 7")])]

    proposal = ClaudeDesigner(client, MODEL).design(design_task)

    assert "STEP = 7" in proposal.candidate.files["codec.py"]
    assert proposal.model_cost_usd == 2 * ANSWER_USD
    first, second = service.requests
    assert second["messages"][0] == first["messages"][0]
    thought, used = second["messages"][1]["content"]
    assert thought == {"type": "thinking", "thinking": "", "signature": "c2ln"}
    assert used["type"] == "tool_use"
    (result,) = second["messages"][2]["content"]
    assert result["tool_use_id"] == used["id"]
    assert result["is_error"] is True
    assert "occurs 0 times in codec.py" in result["content"]


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        (edit("STEP = 9", ""), "occurs 0 times"),
        (edit("e", ""), "not exactly once"),
        (edit("   ", "  ", "helper.py"), "occurs more than once"),  # overlapping
        (edit("", "x"), "occurs 0 times"),
        (edit("STEP = 8", "STEP = 8"), "tried before"),
        (
            edit("def planes(bitstream):\n    return bitstream", "EARLIER = 1", "helper.py"),
            "before",
        ),
    ],
)
def test_three_unusable_answers_are_a_rejected_design(
    service: FakeService,
    client: anthropic.Anthropic,
    design_task: DesignTask,
    tool: Tool,
    why: str,
) -> None:
    service.script = [Reply([tool])] * 3

    with pytest.raises(DesignRejectedError, match=why) as raised:
        ClaudeDesigner(client, MODEL).design(design_task)

    assert raised.value.model_cost_usd == 3 * ANSWER_USD
    assert service.script == []


def test_each_call_is_logged_with_its_usage(
    service: FakeService,
    client: anthropic.Anthropic,
    design_task: DesignTask,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.script = [Reply([edit("STEP = 8", "STEP = 7")])]

    ClaudeDesigner(client, MODEL).design(design_task)

    (record,) = [r for r in caplog.records if r.name == "adapters.claude.conversation"]
    assert record.levelno == logging.INFO
    logged = record.__dict__
    assert logged["latency_s"] >= 0
    assert {name: logged[name] for name in ("request_id", "stop_reason", "cost_usd")} == {
        "request_id": "req_1",
        "stop_reason": "tool_use",
        "cost_usd": str(ANSWER_USD),
    }
    tokens = ("input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens")
    assert [logged[name] for name in tokens] == [1000, 400, 6000, 500]


def test_a_model_without_a_price_is_not_asked(
    service: FakeService, client: anthropic.Anthropic
) -> None:
    with pytest.raises(ConfigurationError, match=r"adapters/claude/prices\.json .* claude-unknown"):
        ClaudeDesigner(client, "claude-unknown")
    assert service.requests == []


def test_a_key_in_a_hint_is_taken_out(
    service: FakeService, client: anthropic.Anthropic, design_task: DesignTask
) -> None:
    service.script = [Reply([edit("STEP = 8", f"STEP = '{KEY}'")])]
    task = design_task.model_copy(update={"hint": f"My key is {KEY}."})

    proposal = ClaudeDesigner(client, MODEL).design(task)

    assert "My key is [key]." in service.requests[0]["messages"][0]["content"]
    assert "STEP = '[key]'" in proposal.candidate.files["codec.py"]
