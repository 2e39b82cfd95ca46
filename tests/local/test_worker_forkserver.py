"""A signal to one job reaches that job, whenever it comes, and no other."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.batch_processes import JobProcess, JobProcesses

WAIT_S = 30.0


@pytest.fixture
def processes() -> Iterator[JobProcesses]:
    found = JobProcesses([], os.environ)
    yield found
    found.stop()


def end_of(job: JobProcess) -> int | None:
    lines: list[str] = []
    code = job.wait(lines.extend, WAIT_S)
    job.close()
    return code


def test_a_job_may_be_terminated_as_it_starts(processes: JobProcesses, tmp_path: Path) -> None:
    def start(name: str, *command: str) -> JobProcess:
        return processes.start(name, command, os.environ, tmp_path)

    bystander = start("bystander", "cat", "wake")
    assert end_of(bystander) == 1  # the server is warm, and answers at once

    os.mkfifo(tmp_path / "wake")
    bystander = start("bystander", "cat", "wake")
    for number in range(5):
        job = start(f"job-{number}", "sleep", "600")
        job.terminate()
        assert end_of(job) == 143
    (tmp_path / "wake").write_text("")
    assert end_of(bystander) == 0
