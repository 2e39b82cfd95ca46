"""What of the lab a mind may change, and what no path, name or size leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_lab.framework import (
    MAX_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    SHIPPED,
    Framework,
    is_allowed,
)
from codec_lab.plan import EvaluationPlan, Screen
from tests.unit.builders import clip

PROTECTED = [
    "codec_worker/sandbox/seccomp.py",
    "codec_worker/metrics.py",
    "codec_worker/anchors.py",
    "codec_lab/merging.py",
    "codec_lab/framework.py",
    "manifest.json",
    "codec.py",
    "prompts/system.md",
    "prompts/toolbox.md",
]
ESCAPES = [
    "../codec_worker/metrics.py",
    "toolbox/../../codec_worker/metrics.py",
    "toolbox/../codec.py",
    "toolbox/../toolbox/scan.py",
    "prompts/../lessons.md",
    "./lessons.md",
    "toolbox//scan.py",
    "/etc/passwd",
    "/overlay/lessons.md",
    "//overlay/lessons.md",
    "~/lessons.md",
    "file:///overlay/lessons.md",
    "toolbox\\..\\..\\codec.py",
    "C:\\toolbox\\scan.py",
    "",
    ".",
    "..",
    "toolbox",
    "toolbox/",
]
STRANGE_NAMES = [
    "toolbox/__init__.py",
    "toolbox/_private.py",
    "toolbox/scan.py ",
    "toolbox/scan.py\0.md",
    "toolbox/scan\n.py",
    "toolbox/scan.pyc",
    "toolbox/scan.pth",
    "toolbox/scan.so",
    "toolbox/deep/scan.py",
    "toolbox/class.py",
    "toolbox/sc\u0430n.py",  # a Cyrillic letter that looks like another
    "toolbox/scan -> ..",
    "Toolbox/scan.py",
    "LESSONS.md",
    "lessons.md/..",
    "prompts/design.md/",
]


@pytest.mark.parametrize("path", PROTECTED + ESCAPES + STRANGE_NAMES)
def test_nothing_but_the_listed_parts_can_be_changed(path: str) -> None:
    assert not is_allowed(path)
    for change in ({path: "1"}, {path: ""}, {"lessons.md": "Good.", path: "1"}):
        with pytest.raises(ValueError, match="is protected; a change may touch prompts/"):
            SHIPPED.changed(change)


@given(st.text(alphabet="./\\ toolbxprmsde~\0\u2024\u2215", max_size=30))
def test_no_text_leads_out_of_the_overlay(path: str) -> None:
    inside = {"prompts", "toolbox", "lessons.md", "screening.json"}
    assert not is_allowed(path) or path.partition("/")[0] in inside


def test_a_change_adds_replaces_and_removes() -> None:
    first = SHIPPED.changed({"toolbox/scan.py": "ORDER = 1\n", "lessons.md": "Small steps."})
    second = first.changed({"toolbox/scan.py": "ORDER = 2\n", "lessons.md": ""})

    assert first.toolbox == {"toolbox/scan.py": "ORDER = 1\n"}
    assert first.lessons == "Small steps."
    assert second.files == {"toolbox/scan.py": "ORDER = 2\n"}
    assert SHIPPED.files == {}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"lessons.md": "x" * (MAX_FILE_BYTES + 1)}, "lessons.md has 16001 bytes; at most 16000"),
        ({"lessons.md": "\u00e9" * MAX_FILE_BYTES}, "has 32000 bytes"),
        ({f"toolbox/m{n}.py": "" for n in range(MAX_FILES + 1)}, "17 files"),
        ({f"toolbox/{'a' * 90}.py": ""}, "has 101 bytes; at most 100 are kept"),
        ({f"toolbox/m{n}.py": "#" * 13_000 for n in range(5)}, f"at most 16 of {MAX_BYTES}"),
    ],
)
def test_what_is_too_large_is_refused(files: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Framework(files=files)


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("toolbox/scan.py", "def (:", "toolbox/scan.py cannot be read: invalid syntax"),
        ("toolbox/scan.py", "a\0b", "cannot be read"),
        ("toolbox/scan.py", "(" * 5000, "cannot be read"),
        ("lessons.md", "\ud800", "cannot be read"),
        ("screening.json", "5", "screening.json: the whole text"),
        ("screening.json", '{"margin_percent": 1.9}', "margin_percent: Input should be greater"),
        ("screening.json", '{"margin_percent": 51}', "margin_percent: Input should be less"),
        ("screening.json", '{"margin_percent": NaN}', "margin_percent"),
        ("screening.json", '{"margin_percent": 5, "frames": 1}', "frames: Extra inputs"),
    ],
)
def test_what_is_not_of_its_form_is_refused(path: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Framework(files={path: text})


def test_a_threshold_changes_the_decision_and_not_the_measurement() -> None:
    plan = EvaluationPlan(clips=(clip("hall"),), screen=Screen(clips=2, frames=9, qualities=3))
    strict = Framework(files={"screening.json": '{"margin_percent": 2.5}'})

    assert SHIPPED.applied_to(plan) == plan
    screen = Screen(clips=2, frames=9, qualities=3, margin_percent=2.5)
    assert strict.applied_to(plan) == plan.model_copy(update={"screen": screen})
    without = plan.model_copy(update={"screen": None})
    assert strict.applied_to(without) == without
