"""The bench on small clips with a store in memory."""

import io
import json
import logging
import uuid
from collections.abc import Mapping
from pathlib import Path

from aws_lambda_powertools import Logger

from codec_lab.bundle import Bundle
from codec_lab.candidate import Candidate
from codec_lab.framework import SHIPPED, Framework
from codec_lab.job import JobKind, JobSpec
from codec_lab.limits import Limits
from codec_lab.plan import EvaluationPlan, Screen
from codec_lab.proposal import Mind, Proposal
from codec_lab.verdict import Verdict
from codec_worker.job import Job
from tests.fakes import MemoryObjects
from tests.worker.samples import sample_clips

ANCHORS = ("x264-medium", "mpeg4")


class Bench:
    """A store with clips, a plan and one bundle."""

    def __init__(
        self,
        folder: Path,
        candidate: Candidate,
        limits: Limits | None = None,
        screen: Screen | None = None,
        framework: Framework = SHIPPED,
        wheel_files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.folder = folder
        self.store = MemoryObjects()
        frozen = sample_clips()
        for clip in frozen:
            self.store.put(clip.source.key, clip.data)
        self.plan = EvaluationPlan(
            clips=tuple(clip.source for clip in frozen), anchors=ANCHORS, screen=screen
        )
        self.store.put("plan.json", self.plan.model_dump_json().encode())
        proposal = Proposal(
            candidate=candidate,
            limits=limits or Limits(),
            mind=Mind.OFFLINE,
            parent_sha256=None,
            change="",
            hypothesis="",
        )
        self.bundle = Bundle.of(proposal, framework).with_wheels(wheel_files or {})
        self.store.put("bundle.zip", self.bundle.to_zip())
        self.output = io.StringIO()

    def spec(self, kind: JobKind, **changes: object) -> JobSpec:
        fields = {
            "kind": kind,
            "experiment_id": "exp-1",
            "run": 1,
            "attempt": 2,
            "candidate_sha256": self.bundle.candidate.sha256,
            "bundle_sha256": self.bundle.manifest.bundle_sha256,
            "bundle_key": "bundle.zip",
            "plan_key": "plan.json",
            "output_prefix": "out/",
            "points_prefix": "points/",
        }
        return JobSpec.model_validate(fields | changes)

    def run(self, kind: JobKind, **changes: object) -> Verdict:
        logger = Logger(
            service=uuid.uuid4().hex,  # loggers of one name share the first one's stream
            level=logging.INFO,
            stream=self.output,
        )
        return Job(self.spec(kind, **changes), self.store, self.folder, logger).run()

    @property
    def lines(self) -> list[str]:
        return [json.loads(line)["message"] for line in self.output.getvalue().splitlines()]
