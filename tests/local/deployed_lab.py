"""The lab as it is deployed on one machine, with campaigns on one small clip."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from adapters.system_clock import SystemClock
from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.clip import ClipRole
from codec_lab.experiment import Experiment
from codec_lab.proposal import Mind
from codec_worker import codecs
from codec_worker.clips import freeze
from codec_worker.contract import Clip
from lab import one_machine
from lab.target import Target
from local.cloud import OneMachineCloud
from local.settings import CloudSettings

SMALL = (Path(codecs.__file__).parent / "small.py").read_text()
CLOCK = SystemClock()
WAIT_SCALE = 0.002

# A codec that holds: lossless by zlib, with a quantiser for its rate points. What a test adds
# to it goes wrong in one place.
PLAIN = """
import struct
import zlib

import numpy as np

PARAMETERS = {
    "level": 6,
}
SEARCH_SPACE = {"level": [1, 2, 3, 4, 5, 6, 7, 8, 9]}


def encode(clip, quality):
    step = 2 + (100 - quality) ** 3 // 12000
    planes = [np.minimum(plane // step * step + step // 2, 255) for plane in clip[:3]]
    data = b"".join(plane.astype(np.uint8).tobytes() for plane in planes)
    return struct.pack("<HHH", *clip.y.shape) + zlib.compress(data, PARAMETERS["level"])


def decode(bitstream):
    n, h, w = struct.unpack_from("<HHH", bitstream)
    data = np.frombuffer(zlib.decompress(bitstream[6:]), np.uint8)
    y, u, v = np.split(data, [n * h * w, n * h * w * 5 // 4])
    return (
        y.reshape(n, h, w).copy(),
        u.reshape(n, h // 2, w // 2).copy(),
        v.reshape(n, h // 2, w // 2).copy(),
    )
"""


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


class Lab:
    """A deployed lab, with campaigns on one small clip."""

    def __init__(self, state_dir: Path, **settings: Any) -> None:
        self.cloud = OneMachineCloud(
            CloudSettings(state_dir=state_dir, port=0, wait_scale=WAIT_SCALE, **settings)
        )
        frozen = freeze("moving", moving_clip(), ClipRole.DEVELOPMENT, "synthetic")
        self.clips = [(frozen.source, frozen.data)]

    def start(self) -> None:
        self.cloud.start()
        if not one_machine.is_up_to_date(self.cloud):
            one_machine.deploy(self.cloud)
        self.target: Target = one_machine.target_of(self.cloud)

    def open(self, campaign_id: str, seed_source: str = SMALL, **changes: Any) -> None:
        order = CampaignOrder.model_validate(
            {
                "campaign_id": campaign_id,
                "goal": "Hold.",
                "mind": Mind.OFFLINE,
                "seed_source": seed_source,
                "experiments": 1,
                "anchors": ("x264-medium", "x265-medium", "svtav1-p6"),
                **changes,
            }
        )
        open_campaign(
            order,
            self.clips,
            records=self.target.records,
            objects=self.target.objects,
            clock=CLOCK,
        )

    def start_campaign(self, campaign_id: str) -> str:
        return self.target.campaign_executions.start(campaign_id)

    def finish(self, execution_arn: str, timeout_s: float = 240) -> str:
        machine = self.target.campaign_executions
        until(lambda: machine.end(execution_arn).status != "RUNNING", timeout_s)
        end = machine.end(execution_arn)
        assert end.status == "SUCCEEDED", end
        return end.reason

    def run(self, campaign_id: str, seed_source: str = SMALL, **changes: Any) -> list[Experiment]:
        self.open(campaign_id, seed_source, **changes)
        self.finish(self.start_campaign(campaign_id))
        return self.experiments(campaign_id)

    def experiments(self, campaign_id: str) -> list[Experiment]:
        return sorted(self.target.records.experiments(campaign_id), key=lambda one: one.number)

    def states(self, execution_arn: str | None) -> list[str]:
        assert execution_arn is not None
        return [visit.state for visit in self.target.campaign_executions.visits(execution_arn)]

    def workers(self) -> list[psutil.Process]:
        """The processes that run a Batch job now: forks of the job supervisor."""
        server = psutil.Process(json.loads((self.state_dir / "server.json").read_text())["pid"])
        for process in server.children():
            if "local.worker_forkserver" in process.cmdline():
                return process.children()
        return []

    @property
    def state_dir(self) -> Path:
        return self.cloud.settings.state_dir


def until(look: Callable[[], Any], timeout_s: float = 120) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    pytest.fail(f"nothing came within {timeout_s} s")


def left_running(processes: list[psutil.Process], within_s: float) -> list[psutil.Process]:
    """Return the processes that have not ended within a time; a zombie has ended."""
    deadline = time.monotonic() + within_s
    while True:
        left = []
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(process)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)
