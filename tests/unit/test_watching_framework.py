"""The watch over the version in force: what goes back, and to which version."""

from typing import Any

import pytest

from codec_lab.change_sets import ChangeSet, Outcome
from codec_lab.errors import (
    StoreUnavailableError,
)
from codec_lab.experiment import Experiment, HumanReason
from codec_lab.phase import Phase
from codec_lab.watching_framework import WATCHED, regression
from tests.unit.builders import NOON, experiment
from tests.unit.framework_steps import ID, MODULE, Steps

CHANGE = ChangeSet(
    campaign_id="default",
    version=1,
    base_version=0,
    author="claude",
    experiment_id=ID,
    reason="",
    diff="",
    overlay_key=None,
    proposed_at=NOON,
    outcome=Outcome.ADOPTED,
)


def ended(number: int, version: int, how: float | str) -> Experiment:
    """An experiment with its BD-rate, its status, or the error about which a person is asked."""
    reasons = [] if isinstance(how, float) or how.islower() else [reason(how)]
    status = "completed" if isinstance(how, float) or how == "screened" else how
    return experiment(
        number,
        framework_version=version,
        status="needs_human" if reasons else status,
        needs_human=bool(reasons) or how == "needs_human",
        human_intervention_reasons=reasons,
        bd_rate_percent=how if isinstance(how, float) else None,
    )


def reason(error_type: str) -> HumanReason:
    return HumanReason(
        phase=Phase.VALIDATION,
        reason="",
        error_type=error_type,
        message="",
        attempts=1,
        asked_at=NOON,
        execution_arn="",
    )


def judged(*runs: tuple[int, list[float | str]], restores: dict[int, int] | None = None) -> Any:
    """Judge the last of some versions by how experiments on each ended."""
    versions = {}
    for version in range(1, 1 + max(version for version, _ in runs)):
        key = f"framework-{(restores or {}).get(version, version)}"
        versions[version] = CHANGE.model_copy(
            update={"version": version, "overlay_key": None if key == "framework-0" else key}
        )
    all_ended = [(version, how) for version, hows in runs for how in hows]
    experiments = [ended(number, *one) for number, one in enumerate(all_ended, 1)]
    return regression(versions, max(versions), experiments[::-1])


def watched(before: list[float | str], on: list[float | str]) -> str | None:
    """Judge version 1 by BD-rates and statuses."""
    found = judged((0, before), (1, on))
    assert found is None or found.proven_version == 0
    return found.reason if found else None


@pytest.mark.parametrize(
    ("before", "on", "why"),
    [
        ([-1.0, -2.0, -3.0], [3.5, 2.9, 9.0], "is +3.5 %, 5.5 points worse than of 3 before"),
        ([-1.0, -2.0, -3.0], [3.0, 2.9, 9.0], None),
        ([-1.0, -2.0, -3.0], [-1.0, "needs_human", 2.0], "2 of 3 experiments on version 1 compl"),
        ([-1.0, "abandoned", -3.0], [-1.0, "needs_human", 2.0], None),
        ([-1.0], [-1.0, "needs_human", 2.0], "1 of 1 before"),
        ([-1.0, -2.0], ["screened"] * 3, "None of 3 experiments on version 1 was measured"),
        (["screened"] * 3, ["screened"] * 3, None),
        ([-1.0, -2.0, -3.0], [40.0, 40.0], None),  # too early
        ([-1.0, -2.0, -3.0], [40.0, 40.0, "running", 40.0], "42.0 points worse"),
        ([], [40.0, 40.0, 40.0], None),
        ([], ["needs_human"] * 3, "None of 3 experiments on version 1 completed."),
        ([], ["needs_human"] * 20, "None of 3 experiments on version 1 completed."),
        ([], ["needs_human", "needs_human", 40.0], None),
        ([-1.0], ["CandidateCrashError"] * 3, "0 of 3 experiments on version 1 completed"),
        ([-1.0], ["NothingLeftToTryError"] * 3, "0 of 3 experiments on version 1 completed"),
        ([-1.0], ["DesignRejectedError"] * 3, "0 of 3 experiments on version 1 completed"),
        ([50.0, -1.0, -2.0, -3.0], [40.0] * 3, "42.0 points worse than of 3 before"),
        ([-1.0, -2.0, -3.0], [-2.0, -2.0, -2.0, 90.0, 90.0], None),  # it has passed
    ],
)
def test_the_rule_of_regression(
    before: list[float | str], on: list[float | str], why: str | None
) -> None:
    found = watched(before, on)
    assert found is None if why is None else why in (found or "")


@pytest.mark.parametrize(
    "error",
    [
        "AttestationError",
        "BenchError",
        "BudgetExceededError",
        "ConfigurationError",
        "ModelRefusedError",
        "ModelUnavailableError",
        "StoreUnavailableError",
        "States.TaskFailed",
        "WheelError",
    ],
)
def test_a_version_is_not_blamed_for_credit_services_and_machines(error: str) -> None:
    assert watched([-1.0, -2.0, -3.0], [error] * 9) is None
    assert watched([error, error, error, -2.0], [error, 40.0, error, 40.0]) is None
    found = watched([error, error, error, -2.0], [error, 40.0, error, 40.0, 40.0])
    assert "42.0 points worse than of 1 before" in (found or "")


