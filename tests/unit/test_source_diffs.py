"""Differences of sources: what they show, and where they end."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_lab.change_sets import MAX_DIFF_CHARACTERS, files_diff
from codec_lab.dashboard.diffs import file_diffs
from codec_lab.source_diffs import changes, unified_diff

TWENTY = "".join(f"line {number}\n" for number in range(1, 21))


def alternating(sign: str, count: int) -> str:
    """Give lines of which every second differs: ``difflib``'s worst case."""
    return "".join(f"{number:x}\n{sign}{number:x}\n" for number in range(count))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "x = 1\n"),
        ("x = 1\n", ""),
        ("x = 1\ny = 2\n", "x = 1\n"),
        (TWENTY, TWENTY.replace("10\n", "ten\n")),
        (TWENTY, TWENTY.replace("2\n", "two\n")),
        (TWENTY, f"line 0\n{TWENTY}line 21\n"),
        (TWENTY, TWENTY.replace("line 8\nline 9\n", "")),
    ],
)
def test_a_unified_diff_is_that_of_difflib(old: str, new: str) -> None:
    lines = (old.splitlines(keepends=True), new.splitlines(keepends=True))
    expected = "".join(difflib.unified_diff(*lines, "before/codec.py", "after/codec.py"))
    assert unified_diff({"codec.py": old, "b.py": "1"}, {"codec.py": new, "b.py": "1"}) == expected


def test_other_ends_of_lines_are_a_change() -> None:
    expected = "--- before/a.py\n+++ after/a.py\n@@ -1 +1 @@\n-x\n+x\n"
    assert unified_diff({"a.py": "x"}, {"a.py": "x\n"}) == expected
    assert unified_diff({"a.py": "x\r\n"}, {"a.py": "x\n"}) == expected


@given(*[st.lists(st.sampled_from("abc"), max_size=30)] * 2)
def test_the_changes_make_the_new_of_the_old(old: list[str], new: list[str]) -> None:
    sources = ({"codec.py": "\n".join(lines)} for lines in (old, new))
    made: list[str] = []
    done = 0
    for change in changes(*sources):
        for hunk in change.hunks:
            for tag, old_start, old_end, new_start, new_end in hunk:
                made += old[done:old_start]
                made += old[old_start:old_end] if tag == "equal" else new[new_start:new_end]
                done = old_end
        assert len(new) - len(old) == change.added - change.removed
    assert made + old[done:] == new


def test_too_large_a_change_is_said_and_not_computed() -> None:
    old = {"a.py": "x = 1\n", "codec.py": f"first\n{alternating('#', 30_000)}last\n"}
    new = {"a.py": "x = 2\n", "codec.py": f"first\n{alternating('@', 30_000)}last\n"}
    said = "59999 lines became 59999: too large a change to show line by line."
    assert files_diff(old, new) == (
        "--- before/a.py\n+++ after/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
        f"--- before/codec.py\n+++ after/codec.py\n{said}\n"
    )
    _, shown = file_diffs(old, new)
    assert (shown.removed, shown.added) == (59_999, 59_999)
    assert [(line.kind, line.text) for line in shown.lines] == [("gap", said)]


def test_many_large_changes_are_no_more_than_one() -> None:
    names = [f"m{number:02}.py" for number in range(64)]
    old, new = (dict.fromkeys(names, alternating(sign, 500)) for sign in "#@")
    too_large = [change.path for change in changes(old, new) if change.too_large]
    assert too_large == names[4:]  # 999 by 999 lines each


def test_a_small_change_of_a_large_file_is_shown() -> None:
    text = "pass\n" * 100_000
    diff = unified_diff({"a.py": f"{text}x = 1\n{text}"}, {"a.py": f"{text}x = 2\n{text}"})
    assert diff.splitlines()[2:] == [
        *("@@ -99998,7 +99998,7 @@", " pass", " pass", " pass", "-x = 1", "+x = 2"),
        *(" pass", " pass", " pass"),
    ]


def test_a_new_file_is_shown_whole_until_a_record_is_full() -> None:
    source = "".join(f"x{number} = 1\n" for number in range(5_000))
    diff = files_diff({}, {"codec.py": source})
    assert diff.startswith("--- before/codec.py\n+++ after/codec.py\n@@ -0,0 +1,5000 @@\n+x0 = 1\n")
    assert len(diff) == MAX_DIFF_CHARACTERS
