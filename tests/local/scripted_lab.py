"""A deployed lab whose mind is Claude; what Claude answers is a script.

The real SDK in the lab's functions talks to ``FakeService``. A test lays out the answers of one
campaign in the order in which its states ask::

    lab.script(edit_parent(...), edit_candidate(...), ANALYSIS)
    [experiment] = lab.run("name", PLAIN)
    lab.questions[1]  # what the repair was asked
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codec_lab.experiment import Experiment
from codec_lab.proposal import Mind
from tests.local.deployed_lab import PLAIN, Lab
from tests.unit.claude.fake_service import Failure, FakeService, Reply, Tool
from tests.unit.claude.tasks import KEY

ANCHORS = ("x264-medium", "x265-medium")
LESSONS = "Coarser steps cost PSNR."
ANALYSIS = Reply([Tool("write_analysis", {"analysis": "It held.", "lessons": LESSONS})])
HYPOTHESIS = "Fewer levels take fewer bits."


def write_candidate(source: str, change: str) -> Reply:
    """Design by full source."""
    words = {"change": change, "hypothesis": HYPOTHESIS, "expected_bd_rate_percent": -1.5}
    files = [{"name": "codec.py", "source": source}]
    return Reply([Tool("write_candidate", {"files": files, **words})])


def edit_parent(old: str, new: str, change: str) -> Reply:
    """Design by an edit of ``codec.py``."""
    words = {"change": change, "hypothesis": HYPOTHESIS, "expected_bd_rate_percent": -1.5}
    return Reply([Tool("edit_parent", {**_edit(old, new), **words})])


def edit_candidate(old: str, new: str, reason: str) -> Reply:
    """Repair by an edit of ``codec.py``."""
    return Reply(
        [Tool("edit_candidate", {**_edit(old, new), "reason": reason, "change": "Repaired."})]
    )


def _edit(old: str, new: str) -> dict[str, Any]:
    return {"files": [], "edits": [{"file": "codec.py", "old": old, "new": new}]}


class ScriptedLab(Lab):
    """A deployed lab, the service that its functions ask, and what a person sees of both."""

    def __init__(self, state_dir: Path, service: FakeService) -> None:
        self.service = service
        environment = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": service.url}
        super().__init__(state_dir, handler_environment=environment)

    def script(self, *steps: Reply | Failure) -> None:
        """Lay out the answers to come and forget what was asked."""
        self.service.script[:] = steps
        self.service.requests.clear()
        self.service.headers.clear()

    def run(self, campaign_id: str, seed_source: str = PLAIN, **changes: Any) -> list[Experiment]:
        """Run a campaign of Claude's to the end of its script."""
        order = {"mind": Mind.CLAUDE, "screen": None, "anchors": ANCHORS, **changes}
        found = super().run(campaign_id, seed_source, **order)
        asked = [reason for one in found for reason in one.human_intervention_reasons]
        assert self.service.script == [], asked
        return found

    @property
    def questions(self) -> list[str]:
        """The first message of each request, in order."""
        return [request["messages"][0]["content"] for request in self.service.requests]

    @property
    def offered(self) -> list[list[str]]:
        """The tools that each request offered."""
        return [[tool["name"] for tool in request["tools"]] for request in self.service.requests]

    def command(self, *arguments: str) -> str:
        """Run a command of ``lab`` that must succeed and give what it printed."""
        finished = subprocess.run(
            [Path(sys.executable).with_name("lab"), *arguments, "--state-dir", self.state_dir],
            capture_output=True,
            text=True,
            check=False,
            env={"COLUMNS": "400"},
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def api(self, path: str) -> Any:
        """Ask the dashboard's API as an operator."""
        token = self.cloud.dashboard_url.rpartition("=")[2]
        request = urllib.request.Request(
            f"{self.cloud.endpoint_url}/api/{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def everything_kept(self) -> Iterator[tuple[str, bytes]]:
        """Give every record, object, log line and history of the lab, with what it is."""
        target = self.target
        dynamodb = target._session.client("dynamodb", endpoint_url=target.endpoint_url)
        rows = dynamodb.get_paginator("scan").paginate(TableName=target.outputs.table_name)
        yield "records", repr([page["Items"] for page in rows]).encode()
        objects = target.s3.get_paginator("list_objects_v2")
        for page in objects.paginate(Bucket=target.outputs.bucket_name):
            for found in page.get("Contents", []):
                data = target.objects.get(found["Key"])
                yield found["Key"], data
                if found["Key"].endswith(".zip"):
                    with zipfile.ZipFile(io.BytesIO(data)) as archive:
                        for name in archive.namelist():
                            yield f"{found['Key']}/{name}", archive.read(name)
        groups = target.logs.get_paginator("describe_log_groups").paginate()
        for group in (group for page in groups for group in page["logGroups"]):
            name = group["logGroupName"]
            pages = target.logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            for page in pages:
                yield name, "\n".join(event["message"] for event in page["events"]).encode()
        machines = (
            target.outputs.experiment_state_machine_arn,
            target.outputs.campaign_state_machine_arn,
        )
        for machine in machines:
            executions = target._stepfunctions.list_executions(stateMachineArn=machine)
            for execution in executions["executions"]:
                arn = execution["executionArn"]
                pages = target._stepfunctions.get_paginator("get_execution_history").paginate(
                    executionArn=arn
                )
                yield arn, repr([page["events"] for page in pages]).encode()
        yield "server.log", self.cloud.settings.log_path.read_bytes()
