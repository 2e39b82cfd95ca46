"""The worker as a process: ``python -m codec_worker``, with an S3 endpoint of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from codec_lab.bundle import Bundle, Manifest
from codec_lab.clip import ClipRole
from codec_lab.job import JobKind, JobSpec
from codec_lab.limits import Limits
from codec_lab.plan import EvaluationPlan
from codec_lab.verdict import Verdict
from codec_worker import clips
from tests.worker.samples import moving_clip, tiny_candidate

BUCKET = "lab"


class _Objects(BaseHTTPRequestHandler):
    """As much of S3 as the worker needs: whole objects by key."""

    data: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        self._answer(self.data.get(self.path))

    def do_HEAD(self) -> None:
        self._answer(self.data.get(self.path))

    def do_PUT(self) -> None:
        self.data[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"")

    def _answer(self, body: bytes | None) -> None:
        absent = b"<Error><Code>NoSuchKey</Code><Message>absent</Message></Error>"
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(absent if body is None else body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(absent if body is None else body)

    def log_message(self, *arguments: object) -> None:
        """Stay quiet."""


class Cloud:
    """An S3 endpoint, and how to call the worker with it."""

    def __init__(self, server: ThreadingHTTPServer, cache: Path) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_address[1]}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
            "CODEC_LAB_BUCKET": BUCKET,
            "CODEC_LAB_CACHE": str(cache),
        }

    def put(self, key: str, data: bytes) -> None:
        _Objects.data[f"/{BUCKET}/{key}"] = data

    def get(self, key: str) -> bytes:
        return _Objects.data[f"/{BUCKET}/{key}"]

    def worker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "codec_worker", *arguments],
            env=self.environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Objects)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Cloud(server, tmp_path / "cache")
    server.shutdown()
    server.server_close()
    _Objects.data.clear()


def prepared(cloud: Cloud, kind: JobKind, encode: str = "") -> JobSpec:
    """Store a clip, a plan and a bundle, and give the job that names them."""
    candidate = tiny_candidate(encode=encode)
    frozen = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "a test")
    manifest = Manifest(candidate_sha256=candidate.sha256, packages=(), limits=Limits())
    bundle = Bundle(manifest=manifest, candidate=candidate)
    cloud.put(frozen.source.key, frozen.data)
    cloud.put(
        "plan.json",
        EvaluationPlan(clips=(frozen.source,), anchors=("mpeg4",)).model_dump_json().encode(),
    )
    cloud.put("bundle.zip", bundle.to_zip())
    return JobSpec(
        kind=kind,
        experiment_id="exp-1",
        run=1,
        attempt=3,
        candidate_sha256=candidate.sha256,
        bundle_sha256=manifest.bundle_sha256,
        bundle_key="bundle.zip",
        plan_key="plan.json",
        output_prefix="out/",
        points_prefix="points/",
    )


def refusal(ended: subprocess.CompletedProcess[str], code: int) -> str:
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr.strip()


def test_execute(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.EXECUTE)

    ended = cloud.worker("execute", spec.model_dump_json())

    assert (ended.returncode, ended.stderr) == (0, "")
    verdict = Verdict.model_validate_json(cloud.get(spec.verdict_key))
    assert verdict.passed
    assert len(verdict.results[0].points) == 4
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["message"] for line in lines[:2]] == [
        "PHASE 4: EXECUTION",
        "Execution attempt 3/5",
    ]
    assert {line["experiment_id"] for line in lines} == {"exp-1"}
    assert {line["candidate_sha256"] for line in lines} == {spec.candidate_sha256}


def test_a_failing_candidate_is_no_failing_worker(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.VALIDATE, encode="raise ValueError('no idea')")

    ended = cloud.worker("validate", spec.model_dump_json())

    assert (ended.returncode, ended.stderr) == (0, "")
    verdict = Verdict.model_validate_json(cloud.get(spec.verdict_key))
    assert verdict.fault is not None
    assert verdict.fault.error_type == "CandidateCrashError"
    assert verdict.fault.message.endswith("raised ValueError: no idea")


def test_another_bundle_is_our_fault(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.VALIDATE).model_copy(update={"candidate_sha256": "0" * 64})

    sentence = refusal(cloud.worker("validate", spec.model_dump_json()), 1)

    assert sentence.startswith("AttestationError: The bundle holds candidate ")


def test_a_missing_plan_is_our_fault(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.VALIDATE).model_copy(update={"plan_key": "other.json"})

    sentence = refusal(cloud.worker("validate", spec.model_dump_json()), 1)

    assert sentence == "ConfigurationError: Bucket lab has no object other.json."


def test_a_store_that_is_away_is_our_fault(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.VALIDATE)
    cloud.environment["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9"  # nobody listens there

    sentence = refusal(cloud.worker("validate", spec.model_dump_json()), 1)

    assert sentence.startswith("StoreUnavailableError: ")


def test_no_bucket(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.VALIDATE)
    del cloud.environment["CODEC_LAB_BUCKET"]

    sentence = refusal(cloud.worker("validate", spec.model_dump_json()), 1)

    assert "CODEC_LAB_BUCKET is not set" in sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Usage: python -m codec_worker validate|execute SPEC_JSON"),
        (("measure", "{}"), "Usage: python -m codec_worker validate|execute SPEC_JSON"),
        (("validate", "{"), "SPEC_JSON is no job specification: the whole text: Invalid JSON"),
        (("validate", "{}"), "SPEC_JSON is no job specification: kind: Field required."),
    ],
)
def test_wrong_command_lines(cloud: Cloud, arguments: tuple[str, ...], sentence: str) -> None:
    assert refusal(cloud.worker(*arguments), 2).startswith(sentence)


def test_command_and_job_must_agree(cloud: Cloud) -> None:
    spec = prepared(cloud, JobKind.VALIDATE)

    sentence = refusal(cloud.worker("execute", spec.model_dump_json()), 2)

    assert sentence == "SPEC_JSON asks to validate, the command to execute."


@pytest.mark.parametrize("left_s", [-1, 1], ids=["before it begins", "amid its work"])
def test_a_worker_ends_when_the_reserved_time_is_over(cloud: Cloud, left_s: int) -> None:
    spec = prepared(cloud, JobKind.EXECUTE)
    deadline = datetime.now(UTC) + timedelta(seconds=left_s)
    late = spec.model_copy(update={"deadline": deadline})

    sentence = refusal(cloud.worker("execute", late.model_dump_json()), 1)

    assert sentence == "The time that was reserved for this deployment's jobs is over."
    assert f"/{BUCKET}/out/verdict.json" not in _Objects.data