def test_versions_that_succeed_each_other_quickly_are_judged_together() -> None:
    good, bad = [-10.0] * 3, [40.0] * 2
    assert judged((0, good), (1, bad)) is None
    found = judged((0, good), (1, bad), (2, bad))
    assert found.proven_version == 0
    assert "3 experiments on versions 1, 2 is +40.0 %" in found.reason
    found = judged((0, good), (1, [-9.0] * 3), (2, bad), (3, bad))
    assert found.proven_version == 1
    assert "49.0 points worse than of 3 before" in found.reason


def test_what_is_replaced_before_it_is_judged_is_no_baseline() -> None:
    found = judged((0, [-10.0] * 3), (1, [60.0] * 2), (2, [60.0] * 10))
    assert (found.proven_version, "70.0 points worse" in found.reason) == (0, True)
    # A good version after a bad one that went back is judged by itself.
    back = {2: 0}
    assert (
        judged((0, [-10.0] * 3), (1, [60.0]), (2, [-9.0]), (3, [-9.0] * 3), restores=back) is None
    )


def test_a_minds_rollback_is_watched_too() -> None:
    good, bad = [-10.0] * 3, [80.0] * 3
    found = judged((0, [-5.0] * 3), (1, good), (2, bad), restores={2: 0})
    assert found.proven_version == 1
    assert "90.0 points worse" in found.reason
    # One that brings the proven overlay back has nothing to go back to.
    assert judged((0, good), (1, [80.0]), (2, bad), restores={2: 0}) is None


def test_a_rollback_of_a_rollback_brings_the_proven_version_back(steps: Steps) -> None:
    steps.adopt(MODULE)
    for number in range(10, 10 + WATCHED):
        steps.measured(number, -9.0, framework_version=1)
    steps.adopt(None, 2)
    assert steps.change(1).outcome is Outcome.ROLLED_BACK
    for number in range(20, 20 + WATCHED):
        steps.measured(number, 80.0, framework_version=2)

    assert "89.0 points worse" in (steps.end(22).rolled_back or "")

    change = steps.change(3)
    assert (change.author, change.base_version, change.restores) == ("lab", 2, 1)
    assert steps.records.campaign("default").framework_key == steps.change(1).overlay_key
    assert steps.change(2).outcome is Outcome.ROLLED_BACK
    assert steps.change(1).outcome is Outcome.ADOPTED
    assert steps.change(1).outcome_reason == "Version 3 has brought it back."


def test_all_versions_since_the_proven_one_go_back_together(steps: Steps) -> None:
    steps.adopt(MODULE)
    steps.measured(10, 60.0, framework_version=1)
    steps.adopt({"lessons.md": "Small steps."}, 2)
    for number in (11, 12):
        steps.measured(number, 60.0, framework_version=2)

    assert "3 experiments on versions 1, 2" in (steps.end(12).rolled_back or "")

    outcomes = [change.outcome for change in steps.change_sets.of("default")]
    assert outcomes == [Outcome.ROLLED_BACK, Outcome.ROLLED_BACK, Outcome.ADOPTED]
    assert steps.records.campaign("default").framework_key is None


def test_a_version_on_which_experiments_regress_goes_back(steps: Steps) -> None:
    steps.adopt(MODULE)
    for number in range(10, 10 + WATCHED):
        assert steps.records.campaign("default").framework_version == 1
        steps.measured(number, 20.0, framework_version=1)
        said = steps.end(number).rolled_back

    assert said == (
        "The median BD-rate of 3 experiments on version 1 is +20.0 %, "
        "22.0 points worse than of 3 before."
    )
    assert steps.change(1).outcome is Outcome.ROLLED_BACK
    assert (steps.change(2).author, steps.change(2).restores) == ("lab", 0)
    assert steps.records.campaign("default").framework_key is None
    assert steps.end(10).rolled_back is None


def test_a_rollback_that_was_interrupted_is_finished_by_the_retry(steps: Steps) -> None:
    steps.adopt(MODULE)
    for number in range(10, 10 + WATCHED):
        steps.measured(number, 20.0, framework_version=1)
    steps.change_sets.fails_after_putting_in_force = True
    with pytest.raises(StoreUnavailableError):
        steps.end(12, succeeded=False)
    assert steps.records.campaign("default").framework_version == 2
    assert steps.change(2).outcome is Outcome.PROPOSED

    result = steps.end(12, succeeded=False)

    assert "22.0 points worse" in (result.rolled_back or "")
    assert result.failures_in_a_row == 1
    assert steps.change(1).outcome is Outcome.ROLLED_BACK
    assert steps.change(2).outcome is Outcome.ADOPTED
    assert steps.end(12, succeeded=False).failures_in_a_row == 1
    assert sorted(steps.change_sets.rows) == [("default", 1), ("default", 2)]
