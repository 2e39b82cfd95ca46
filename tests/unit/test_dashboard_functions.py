"""What the dashboard makes of values: texts, diffs, phases, heat maps."""

import json
import math
from typing import Any

from tests.unit.typescript import evaluate

FORMAT = "components/format.ts"
DASH = "\u2013"


def test_what_is_missing_is_a_dash_and_never_zero() -> None:
    assert (
        evaluate(
            FORMAT,
            "m.decimal(null, 2)",
            "m.signed(undefined, 2)",
            "m.grouped(null)",
            "m.dollars(null)",
            "m.duration(null)",
            "m.bytes(null)",
            "m.shortHash(null)",
        )
        == [DASH] * 7
    )


def test_numbers_read_as_they_are() -> None:
    assert evaluate(
        FORMAT,
        "m.signed(-3.204, 2)",
        "m.signed(12.3456, 2)",
        "m.signed(0, 2)",
        "m.grouped(1234567.8)",
        "m.dollars('0.00420')",
        "m.dollars(12.5)",
        "m.dollars(0)",
        "m.bytes(1536)",
        "m.words('design_next')",
    ) == [
        "\u22123.20",
        "+12.35",
        "0.00",
        "1\u202f234\u202f568",
        "$0.0042",
        "$12.50",
        "$0.00",
        "1.5 KiB",
        "Design next",
    ]


def test_ages_and_durations() -> None:
    assert evaluate(
        FORMAT,
        "m.age(0, 9_000)",
        "m.age(0, 42_000)",
        "m.age(0, 42 * 60_000)",
        "m.age(0, 25 * 3_600_000)",
        "m.age(5_000, 0)",
        "m.duration(1.26)",
        "m.duration(61)",
        "m.duration(420)",
        "m.duration(9_000)",
    ) == [
        "just now",
        "42 s ago",
        "42 min ago",
        "1 d ago",
        "just now",
        "1.3 s",
        "61 s",
        "7 min",
        "2.5 h",
    ]


def test_a_unified_diff_is_numbered_in_both_files() -> None:
    unified = "--- a\n+++ b\n@@ -3,3 +3,2 @@\n same\n-old\n+new\n--- x\n--- c\n+++ d\n"
    [lines] = evaluate("components/unifiedDiff.ts", f"m.linesOf({json.dumps(unified)})")
    assert [(one["kind"], one["old"], one["new"], one["text"]) for one in lines] == [
        ("gap", None, None, "--- a"),
        ("gap", None, None, "+++ b"),
        ("gap", None, None, "@@ -3,3 +3,2 @@"),
        ("context", 3, 3, "same"),
        ("removed", 4, None, "old"),
        ("added", None, 4, "new"),
        ("removed", 5, None, "-- x"),
        ("gap", None, None, "--- c"),
        ("gap", None, None, "+++ d"),
    ]


def test_the_states_of_a_run_are_folded_into_its_phases() -> None:
    at = "2026-01-02T00:00:{:02d}Z"

    def visit(state: str, phase: str | None, attempt: int, progress: str, start: int) -> dict:
        end = None if progress == "running" else at.format(start + 2)
        return {
            "state": state,
            "phase": phase,
            "attempt": attempt,
            "progress": progress,
            "entered_at": at.format(start),
            "exited_at": end,
            "failures": [],
        }

    visits = [
        visit("Begin", None, 1, "succeeded", 0),
        visit("Design", "design", 1, "succeeded", 2),
        visit("Deploy", "deploy", 1, "succeeded", 4),
        visit("Validate", "validation", 1, "succeeded", 6),
        visit("JudgeValidation", "validation", 1, "failed", 8),
        visit("Deploy", "deploy", 2, "succeeded", 10),
        visit("Validate", "validation", 2, "running", 12),
    ]
    now = f"Date.parse('{at.format(20)}')"
    [nodes] = evaluate(
        "features/experiment/runStates.ts", f"m.phaseNodes({json.dumps(visits)}, {now})"
    )
    assert [(one["phase"], one["progress"], one["count"], one["seconds"]) for one in nodes] == [
        ("design", "succeeded", 1, 2),
        ("deploy", "succeeded", 2, 4),
        ("validation", "running", 2, 12),
        ("execution", "pending", 0, None),
        ("analysis", "pending", 0, None),
        ("design_next", "pending", 0, None),
    ]


def test_the_heat_map_is_the_psnr_of_blocks_on_a_fixed_scale() -> None:
    grey = "new Uint8ClampedArray(4 * 16 * 8).fill(100)"
    source = f"{{width: 16, height: 8, data: {grey}}}"
    # The right block is off by 10 in each channel: luma's weights sum to 1.
    decoded = (
        f"{{width: 16, height: 8, data: {grey}.map((value, at) => at % 64 < 32 ? value : 110)}}"
    )
    psnr, worst, best = evaluate(
        "features/experiment/heatMap.ts",
        f"[...m.blockPsnr({source}, {decoded})]",
        "[m.colourOf(5), m.colourOf(20)]",
        "[m.colourOf(80), m.colourOf(50)]",
    )
    assert psnr == [50, 10 * math.log10(255**2 / 100)]
    assert worst[0] == worst[1]
    assert best[0] == best[1]


def test_cited_experiments_are_found_in_an_answer_and_nothing_else() -> None:
    text = "my-c.x-0001 beats my-c.x-00012; <b>my-c.x-0002</b> not-my-c.x-0001"
    (found,) = evaluate(
        "features/ask/citations.ts", f"m.stretches({text!r}, ['my-c.x-0001', 'my-c.x-0002'])"
    )
    assert "".join(one["text"] for one in found) == text
    assert [one["text"] for one in found if one["experiment"]] == ["my-c.x-0001", "my-c.x-0002"]
    assert evaluate("features/ask/citations.ts", "m.stretches('a (b', [])") == [
        [{"text": "a (b", "experiment": False}]
    ]


def test_the_phase_that_asked_a_person_stays_failed_whatever_the_answer() -> None:
    def visit(state: str, phase: str | None, *failures: str) -> dict[str, Any]:
        return {
            "state": state,
            "phase": phase,
            "attempt": 1,
            "progress": "succeeded",
            "entered_at": "2026-01-02T00:00:00Z",
            "exited_at": "2026-01-02T00:00:01Z",
            "failures": failures,
        }

    asked = [visit("FlagHuman", None), visit("NotifyHuman", None), visit("NeedsHuman", None)]
    design = visit("Design", "design", "AnswerError: no JSON")
    replay = visit("ReplayFramework", None, "States.TaskFailed: lost")
    runs = [
        [design, *asked],
        [design, visit("Validate", "validation"), replay, *asked],
        [design, visit("Deploy", "deploy")],
    ]
    seen = evaluate(
        "features/experiment/runStates.ts",
        *(f"m.phaseNodes({json.dumps(run)}, 0)" for run in runs),
    )
    failed = [[one["phase"] for one in nodes if one["progress"] == "failed"] for nodes in seen]
    assert failed == [["design"], ["validation"], []]


def test_the_range_of_the_progress_is_never_without_extent() -> None:
    assert evaluate(
        "features/progress/rateDomain.ts",
        "m.rateDomain([])",
        "m.rateDomain([-28])",
        "m.rateDomain([-28, -27.5])",
        "m.rateDomain([-28, -21])",
        "m.rateDomain([-4, 12])",
        "m.rateDomain([3, 12])",
        "m.rateDomain([0])",
    ) == [None, [-28.5, -27.5], [-28.25, -27.25], [-28, -21], [-4, 12], [0, 12], [-0.5, 0.5]]
