"""Hostile candidates are contained, as root and as an ordinary user.

``hostile_run.py`` runs them all, once as each user; here every case is judged. An attack counts
only because it succeeds outside the sandbox.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
ORDINARY_UID = 1234
IDENTITIES = ("root", "ordinary user")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / "candidates" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ATTACKS = load("attacks").ATTACKS
CHANNELS = load("covert").CHANNELS
CRASHES = load("crashes").CRASHES
PICTURES = load("pictures")
MESSAGE_OUTSIDE, MESSAGE_INSIDE = "a53c965a", "5bc269a4"


@pytest.fixture(scope="module")
def runners() -> Any:
    """Start one run per user, side by side."""
    program = [sys.executable, str(HERE / "hostile_run.py")]
    commands = {"ordinary user": program}
    if os.geteuid() == 0:
        commands = {"root": program, "ordinary user": [*program, "--uid", str(ORDINARY_UID)]}
    with contextlib.ExitStack() as stack:
        running = {}
        for identity, command in commands.items():
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            running[identity] = process
        yield running


@pytest.fixture(scope="module")
def reports(runners: dict[str, Any]) -> dict[str, Any]:
    return {}


@pytest.fixture(params=IDENTITIES, scope="module")
def report(
    request: pytest.FixtureRequest, runners: dict[str, Any], reports: dict[str, Any]
) -> dict[str, Any]:
    identity = request.param
    if identity not in runners:
        pytest.skip("the tests were started as an ordinary user, so the half of root cannot run")
    if identity not in reports:
        output, complaints = runners[identity].communicate()
        assert runners[identity].returncode == 0, complaints
        reports[identity] = json.loads(output)
    return reports[identity]


def test_each_user_has_the_layers_that_count(report: dict[str, Any]) -> None:
    layers = report["layers"]
    assert layers["lacking"] == ""
    assert layers["uid_drop"] is layers["root"]
    status = report["status"]
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Amb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_inside_and_succeeds_outside(name: str, report: dict[str, Any]) -> None:
    attack, outside, inside = ATTACKS[name], report["outside"][name], report["inside"][name]
    if "evidence" not in outside or not outside["evidence"].strip("'\""):
        if attack.needs_root and not report["layers"]["root"]:
            pytest.skip("only root could do this outside")
        if attack.may_be_absent:
            pytest.skip(f"this machine does not offer it: {outside.get('error')}")
        pytest.fail(f"the control did not succeed: {outside}")
    expected = "killed_by_signal" if attack.refused_as.startswith("SIG") else "exception"
    refused_as = {attack.refused_as}
    own_names = report["layers"]["own_names"]
    if name == "look_up_a_name_of_the_machine" and not own_names:
        pytest.skip("this machine allows no namespaces: candidates see its names")
    if own_names and attack.refused_as == "PermissionError":
        refused_as.add("FileNotFoundError")  # a candidate sees no such name
    assert inside["outcome"] == expected, inside
    assert inside["error_type"] in refused_as, inside
    assert inside["value"] is None


@pytest.mark.parametrize("name", CHANNELS)
def test_covert_channel_carries_nothing_inside_but_works_outside(
    name: str, report: dict[str, Any]
) -> None:
    if CHANNELS[name].may_be_absent and report["outside"][name] != {"evidence": MESSAGE_OUTSIDE}:
        pytest.skip(f"this machine does not offer it: {report['outside'][name]}")
    assert report["outside"][name] == {"evidence": MESSAGE_OUTSIDE}
    inside = report["inside"][name]
    assert inside["sent"]["outcome"] in {"ok", "exception"}, inside
    assert inside["received"]["outcome"] in {"ok", "exception"}, inside
    assert inside["received"]["value"] != MESSAGE_INSIDE


@pytest.mark.parametrize("name", CRASHES)
def test_crash_and_limit_get_their_outcome(name: str, report: dict[str, Any]) -> None:
    crash, inside = CRASHES[name], report["inside"][name]
    assert inside["outcome"] == crash.outcome, inside
    if crash.error_type is not None:
        assert inside["error_type"] == crash.error_type, inside
    if crash.outcome == "ok":
        assert inside["message"] == ""
    else:
        assert inside["message"]
        assert inside["value"] is None
    if crash.limits == "wall":
        assert inside["wall_s"] < 10  # of its 600; `test_time_limits` holds it to the second
    if crash.outcome == "cpu_limit":
        assert inside["cpu_s"] < 2.1  # the kernel's hard limit is a second after the soft one
    for text in (inside["message"], inside["traceback"], inside["log"]):
        text.encode()  # no lone surrogates, which no store could keep
        assert "\0" not in text
        assert "\x1b" not in text
    assert len(inside["log"]) <= 64 << 10
    assert len(inside["message"]) < 1000


@pytest.mark.parametrize("name", PICTURES.PICTURES)
def test_decoder_that_returns_no_video_is_refused(name: str, report: dict[str, Any]) -> None:
    inside = report["inside"][f"decode {name}"]
    assert (inside["outcome"], inside["value"]) == ("bad_result", None), inside
    assert inside["message"].startswith("decode returned ")


@pytest.mark.parametrize("name", PICTURES.GOOD_PICTURES)
def test_decoder_may_return_arrays_of_any_kind(name: str, report: dict[str, Any]) -> None:
    assert report["inside"][f"decode {name}"]["outcome"] == "ok"


def test_honest_candidate_works_after_every_kind_of_hostility(report: dict[str, Any]) -> None:
    honest = {name: found for name, found in report["inside"].items() if name.startswith("honest")}
    assert len(honest) == 4
    for name, found in honest.items():
        assert (found["outcome"], found["value"]) == ("ok", b"abcd".hex()), (name, found)


def test_nothing_is_left_behind(report: dict[str, Any]) -> None:
    assert report["left"] == {
        "descriptors": 0,
        "processes": [],
        "shared memory": [],
        "system v memory": [],
        "files": [],
    }
