"""``lab`` as a person uses it: real commands in processes of their own, on one machine."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import pytest

from codec_worker import codecs

SEED = Path(codecs.__file__).parent / "small.py"
RUN = ("run", "--experiments", "1", "--no-serve", "--wait-scale", "0.1")


def command(state_dir: Path, *arguments: object) -> list[str]:
    lab = Path(sys.executable).with_name("lab")
    return [str(lab), *map(str, arguments), "--state-dir", str(state_dir)]


def lab(state_dir: Path, *arguments: object) -> str:
    """Run a command that must succeed and give what it printed."""
    finished = subprocess.run(
        command(state_dir, *arguments), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(state_dir: Path) -> list[psutil.Process]:
    """List the processes that name the state directory or work in it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("STATE_DIR", "")]
        except psutil.Error:
            continue
        if any(str(state_dir) in word for word in words):
            found.append(process)
    return found


def write_clip(path: Path) -> None:
    """Write a texture that moves by two samples a frame: 96x64, 12 frames."""
    blocks = np.random.default_rng(1).integers(60, 200, (30, 40))
    texture = np.kron(blocks, np.ones((4, 4))).astype(np.uint8)
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W96 H64 F25:1 Ip A1:1 C420jpeg\n")
        for index in range(12):
            y = texture[index : index + 64, 2 * index : 2 * index + 96]
            file.write(b"FRAME\n" + y.tobytes() + bytes([128]) * (96 * 64 // 2))


class Runs(NamedTuple):
    """A run that was interrupted by Ctrl-C, and the one after it."""

    state_dir: Path
    interrupted: str
    exit_code: int
    left_running: list[psutil.Process]
    left_files: list[str]
    second: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("lab")
    state_dir, clips = folder / "state", folder / "clips"
    clips.mkdir()
    write_clip(clips / "moving.y4m")
    port = ("--port", free_port())
    given = ("--clips", clips, "--seed", SEED, "--daily-budget-usd", "7.5", *port)
    process = subprocess.Popen(
        command(state_dir, *RUN, *given),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "PHASE 3: VALIDATION" in line:  # the execution may take all its points over
            break
    process.send_signal(signal.SIGINT)
    lines += process.stdout.readlines()
    exit_code = process.wait(timeout=60)
    left = (processes_of(state_dir), [path.name for path in state_dir.iterdir()])
    second = lab(state_dir, *RUN, *port)
    yield Runs(state_dir, "".join(lines), exit_code, *left, second)
    for survivor in processes_of(state_dir):
        survivor.kill()


def test_ctrl_c_stops_everything(runs: Runs) -> None:
    assert runs.exit_code == 130
    assert "Stopped. The next `lab run` goes on with campaign default." in runs.interrupted
    assert "Traceback" not in runs.interrupted
    assert runs.left_running == []
    assert not {"server.json", "tmp"} & set(runs.left_files)


def test_the_next_run_goes_on_with_the_interrupted_experiment(runs: Runs) -> None:
    assert "default-0001  EXPERIMENT COMPLETED SUCCESSFULLY" in runs.second
    assert "default-0002" not in runs.second
    assert "Deploying" not in runs.second
    assert "1 completed, 0 need a person." in runs.second


def test_a_run_says_what_it_measured(runs: Runs) -> None:
    for words in ("Validation attempt 1/5", "rate point 4/4", "PHASE 5: ANALYSIS", "PSNR-Y, dB"):
        assert words in runs.second
    row = next(line for line in runs.second.splitlines() if line.startswith("│ moving"))
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert len(cells) == 5
    assert all(cell.endswith("%") or cell.startswith("n/a (") for cell in cells[1:4])
    assert "pauses run at 1/10 of their length" in runs.second
    assert processes_of(runs.state_dir) == []


@pytest.fixture(scope="module")
def detached(runs: Runs) -> Iterator[Path]:
    lab(runs.state_dir, "up", "--detach", "--port", 0)
    yield runs.state_dir
    lab(runs.state_dir, "down")
    assert processes_of(runs.state_dir) == []


def test_up_beside_a_running_cloud_shows_its_addresses(detached: Path) -> None:
    [address] = [word for word in lab(detached, "up").split() if "/admin/#token=" in word]
    assert [word for word in lab(detached, "up", "--detach").split() if word == address]
    assert json.loads(lab(detached, "status", "--json"))["experiment_count"] == 1


def test_logs_of_nobody_are_an_error(detached: Path) -> None:
    unknown = subprocess.run(
        command(detached, "logs", "nobody-0001"), capture_output=True, text=True, check=False
    )
    assert unknown.returncode == 1
    assert unknown.stderr == "lab: There is no experiment 'nobody-0001'.\n"


def test_status_counts_the_experiments(detached: Path) -> None:
    status = json.loads(lab(detached, "status", "--json"))
    assert status["experiment_count"] == 1
    assert status["execution_arn"] is None
    [experiment] = status["experiments"]
    assert experiment["status"] == "completed"
    assert experiment["run"] == 2
    assert "default-0001" in lab(detached, "status")


def test_show_has_every_phase_as_its_own_state(detached: Path) -> None:
    report = json.loads(lab(detached, "show", "default-0001", "--json"))
    states = [visit["state"] for visit in report["visits"]]
    expected = ["Validate", "JudgeValidation", "ScreenPassed", "Execute", "JudgeExecution"]
    assert states[-8:] == [*expected, "Analyze", "DesignNext", "Completed"]
    candidate_sha256 = report["experiment"]["candidate_sha256"]
    assert [one["candidate_sha256"] for one in report["evaluations"]] == [candidate_sha256]
    assert "JudgeExecution" in lab(detached, "show", "default-0001")


def test_a_finished_experiment_is_reproduced(detached: Path) -> None:
    said = lab(detached, "reproduce", "default-0001")
    assert "default-0001 is reproduced: 4 rate points on 1 clips have the same bitstreams" in said
    report = json.loads(lab(detached, "reproduce", "default-0001", "--json"))
    assert (report["points"], report["anchor_points"]) == (4, 18)
    assert report["differences"] == report["environment"] == []
    unknown = subprocess.run(
        command(detached, "reproduce", "nobody-0001"), capture_output=True, text=True, check=False
    )
    assert unknown.returncode == 1
    assert "There is no experiment 'nobody-0001'" in unknown.stderr


def test_export_has_every_rate_point(detached: Path, tmp_path: Path) -> None:
    output = tmp_path / "points.json"
    lab(detached, "export", "--format", "json", "--output", output)
    points = json.loads(output.read_text())
    candidates = [point for point in points if point["codec"] == "candidate"]
    assert sorted(point["quality"] for point in candidates) == [30, 40, 50, 60]
    assert {point["codec"] for point in points} == {
        "candidate",
        "x264-medium",
        "x265-medium",
        "svtav1-p6",
    }
    rows = list(csv.DictReader(io.StringIO(lab(detached, "export"))))
    assert [row["bitstream_sha256"] for row in rows if row["codec"] == "candidate"] == [
        point["bitstream_sha256"] for point in candidates
    ]


def test_logs_have_the_lines_operators_search_for(detached: Path) -> None:
    lines = lab(detached, "logs", "default-0001")
    for words in ("PHASE 1: DESIGN", "Validation attempt 1/5", "EXPERIMENT COMPLETED SUCCESSFULLY"):
        assert words in lines


def test_a_paused_campaign_runs_nothing_until_it_goes_on(detached: Path) -> None:
    lab(detached, "pause")
    said = lab(detached, *RUN)
    assert "The campaign is paused." in said
    assert "default-0002" not in said
    lab(detached, "resume")
    assert "default-0002  EXPERIMENT COMPLETED SUCCESSFULLY" in lab(detached, *RUN)


def test_a_campaign_that_has_reached_its_target_stops(detached: Path) -> None:
    said = lab(detached, "bound", "--target-bd-rate-percent", "100000", "--budget-usd", "2.5")
    bounds = "budget_usd 2.5, daily_budget_usd 7.5, target_bd_rate_percent 100000.0"
    assert f"stops at: {bounds}." in " ".join(said.split())  # that of a day by the first run
    assert "has reached the target: BD-rate" in lab(detached, *RUN)
    said = lab(detached, "bound", "--target-bd-rate-percent", "none")
    assert f"stops at: {bounds.rpartition(', ')[0]}." in " ".join(said.split())
