"""The state machines' files as graphs: what no cloud checks before it is too late."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from codec_lab import errors
from codec_lab.errors import CandidateFaultError, CodecLabError
from codec_lab.fixing import FRAMEWORK_TOOLS
from codec_lab.phase import MAX_ATTEMPTS
from infra.definition import Definition

MACHINES = ("experiment", "campaign")
DEFINITIONS = {name: Definition(name) for name in MACHINES}
STATES = [
    pytest.param(machine, state, id=f"{machine}.{state}")
    for machine, definition in DEFINITIONS.items()
    for state in definition.states
]
TASKS = [
    pytest.param(machine, name, id=f"{machine}.{name}")
    for machine, definition in DEFINITIONS.items()
    for name, state in definition.states.items()
    if state["Type"] == "Task"
]
FAULTS = {error.__name__ for error in CandidateFaultError.__subclasses__()}
LAB_ERROR = re.compile(r"^\w+$")
"""AWS's errors have a dot in their names, the lab's are names of classes."""


def state_of(machine: str, name: str) -> dict[str, Any]:
    return DEFINITIONS[machine].states[name]


def targets(state: dict[str, Any]) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    if processor := state.get("ItemProcessor"):
        yield processor["StartAt"]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule["Next"]


def leaves(machine: str, name: str) -> dict[str, Any]:
    """The state through which an error of a state leaves: itself, or the Map around it."""
    for state in DEFINITIONS[machine].states.values():
        if name in state.get("ItemProcessor", {}).get("States", {}):
            return state
    return state_of(machine, name)


def caught(state: dict[str, Any], next_state: str) -> set[str]:
    return {
        error
        for catcher in state.get("Catch", ())
        if catcher["Next"] == next_state
        for error in catcher["ErrorEquals"]
    }


@pytest.mark.parametrize("machine", MACHINES)
def test_every_target_exists_and_every_state_is_reached(machine: str) -> None:
    states = DEFINITIONS[machine].states
    start = json.loads(DEFINITIONS[machine].text)["StartAt"]
    reached, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        assert name in states
        if name not in reached:
            reached.add(name)
            waiting.extend(targets(states[name]))
    assert reached == set(states)


@pytest.mark.parametrize(("machine", "name"), STATES)
def test_a_state_ends_or_goes_on(machine: str, name: str) -> None:
    state = state_of(machine, name)
    if state["Type"] in {"Succeed", "Fail"}:
        assert not list(targets(state))
    elif state["Type"] == "Choice":
        assert state["Choices"]
        assert "Default" in state
    else:
        assert ("Next" in state) != state.get("End", False)


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_a_task_has_a_time_limit_retries_and_a_way_out(machine: str, name: str) -> None:
    task = state_of(machine, name)
    assert task["TimeoutSeconds"] > 0
    for retrier in task["Retry"]:
        assert retrier["MaxAttempts"] + 1 <= MAX_ATTEMPTS
        assert retrier["IntervalSeconds"] >= 1
        assert retrier["BackoffRate"] > 1
        assert retrier["JitterStrategy"] == "FULL"
        assert "States.ALL" not in retrier["ErrorEquals"], "not every error is worth a retry"
    assert leaves(machine, name)["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_errors_of_the_lab_are_classes_of_the_lab(machine: str, name: str) -> None:
    task = state_of(machine, name)
    for rule in (*task["Retry"], *task.get("Catch", ())):
        for error in rule["ErrorEquals"]:
            if LAB_ERROR.match(error):
                assert issubclass(getattr(errors, error), CodecLabError)


def test_transient_errors_are_retried_wherever_a_function_can_raise_them() -> None:
    for definition in DEFINITIONS.values():
        for name, state in definition.states.items():
            if state.get("Resource", "").endswith("lambda:invoke"):
                retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
                assert "StoreUnavailableError" in retried, name
                if name in {"Design", "FixValidation", "FixExecution"}:
                    assert "ModelUnavailableError" in retried, name
                terminal = {error.__name__ for error in errors.TerminalError.__subclasses__()}
                assert not retried & (terminal | FAULTS), name


@pytest.mark.parametrize("phase", ["Validation", "Execution"])
def test_exactly_the_candidates_faults_are_fixed(phase: str) -> None:
    judge = state_of("experiment", f"Judge{phase}")
    assert caught(judge, f"{phase}AttemptsLeft") == FAULTS
    assert caught(judge, "FlagHuman") == {"States.ALL"}
    counted = {
        catcher["Next"]
        for name, state in DEFINITIONS["experiment"].states.items()
        if not name.startswith("Judge")
        for catcher in state.get("Catch", ())
        if set(catcher["ErrorEquals"]) & FAULTS
    }
    assert not counted


def test_rejected_designs_have_a_count_of_their_own() -> None:
    design = state_of("experiment", "Design")
    (own,) = (rule for rule in design["Retry"] if "DesignRejectedError" in rule["ErrorEquals"])
    assert own["ErrorEquals"] == ["DesignRejectedError"]
    assert own["MaxAttempts"] + 1 == MAX_ATTEMPTS
    assert design["Catch"][0]["Assign"]["flag"]["attempts"] == MAX_ATTEMPTS


@pytest.mark.parametrize("phase", ["Validation", "Execution"])
def test_the_fix_loop_is_counted_and_deploys_again(phase: str) -> None:
    counter, refusals = f"{phase.lower()}_attempt", f"{phase.lower()}_refusals"
    choice = state_of("experiment", f"{phase}AttemptsLeft")
    (rule,) = choice["Choices"]
    assert rule == {
        "Condition": f"{{% ${counter} + ${refusals} < {MAX_ATTEMPTS} %}}",
        "Next": f"Fix{phase}",
    }
    assert choice["Default"] == "FlagHuman"
    assert choice["Assign"]["flag"]["attempts"] == f"{{% ${counter} + ${refusals} %}}"
    fix = state_of("experiment", f"Fix{phase}")
    assert caught(fix, f"{phase}AttemptsLeft") == {"DesignRejectedError"}
    (refused,) = (rule for rule in fix["Catch"] if "DesignRejectedError" in rule["ErrorEquals"])
    assert refused["Assign"][refusals] == f"{{% ${refusals} + 1 %}}"
    assert fix["Assign"][counter] == f"{{% ${counter} + 1 %}}"
    assert fix["Next"] == "FrameworkTouched"
    touched = state_of("experiment", "FrameworkTouched")
    assert touched["Default"] == "Deploy"
    tools = re.findall(r"'(\w+)'", touched["Choices"][0]["Condition"])
    assert tools == [tool.value for tool in FRAMEWORK_TOOLS]


@pytest.mark.parametrize("phase", ["Validation", "Execution"])
def test_a_change_of_the_framework_is_replayed_judged_and_counted(phase: str) -> None:
    fix = state_of("experiment", f"Fix{phase}")
    assert fix["Assign"]["fixed_phase"] == phase.lower()
    assert fix["Assign"]["fixed_attempt"] == fix["Assign"][f"{phase.lower()}_attempt"]
    assert state_of("experiment", "FrameworkTouched")["Choices"][0]["Next"] == "ReplayFramework"
    assert state_of("experiment", "ReplayFramework")["Next"] == "JudgeFramework"
    judged = state_of("experiment", "FrameworkJudged")
    after = [*(rule["Next"] for rule in judged["Choices"]), judged["Default"]]
    assert after == ["Deploy", "ValidationAttemptsLeft", "ExecutionAttemptsLeft"]


def test_every_failure_of_an_experiment_asks_a_human() -> None:
    allowed = {"FlagHuman", "AlreadyRunning", "ValidationAttemptsLeft", "ExecutionAttemptsLeft"}
    for name, state in DEFINITIONS["experiment"].states.items():
        if name not in {"FlagHuman", "NotifyHuman"}:
            assert {catcher["Next"] for catcher in state.get("Catch", ())} <= allowed, name


def test_a_campaign_gives_its_lease_back_however_it_ends() -> None:
    states = DEFINITIONS["campaign"].states
    held = {"ChooseExperiment", "RunExperiment", "RecordOutcome"}
    for name in held:
        assert {catcher["Next"] for catcher in states[name]["Catch"]} <= held | {"ReleaseLease"}
