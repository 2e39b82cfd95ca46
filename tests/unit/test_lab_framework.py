"""The table of framework versions, and the fixes of ``lab show``, as a person reads them."""

import io

from rich.console import Console, RenderableType

from codec_lab.change_sets import ChangeSet, Outcome
from codec_lab.experiment import Attempt
from codec_lab.framework_history import FrameworkHistory
from codec_lab.phase import Phase
from codec_lab.proposal import FixTool
from lab.experiment_view import ExperimentReport
from lab.framework_command import version_table
from tests.unit.builders import NOON, experiment

CHANGE = ChangeSet(
    campaign_id="default",
    version=1,
    base_version=0,
    author="claude",
    experiment_id="default-0002",
    reason="A scan for all.",
    diff="+ORDER = 1",
    proposed_at=NOON,
    outcome=Outcome.ROLLED_BACK,
    outcome_reason="By version 2: Too slow.",
)


def text(shown: RenderableType) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_versions_tell_who_why_and_what_became_of_them() -> None:
    back = CHANGE.model_copy(
        update={
            "version": 2,
            "base_version": 1,
            "author": "lab",
            "outcome": Outcome.ADOPTED,
            "outcome_reason": "Version 0 is back; it needs no replay.",
        }
    )
    shown = text(version_table(FrameworkHistory(in_force=2, versions=(back, CHANGE))))

    assert "Version 2 is in force" in shown
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if "default-0002" in line]
    first, second = ([cell.strip() for cell in row] for row in rows)
    assert first[:3] == ["2*", "1", "lab"]
    assert first[6] == "adopted. Version 0 is back; it needs no replay."
    assert second == [
        "1",
        "0",
        "claude",
        "default-0002",
        "2026-01-01 12:00",
        "A scan for all.",
        "rolled back. By version 2: Too slow.",
    ]


def test_a_change_of_the_framework_is_among_the_fixes_with_diff_and_outcome() -> None:
    attempt = Attempt(
        experiment_id="default-0001",
        run=1,
        phase=Phase.VALIDATION,
        attempt=1,
        at=NOON,
        passed=False,
        fix_tool=FixTool.MODIFY_FRAMEWORK,
        fix_reason="A scan for all.",
        fix_diff="+ORDER = 1",
    )
    judged = attempt.model_copy(update={"attempt": 2, "fix_outcome": "Rejected. It was slower."})
    report = ExperimentReport(
        experiment=experiment(framework_version=4),
        visits=(),
        attempts=(attempt, judged),
        evaluations=(),
    )
    shown = text(report.render())

    assert "framework: version 4" in shown
    assert shown.count("modify_framework: A scan for all.") == 2
    assert shown.count("+ORDER = 1") == 2
    assert "It is being replayed." in shown
    assert "Rejected. It was slower." in shown
