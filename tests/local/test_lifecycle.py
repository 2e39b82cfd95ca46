"""Starting and stopping: ports, folders, processes, and what is told when it does not work."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from local.cloud import OneMachineCloud
from local.errors import CloudStartError, PinError, PortInUseError, StateInUseError
from local.pins import PINS, check_pins
from local.settings import REPOSITORY_ROOT


def server_process(cloud: OneMachineCloud) -> psutil.Process:
    note = json.loads((cloud.settings.state_dir / "server.json").read_text())
    return psutil.Process(note["pid"])


def test_it_listens_on_the_loopback_only(aws):
    server = server_process(aws.cloud)
    listening = {
        connection.laddr
        for process in (server, *server.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    }
    assert listening == {("127.0.0.1", aws.cloud.settings.port)}


def test_a_busy_port_is_named(tmp_path, make_cloud):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"^Port {port} on 127.0.0.1 is in use by"):
            make_cloud(tmp_path, port=port).start()
    assert list(tmp_path.iterdir()) == []


def test_one_server_for_a_state_folder(aws, make_cloud):
    second = make_cloud(aws.cloud.settings.state_dir)
    assert second.is_running
    assert second.endpoint_url == aws.cloud.endpoint_url
    with pytest.raises(StateInUseError, match="already works on"):
        second.start()


def test_a_server_that_cannot_start_shows_its_last_words(tmp_path, make_cloud):
    (tmp_path / "records.sqlite").write_text("this is no database, but long enough to be one")
    cloud = make_cloud(tmp_path)
    with pytest.raises(CloudStartError, match="file is not a database"):
        cloud.start()
    assert not cloud.is_running


def test_nothing_is_left_after_a_stop(tmp_path, make_cloud, make_aws):
    before = set(Path("/tmp").iterdir())
    cloud = make_cloud(tmp_path / "state")
    cloud.start()
    aws = make_aws(cloud)
    aws.deploy_function("phase")
    aws.__getattr__("lambda").invoke(FunctionName="phase", Payload=b"{}")
    aws.deploy_batch()
    job_id = aws.batch.submit_job(
        jobName="j",
        jobQueue="jobs",
        jobDefinition="work",
        parameters={"action": "child", "argument": "600"},
    )["jobId"]
    aws.until(lambda: any(line.startswith("child ") for line in aws.job_log(job_id)))
    server = server_process(cloud)
    family = [server, *server.children(recursive=True)]
    assert len(family) >= 5  # server, Lambda worker, fork server, job, its child
    cloud.stop()
    assert aws.left_running(family) == []
    assert not cloud.settings.temporary_dir.exists()
    assert not (tmp_path / "state" / "server.json").exists()
    assert [one for one in set(Path("/tmp").iterdir()) - before if "ministack" in one.name] == []


STARTER = """
import sys, time
from pathlib import Path
from local.cloud import OneMachineCloud
from local.settings import CloudSettings
cloud = OneMachineCloud(CloudSettings(state_dir=Path(sys.argv[1]), port=0, worker_preload=()))
cloud.start(detached=sys.argv[2] == "detached")
print("started", flush=True)
time.sleep(600)
"""


def killed_starter(state_dir: Path, how: str) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(state_dir), how],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY_ROOT,
    )
    with starter:
        assert starter.stdout
        assert starter.stdout.readline() == "started\n"
        os.kill(starter.pid, signal.SIGKILL)


def test_the_server_ends_with_a_killed_starter(tmp_path, make_cloud, aws):
    killed_starter(tmp_path, "attached")
    aws.until(lambda: not make_cloud(tmp_path).is_running)


def test_a_detached_server_outlives_its_starter_until_it_is_stopped(tmp_path, make_cloud, aws):
    killed_starter(tmp_path, "detached")
    time.sleep(0.5)
    cloud = make_cloud(tmp_path)
    assert cloud.is_running
    family = [server_process(cloud), *server_process(cloud).children(recursive=True)]
    cloud.stop()
    assert not cloud.is_running
    assert aws.left_running(family) == []


def test_other_versions_are_refused(monkeypatch):
    check_pins()
    monkeypatch.setitem(PINS, "moto", "5.9.9")
    with pytest.raises(PinError, match=r"fits moto 5\.9\.9 but 5\.2\.5 is installed; run: pip"):
        check_pins()
