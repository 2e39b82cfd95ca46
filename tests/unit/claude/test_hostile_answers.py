"""Malformed and hostile answers: each ends in a typed error that tells why, and none in a leak."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from adapters.attribute_values import item_of
from adapters.claude.analyst import ClaudeAnalyst
from adapters.claude.answers import AnswerError
from adapters.claude.conversation import Account, Conversation, ToolCall
from adapters.claude.designer import ClaudeDesigner
from adapters.claude.fixer import ClaudeFixer
from adapters.claude.prompting import fix_question
from codec_lab import documents, keys
from codec_lab.designing import design
from codec_lab.errors import DesignRejectedError, NothingLeftToTryError
from codec_lab.events import FixRequest, PhaseRequest
from codec_lab.experiment import Experiment
from codec_lab.fixing import fix
from codec_lab.minds import AnalysisTask, FixTask
from codec_lab.phase import Phase
from codec_lab.prompts import NoPrompts
from codec_lab.proposal import Mind, Proposal
from codec_lab.spending import OpenPurse
from tests.fakes import ManualClock, MemoryChangeSets, MemoryObjects, MemoryRecords
from tests.unit.builders import FAILED_VALIDATION, experiment, opened
from tests.unit.claude.fake_service import FakeService, Reply, Tool
from tests.unit.claude.tasks import KEY, PARENT, proposal_of

MODEL = "claude-opus-5-5"
WORDS = {"change": "c", "hypothesis": "h", "expected_bd_rate_percent": None}
SOURCE = "def encode(clip, quality): ...\ndef decode(bitstream): ...\n"
WRITTEN: dict[str, Any] = {"files": [{"name": "codec.py", "source": SOURCE}], **WORDS}
EDITED: dict[str, Any] = {
    "files": [],
    "edits": [{"file": "codec.py", "old": "STEP = 8", "new": "STEP = 7"}],
    **WORDS,
}
FIXED: dict[str, Any] = {
    "files": [],
    "edits": [{"file": "helper.py", "old": "oops", "new": "pass"}],
    "reason": "r",
    "change": "c",
}
EXPLAINED: dict[str, Any] = {"analysis": "c", "lessons": "r"}
MODIFIED: dict[str, Any] = {"files": [{"path": "lessons.md", "text": "r"}], "reason": "r"}
INSTALLED: dict[str, Any] = {"package": "tinystep", "reason": "r"}
LIMITED: dict[str, Any] = {"limits": [{"limit": "cpu_s", "value": 130}], "reason": "r"}

OUTSIDE = (
    "../codec.py", "/etc/passwd", "a/b.py", "..\\codec.py", "codec.PY", "codec.txt", "", ".py",
    "co dec.py", "codec\n.py", "codec\0.py", "~/x.py", "./codec.py", "C:codec.py", "1x.py",
    "__pycache__/codec.py", "codec.py/", "x" * 10_000,
)  # fmt: skip
PROTECTED = (
    "codec_worker/sandbox/seccomp.py", "codec_worker/metrics.py", "codec_worker/anchors.py",
    "codec_lab/framework.py", "codec_lab/merging.py", "infra/experiment.asl.json",
    "adapters/claude/prompts/system.md", "prompts/system.md", "prompts/toolbox.md", "manifest.json",
    "toolbox/../../codec_worker/metrics.py", "toolbox/../lessons.md", "toolbox/__init__.py",
    "toolbox/a.py -> /etc/passwd", "toolbox/a/b.py", "toolbox/import.py", "/overlay/lessons.md",
)  # fmt: skip
SPACE = "\nSEARCH_SPACE = {'a': [1, 2]}"
ODD_SOURCES = {
    "minus signs": f"x = {'-' * 50_000}1",
    "a long sum": f"x = 1{'+1' * 50_000}",
    "brackets": "(" * 50_000,
    "a zero byte": "x = '\0'",
    "no hash": f"PARAMETERS = {{[1]: 2}}{SPACE}",
    "no literal": f"PARAMETERS = {{'a': 1 + 'x'}}{SPACE}",
    "infinite": f"PARAMETERS = {{'a': 1e999}}{SPACE}",
    "tiny": f"PARAMETERS = {{'a': 1e-300}}{SPACE}",
    "large": f"PARAMETERS = {{'a': {'9' * 60}}}{SPACE}",
    "long": f"PARAMETERS = {{'a': {'x' * 390_000!r}}}{SPACE}",
    "a list": f"PARAMETERS = {{'a': [1]}}{SPACE}",
    "a wide space": "PARAMETERS = {'a': 1}\nSEARCH_SPACE = {'a': 5}",
    "keys of two types": "PARAMETERS = {'a': 1}\nSEARCH_SPACE = {1: [2], 'b': [3]}",
    "many": f"PARAMETERS = {dict.fromkeys(range(2_000), 1)}{SPACE}",
}
"""Sources that say something odd; whether they code video is found where nothing can be harmed."""

LONG = "A" * 400_000

ESCAPED_KEY = KEY.replace("-", "\\u002D").replace("s", "\\u0073")
"""The key as JSON may spell it."""

ID = "default-0001"
Case = tuple[str, Reply, str]


class States:
    """The states Design and Fix of an experiment with Claude, over fakes."""

    def __init__(self, client: anthropic.Anthropic) -> None:
        self.client = client
        self.records, self.objects, self.clock = MemoryRecords(), MemoryObjects(), ManualClock()
        opened(self.records, self.objects, self.clock, mind=Mind.CLAUDE)
        documents.save(self.objects, keys.seed("default"), proposal_of(PARENT))
        broken = PARENT.with_file("helper.py", "def planes(bitstream):\n    oops\n")
        documents.save(self.objects, "broken", proposal_of(broken))
        self.records.create_experiment(experiment(proposal_key="broken"))
        self.records.put_attempt(FAILED_VALIDATION)

    def design(self) -> None:
        design(
            PhaseRequest(experiment_id=ID, run=1),
            records=self.records,
            objects=self.objects,
            designer_of=lambda _: ClaudeDesigner(self.client, MODEL),
            clock=self.clock,
        )

    def fix(self) -> None:
        fix(
            FixRequest(experiment_id=ID, run=1, phase=Phase.VALIDATION, attempt=1),
            records=self.records,
            objects=self.objects,
            change_sets=MemoryChangeSets(self.records),
            fixer_of=lambda _: ClaudeFixer(self.client, MODEL),
            clock=self.clock,
        )

    @property
    def experiment(self) -> Experiment:
        return self.records.experiment(ID)

    def hold(self) -> None:
        """Check what every answer leaves: records that the table takes, paid, without the key.

        The table takes 400 KB an item.
        """
        assert self.experiment.model_cost_usd > 0
        rows = [json.dumps(item_of(row)) for row in (self.experiment, *self.records.attempts(ID))]
        assert max(map(len, rows)) < 100_000
        assert KEY not in "".join(rows)
        assert all(KEY.encode() not in data for data in self.objects.data.values())


def malformed(tool: str, good: dict[str, Any]) -> Iterator[Case]:
    """Spoil a good input in every way that a form can be spoilt."""
    text = json.dumps(good)
    for length in (1, len(text) // 3, len(text) // 2, len(text) - 1):
        yield f"cut to {length}", Reply([Tool(tool, text[:length])]), "not valid"
    for what, spoilt in {
        "prose": "Here is my design.",
        "fenced": f"```json\n{text}\n```",
        "two": text + text,
        "a list": f"[{text}]",
        "a text": json.dumps(text),
        "null": "null",
        "NaN": '{"files": NaN}',
        "nested": '{"files":' * 2000,
        "lone surrogate": re.sub('"[cr]"', lambda _: r'"\ud800"', text),
    }.items():
        yield what, Reply([Tool(tool, spoilt)]), "not valid"
    for name in good:
        less = {key: value for key, value in good.items() if key != name}
        yield f"without {name}", Reply([Tool(tool, less)]), f"not valid: {name}: Field required"
        wrong = {**good, name: {"type": "object"}}
        yield f"{name} of another type", Reply([Tool(tool, wrong)]), f"not valid: {name}"
    more = {**good, "api_key": "please"}
    yield "a field too many", Reply([Tool(tool, more)]), "api_key: Extra inputs"
    long = {**good, LONG: "please"}
    yield "a long field", Reply([Tool(tool, long)]), "not valid: A+: Extra inputs"


def beside_the_tools(good: Tool) -> Iterator[Case]:
    """End otherwise than by one call of an offered tool."""
    yield "prose", Reply(["I think we should."], "end_turn"), "without a tool: I think we should."
    yield "nothing", Reply([], "end_turn"), "without a tool: nothing"
    yield "5 MB of prose", Reply(["A long story. " * 375_000], "end_turn"), "longer than"
    yield "5 MB of input", Reply([Tool(good.name, "[" + "1," * 2_500_000)]), "not valid|longer than"
    yield "a tool that is not offered", Reply([Tool("run_shell", {"command": "id"})]), "run_shell"
    yield "two tools", Reply([good, good]), "2 tools at once"
    yield "cut off", Reply([good], "max_tokens"), "token limit"
    yield "cut off in prose", Reply(["So"], "max_tokens"), "token limit"
    yield "window full", Reply([good], "model_context_window_exceeded"), "token limit"
    yield "refused", Reply([], "refusal"), "refused to answer"
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    yield "refused, why", Reply([], "refusal", details), "refused to answer: No."
    leak = Reply([f"The key is {KEY}."], "end_turn")
    yield "the key", leak, r"The key is \[key\]"
    at_the_cut = Reply([f"{'x' * 285}{KEY}"], "end_turn")
    yield "the key where prose is cut", at_the_cut, r"x\[key\]$"
    spelt = json.dumps({"@": ""}).replace("@", ESCAPED_KEY)
    yield "the escaped key", Reply([Tool(good.name, spelt)]), r"\[key\]: Extra inputs|: Field req"


def design_cases() -> Iterator[Case]:
    yield from malformed("write_candidate", WRITTEN)
    yield from malformed("edit_parent", EDITED)
    yield from beside_the_tools(Tool("write_candidate", WRITTEN))
    for name in OUTSIDE:
        files = [*WRITTEN["files"], {"name": name, "source": "pass"}]
        written = Reply([Tool("write_candidate", {**WRITTEN, "files": files})])
        yield f"file {name[:20]!r}", written, "no candidate"
        edits = [{"file": name, "old": "a", "new": "b"}]
        edited = Reply([Tool("edit_parent", {**EDITED, "edits": edits})])
        yield f"edit of {name[:20]!r}", edited, "there are only codec.py, helper.py"
    for what, names, why in (
        ("a long name", ["b" * 70_000], "70003 bytes; at most 100"),
        ("65 files", [f"b{n}" for n in range(64)], "at most 64 items"),
    ):
        files = [*WRITTEN["files"], *({"name": f"{name}.py", "source": ""} for name in names)]
        yield what, Reply([Tool("write_candidate", {**WRITTEN, "files": files})]), why
    twice = {**WRITTEN, "files": WRITTEN["files"] * 2}
    yield "a file twice", Reply([Tool("write_candidate", twice)]), "given twice"
    yield "no file", Reply([Tool("write_candidate", {**WRITTEN, "files": []})]), "no candidate"
    no_entry = [{"name": "other.py", "source": SOURCE}]
    other = Reply([Tool("write_candidate", {**WRITTEN, "files": no_entry})])
    yield "no entry file", other, "needs a file codec.py"
    large = [{"name": "codec.py", "source": "x = 1\n" * 100_000}]
    yield "large", Reply([Tool("write_candidate", {**WRITTEN, "files": large})]), "600000 char"
    for value in ("1e999", "-1e3", '"much"'):
        text = json.dumps(WRITTEN).replace("null", value)
        yield f"expects {value}", Reply([Tool("write_candidate", text)]), "expected_bd_rate"
    wordy = {**WRITTEN, "change": "word " * 1000}
    yield "wordy", Reply([Tool("write_candidate", wordy)]), "change: String should have at most"


def fix_cases() -> Iterator[Case]:
    yield from malformed("edit_candidate", FIXED)
    yield from malformed("adjust_limits", LIMITED)
    yield from malformed("install_package", INSTALLED)
    yield from beside_the_tools(Tool("edit_candidate", FIXED))
    for name in OUTSIDE:
        files = [{"name": name, "source": "pass"}]
        fixed = Reply([Tool("edit_candidate", {**FIXED, "files": files})])
        yield f"file {name[:20]!r}", fixed, "no candidate"
    for limit in ("sandbox", "__class__", "hard_limits", "cpu_s; rm -rf /"):
        limits = [{"limit": limit, "value": 1}]
        changed = Reply([Tool("adjust_limits", {**LIMITED, "limits": limits})])
        yield f"limit {limit}", changed, "limits.0.limit"
    for value in ("1.5", '"all"', "null", "1e400"):
        text = json.dumps(LIMITED).replace("130", value)
        yield f"limit of {value}", Reply([Tool("adjust_limits", text)]), "limits.0.value|JSON"
    yield from malformed("modify_framework", MODIFIED)
    yield from framework_cases()
    long_limit = {**LIMITED, "limits": [{"limit": "cpu_s", "value": 130, LONG: 1}]}
    yield "a long field of a limit", Reply([Tool("adjust_limits", long_limit)]), "limits.0.A+: Ext"
    yield "no limit", Reply([Tool("adjust_limits", {**LIMITED, "limits": []})]), "limits: "
    wordy = {**INSTALLED, "package": "x" * 101}
    yield "a long package", Reply([Tool("install_package", wordy)]), "package: String should have"
    yield "a design", Reply([Tool("write_candidate", WRITTEN)]), "unknown tool"


def framework_cases() -> Iterator[Case]:
    def modified(path: str, text: str = "x = 1") -> Reply:
        return Reply(
            [Tool("modify_framework", {**MODIFIED, "files": [{"path": path, "text": text}]})]
        )

    for path in (*OUTSIDE, *PROTECTED):
        yield f"framework {path[:40]!r}", modified(path), "is protected; a change may touch"
        yield f"framework without {path[:40]!r}", modified(path, ""), "is protected"
    yield "a large module", modified("toolbox/a.py", "x = 1\n" * 3000), "18000 bytes; at most 16000"
    for text in ("x = 1", ""):
        long_name = modified(f"toolbox/{'a' * 70_000}.py", text)
        yield f"a module of a long name, {text!r}", long_name, "70011 bytes; at most 100"
    yield "a broken module", modified("toolbox/a.py", "def ("), "toolbox/a.py cannot be read"
    yield "no threshold", modified("screening.json", "{}"), "margin_percent: Field required"
    long_field = modified("screening.json", json.dumps({"margin_percent": 3, LONG[:15_000]: 1}))
    yield "a long field of the thresholds", long_field, "screening.json: A+: Extra inputs"
    strict = modified("screening.json", '{"margin_percent": 0}')
    yield "a screen that stops all", strict, "greater than or equal to 2"
    twice = {**MODIFIED, "files": MODIFIED["files"] * 2}
    yield "a text twice", Reply([Tool("modify_framework", twice)]), "given twice"
    none = Reply([Tool("modify_framework", {**MODIFIED, "files": []})])
    yield "no text", none, "files: Tuple should have at least 1"
    version = Reply([Tool("rollback_framework", {"reason": "r", "version": -1})])
    yield "a rollback to anywhere", version, "version: Extra inputs"


def analysis_cases() -> Iterator[Case]:
    yield from malformed("write_analysis", EXPLAINED)
    yield from beside_the_tools(Tool("write_analysis", EXPLAINED))
    yield "empty", Reply([Tool("write_analysis", {**EXPLAINED, "analysis": ""})]), "analysis: "
    wordy = {**EXPLAINED, "analysis": "word " * 10_000}
    yield "wordy", Reply([Tool("write_analysis", wordy)]), "analysis: String should have at most"
    yield "a fix", Reply([Tool("edit_candidate", FIXED)]), "unknown tool"


def parameters(cases: Iterator[Case]) -> list[Any]:
    return [
        pytest.param(reply, why, id=f"{n} {what}") for n, (what, reply, why) in enumerate(cases)
    ]


DESIGNS, FIXES = parameters(design_cases()), parameters(fix_cases())
ANALYSES = parameters(analysis_cases())


def test_there_are_enough_cases() -> None:
    assert len(DESIGNS) + len(FIXES) + len(ANALYSES) >= 200


@pytest.fixture
def states(client: anthropic.Anthropic) -> States:
    return States(client)


@pytest.mark.parametrize(("reply", "why"), DESIGNS)
def test_a_design_is_rejected_for_a_reason(
    service: FakeService, states: States, reply: Reply, why: str
) -> None:
    service.script = [reply]
    with pytest.raises(DesignRejectedError, match=why) as raised:
        states.design()
    holds(raised.value)
    states.hold()


@pytest.mark.parametrize(("reply", "why"), FIXES)
def test_a_fix_is_rejected_for_a_reason(
    service: FakeService, states: States, reply: Reply, why: str
) -> None:
    service.script = [reply]
    with pytest.raises(DesignRejectedError, match=why) as raised:
        states.fix()
    holds(raised.value)
    states.hold()


def test_a_long_number_is_said_in_short(service: FakeService, states: States) -> None:
    limits = json.dumps(LIMITED).replace("130", "9" * 4_299)
    service.script = [Reply([Tool("adjust_limits", limits)])] * 3
    with pytest.raises(DesignRejectedError, match=r"cpu_s is 9{40} … .4259 more") as raised:
        states.fix()
    holds(raised.value)
    states.hold()


def test_many_long_refusals_are_told_in_short(service: FakeService, states: States) -> None:
    faulty = Reply([Tool("edit_candidate", {**FIXED, LONG: 1})])
    for _ in range(5):
        service.script = [faulty]
        with pytest.raises(DesignRejectedError):
            states.fix()
    states.hold()
    first, *_, last = (len(json.dumps(request)) for request in service.requests)
    assert first < last < first + 5_000


def test_a_refusal_ends_where_records_and_prompts_end_it(
    service: FakeService, client: anthropic.Anthropic, fix_task: FixTask
) -> None:
    account = Account(OpenPurse(), NoPrompts(), "fix")
    conversation = Conversation(client, MODEL, tools=("ask_human",), question="?", account=account)
    service.script = [Reply([Tool("ask_human", {"question": "?"})])]

    def refused(_: ToolCall) -> None:
        raise AnswerError(KEY + LONG)

    with pytest.raises(DesignRejectedError, match=r"^\[key\]A{1995} … .398005 more characters.$"):
        conversation.settle(refused)
    question = fix_question(fix_task.model_copy(update={"rejected": (LONG,)}))
    assert "A" * 2_000 in question
    assert "A" * 2_001 not in question


@pytest.mark.parametrize("declared", ODD_SOURCES.values(), ids=ODD_SOURCES)
def test_an_odd_source_is_the_sandbox_s_to_judge(
    service: FakeService, states: States, declared: str
) -> None:
    first, second = (
        [{"name": "codec.py", "source": f"{SOURCE}NUMBER = {number}\n{declared}\n"}]
        for number in (1, 2)
    )
    designed = {**WRITTEN, "files": first, "expected_bd_rate_percent": 1e-200}
    fixed = {**FIXED, "files": second, "edits": []}
    service.script = [
        Reply([Tool("write_candidate", designed)]),
        Reply([Tool("edit_candidate", fixed)]),
    ]
    states.design()
    states.hold()
    assert states.experiment.parameters is None
    assert states.experiment.expected_bd_rate_percent == 0
    states.fix()
    states.hold()
    assert states.experiment.parameters is None


def test_the_key_is_taken_out_of_what_its_escapes_stand_for(
    service: FakeService, states: States
) -> None:
    files = [{"name": "codec.py", "source": f"{SOURCE}KEYS = '@', '\\\\u002d', '@@'\n"}]
    words = {"change": "Use @.", "hypothesis": "@", "expected_bd_rate_percent": None}
    missed = {"files": files, "edits": [{"file": "codec.py", "old": "@", "new": ""}], **words}
    service.script = [
        Reply([Tool(tool, json.dumps(answer).replace("@", ESCAPED_KEY))])
        for tool, answer in (
            ("edit_parent", missed),
            ("write_candidate", {**words, "files": files}),
        )
    ]
    states.design()
    states.hold()
    assert len(service.requests) == 2
    assert states.experiment.change == "Use [key]."
    proposal = documents.load(states.objects, states.experiment.proposal_key or "", Proposal)
    assert "KEYS = '[key]', '\\\\u002d', '[key][key]'" in proposal.candidate.files["codec.py"]


@pytest.mark.parametrize(("reply", "why"), ANALYSES)
def test_an_analysis_is_rejected_for_a_reason(
    service: FakeService, client: anthropic.Anthropic, reply: Reply, why: str
) -> None:
    task = AnalysisTask(
        goal="", experiment_id="default-0001", change="", hypothesis="", facts="", results=(),
        expected_bd_rate_percent=None, parent="", effects="", lessons="",
    )  # fmt: skip
    service.script = [reply]
    with pytest.raises(DesignRejectedError, match=why) as raised:
        ClaudeAnalyst(client, MODEL).analyze(task)
    holds(raised.value)


def holds(error: DesignRejectedError) -> None:
    """Check what every rejection keeps: short, paid, and without the key."""
    assert len(str(error)) < 1000
    assert error.model_cost_usd > 0
    assert KEY not in "".join(traceback.format_exception(error))


def test_a_question_for_secrets_reaches_a_person_and_gives_none(
    service: FakeService, client: anthropic.Anthropic, fix_task: FixTask
) -> None:
    question = f"Send me ANTHROPIC_API_KEY. Is it {KEY}?"
    service.script = [Reply([Tool("ask_human", {"question": question})])]

    with pytest.raises(NothingLeftToTryError) as raised:
        ClaudeFixer(client, MODEL).fix(fix_task)

    assert str(raised.value) == "The model asks: Send me ANTHROPIC_API_KEY. Is it [key]?"
