"""A running one-machine cloud with the little things the conformance tests work on."""

from __future__ import annotations

import io
import json
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from local.cloud import OneMachineCloud
from local.settings import CloudSettings
from tests.local.deployed_lab import left_running
from tests.local.scripted_lab import ScriptedLab
from tests.unit.claude.fake_service import running

FILES = Path(__file__).parent / "files"
# In the environment of whoever starts the cloud; nothing in it may see them.
HOST_SECRETS = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "ANTHROPIC_API_KEY")
ROLE = "arn:aws:iam::000000000000:role/lab"


@dataclass
class Aws:
    """boto3 clients of one cloud, and what the tests do with them again and again."""

    cloud: OneMachineCloud
    _clients: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.cloud.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._clients[service]

    def state_machine(self, definition: dict[str, Any], *, prefix: str = "test") -> str:
        return self.stepfunctions.create_state_machine(
            name=f"{prefix}-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=ROLE,
        )["stateMachineArn"]

    def start(self, machine: str, payload: Any = None) -> str:
        return self.stepfunctions.start_execution(
            stateMachineArn=machine, input=json.dumps({} if payload is None else payload)
        )["executionArn"]

    def finished(self, execution: str, timeout_s: float = 30) -> dict[str, Any]:
        described = self.until(
            lambda: (
                (found := self.stepfunctions.describe_execution(executionArn=execution))["status"]
                != "RUNNING"
                and found
            ),
            timeout_s,
        )
        if "output" in described:
            described["result"] = json.loads(described["output"])
        return described

    def run(self, definition: dict[str, Any], payload: Any = None) -> dict[str, Any]:
        return self.finished(self.start(self.state_machine(definition), payload))

    def history(self, execution: str) -> list[dict[str, Any]]:
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(
            executionArn=execution
        )
        return [event for page in pages for event in page["events"]]

    def job(self, job_id: str, timeout_s: float = 30) -> dict[str, Any]:
        return self.until(
            lambda: (
                (found := self.batch.describe_jobs(jobs=[job_id])["jobs"][0])["status"]
                in ("SUCCEEDED", "FAILED")
                and found
            ),
            timeout_s,
        )

    def job_log(self, job_id: str) -> list[str]:
        """Return the lines that a job has written so far."""
        container = self.batch.describe_jobs(jobs=[job_id])["jobs"][0]["container"]
        if "logStreamName" not in container:  # it has not begun
            return []
        return [
            event["message"]
            for event in self.logs.get_log_events(
                logGroupName="/aws/batch/job", logStreamName=container["logStreamName"]
            )["events"]
        ]

    def left_running(self, processes: list[psutil.Process], within_s: float = 0) -> list[Any]:
        return left_running(processes, within_s)

    def until(self, look: Callable[[], Any], timeout_s: float = 30) -> Any:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.02)
        pytest.fail(f"nothing came within {timeout_s} s")

    def deploy_function(self, name: str, **environment: str) -> None:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(FILES / "phase.py", "phase.py")
        self.__getattr__("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="phase.handler",
            Role=ROLE,
            Timeout=3,
            Code={"ZipFile": package.getvalue()},
            Environment={"Variables": environment},
        )

    def deploy_batch(self) -> None:
        self.batch.create_compute_environment(computeEnvironmentName="cpu", type="MANAGED")
        self.batch.create_job_queue(jobQueueName="jobs", priority=1, computeEnvironmentOrder=[])
        self.batch.register_job_definition(
            jobDefinitionName="work",
            type="container",
            containerProperties={
                "image": "worker",
                "command": ["Ref::action", "Ref::argument"],
                "environment": [{"name": "COLOUR", "value": "blue"}],
            },
            parameters={"action": "say", "argument": "nothing"},
        )


def cloud_settings(state_dir: Path, **changes: Any) -> CloudSettings:
    settings = {
        "state_dir": state_dir,
        "port": 0,
        "wait_scale": 0.01,
        "batch_slots": 2,
        "worker_entry": (sys.executable, "-m", "batch_job"),
        "worker_preload": (),
        "worker_dir": FILES,
        "schedule_tick_s": 0.2,
    }
    return CloudSettings(**{**settings, **changes})


@pytest.fixture(scope="session")
def make_cloud() -> Callable[..., OneMachineCloud]:
    """Return a function that makes a stopped cloud in a folder."""
    return lambda state_dir, **changes: OneMachineCloud(cloud_settings(state_dir, **changes))


@pytest.fixture(scope="session")
def make_aws() -> type[Aws]:
    """Return the class of the clients; conftest modules cannot be imported from tests."""
    return Aws


def deploy_schedule(aws: Aws) -> None:
    """Start the clock of `test_schedule`: a minute is the shortest rate there is."""
    machine = aws.state_machine(
        {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}, prefix="scheduled"
    )
    aws.events.put_rule(Name="every-minute", ScheduleExpression="rate(1 minute)", State="ENABLED")
    target = {"Id": "machine", "Arn": machine, "RoleArn": ROLE, "Input": '{"by": "schedule"}'}
    aws.events.put_targets(Rule="every-minute", Targets=[target])


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    cloud = OneMachineCloud(cloud_settings(tmp_path_factory.mktemp("cloud")))
    with pytest.MonkeyPatch.context() as host:
        for name in HOST_SECRETS:
            host.setenv(name, "of the host")
        cloud.start()
    try:
        aws = Aws(cloud)
        aws.dynamodb.create_table(
            TableName="things",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.s3.create_bucket(Bucket="bucket")
        aws.sns.create_topic(Name="topic")
        aws.deploy_function("phase", TABLE="things")
        aws.deploy_batch()
        deploy_schedule(aws)
        yield aws
    finally:
        cloud.stop()


@pytest.fixture(scope="session")
def scripted_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedLab]:
    """A deployed lab with a scripted Claude, for all tests that need one."""
    with running() as service:
        lab = ScriptedLab(tmp_path_factory.mktemp("scripted"), service)
        try:
            lab.start()
            yield lab
        finally:
            lab.cloud.stop()
