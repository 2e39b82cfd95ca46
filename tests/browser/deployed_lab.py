"""A lab on one machine with small campaigns, for a person in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from playwright.sync_api import Page

from adapters.system_clock import SystemClock
from codec_lab import documents, keys
from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.clip import ClipRole
from codec_lab.plan import EvaluationPlan
from codec_lab.proposal import Mind
from codec_worker import codecs
from codec_worker.clips import freeze
from codec_worker.contract import Clip
from lab import one_machine
from lab.target import Target
from local.access_tokens import read_tokens
from local.cloud import OneMachineCloud
from local.settings import CloudSettings
from tests.unit.claude.fake_service import FakeService

Found = TypeVar("Found")
Visit = Callable[[str], Page]
"""Opens a page of the dashboard for a person who is signed in."""

GOOD = (Path(codecs.__file__).parent / "small.py").read_text()
SMOKE_FRAMES = 8
COMPLAINT = "<b>eight frames</b> are too few"
STUBBORN_LINES = (
    f"    if len(clip.y) == {SMOKE_FRAMES}:\n        raise RuntimeError({COMPLAINT!r})\n"
)
# Fails at the validation, which codes eight frames, whatever a fix changes.
STUBBORN = GOOD.replace('    """Encode a clip at quality 0..100."""\n', STUBBORN_LINES)


def moving_clip(frames: int = 12) -> Clip:
    """A textured square that moves over a gradient, with noise: 64x48, 25 frames a second."""
    rng = np.random.default_rng(1)
    texture = rng.integers(60, 200, (24, 24)).astype(np.uint8)
    y = np.tile(np.linspace(30, 220, 64), (frames, 48, 1)).astype(np.uint8)
    for index in range(frames):
        y[index, 8 : 8 + 24, 2 * index : 2 * index + 24] = texture
    y = np.clip(y + rng.normal(0, 2, y.shape), 0, 255).astype(np.uint8)
    chroma = np.full((frames, 24, 32), 120, np.uint8)
    return Clip(y, chroma, chroma + 10, 25.0)


def until(look: Callable[[], Found], timeout_s: float = 120) -> Found:
    """Look again and again until something is found."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    pytest.fail(f"nothing came within {timeout_s} s")


class DeployedLab:
    """The lab as `lab up` deploys it, at a free port, with a model's service that is scripted."""

    def __init__(self, state_dir: Path, service: FakeService) -> None:
        self.service = service
        self.cloud = OneMachineCloud(
            CloudSettings(
                state_dir=state_dir,
                port=0,
                wait_scale=0.002,
                handler_environment={
                    "ANTHROPIC_API_KEY": "sk-ant-test",
                    "ANTHROPIC_BASE_URL": service.url,
                },
            )
        )
        self.target: Target

    def start(self) -> None:
        """Start and deploy."""
        self.cloud.start()
        one_machine.deploy(self.cloud)
        self.target = one_machine.target_of(self.cloud)

    @property
    def viewer_url(self) -> str:
        """Address of the dashboard with the token of somebody who may only look."""
        tokens = read_tokens(self.cloud.settings.state_dir / "tokens.json")
        return f"{self.cloud.endpoint_url}/admin/#token={tokens['viewer']}"

    def open(
        self,
        campaign_id: str,
        seed_source: str = GOOD,
        experiments: int = 1,
        mind: Mind = Mind.OFFLINE,
    ) -> None:
        """Open a campaign on one small clip, or allow it more experiments."""
        order = CampaignOrder(
            campaign_id=campaign_id,
            goal=f"Save rate in the campaign {campaign_id}.",
            mind=mind,
            seed_source=seed_source,
            experiments=experiments,
            anchors=("x264-medium", "x265-medium"),
        )
        frozen = freeze("moving", moving_clip(), ClipRole.DEVELOPMENT, "synthetic")
        open_campaign(
            order,
            [(frozen.source, frozen.data)],
            records=self.target.records,
            objects=self.target.objects,
            clock=SystemClock(),
        )

    def run(self, *campaign_ids: str) -> None:
        """Run campaigns beside each other to their ends."""
        machine = self.target.campaign_executions
        for execution in [machine.start(campaign_id) for campaign_id in campaign_ids]:
            until(partial(self._has_ended, execution), 300)
            end = machine.end(execution)
            assert end.status == "SUCCEEDED", end

    def _has_ended(self, execution: str) -> bool:
        return self.target.campaign_executions.end(execution).status != "RUNNING"

    def lengthen_the_smoke_test(self, campaign_id: str) -> None:
        """Have validations of a campaign code two frames more, which `STUBBORN` does not refuse.

        A variant of the clip leaves out one of ten at most, so that none has the refused number.
        """
        key = keys.plan(campaign_id)
        plan = documents.load(self.target.objects, key, EvaluationPlan)
        longer = plan.model_copy(update={"smoke_frames": SMOKE_FRAMES + 2})
        documents.save(self.target.objects, key, longer)
