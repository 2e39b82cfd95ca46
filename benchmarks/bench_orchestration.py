"""What the lab adds to a candidate: seconds an experiment beside its own CPU and the pauses.

    .venv/bin/python benchmarks/bench_orchestration.py [--experiments 20] [--growth 200]

Deploys the app to a fresh one-machine cloud and runs experiments of a trivial candidate on a tiny
clip, with the pauses skipped. The time of each state comes from the executions' histories, the
candidate's own CPU from its rate points, memory from all processes of the cloud.
"""

import argparse
import json
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import psutil

from adapters.system_clock import SystemClock
from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.clip import ClipRole
from codec_lab.experiment import Experiment
from codec_lab.proposal import Mind
from codec_worker.clips import freeze
from codec_worker.contract import Clip
from lab import one_machine
from lab.target import Target
from local.cloud import OneMachineCloud
from local.settings import CloudSettings

# Stores the planes with their low bits dropped: almost no CPU, four rising rate points.
TRIVIAL = """
import struct
import zlib

import numpy as np

PARAMETERS = {
    "salt": 0,
}
SEARCH_SPACE = {"salt": (0, 1000000)}


def encode(clip, quality):
    step = 2 + (100 - quality) // 4
    data = b"".join((plane // step * step + step // 2).tobytes() for plane in clip[:3])
    return struct.pack("<HHH", *clip.y.shape) + zlib.compress(data, 1)


def decode(bitstream):
    n, h, w = struct.unpack_from("<HHH", bitstream)
    data = np.frombuffer(zlib.decompress(bitstream[6:]), np.uint8)
    y, u, v = np.split(data, [n * h * w, n * h * w * 5 // 4])
    shape = (n, h // 2, w // 2)
    return y.reshape(n, h, w).copy(), u.reshape(shape).copy(), v.reshape(shape).copy()
"""


class PeakMemory(threading.Thread):
    """Watches the resident memory of the cloud's processes together."""

    def __init__(self, server_pid: int) -> None:
        super().__init__(daemon=True)
        self._server = psutil.Process(server_pid)
        self._ended = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        """Look ten times a second."""
        while not self._ended.wait(0.1):
            total = 0
            for process in (self._server, *self._server.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)

    def stop(self) -> int:
        """End, and give the peak in bytes."""
        self._ended.set()
        self.join()
        return self.peak_bytes


def tiny_clip() -> Clip:
    """Four frames of 32x32, textured so that every rate point differs."""
    y = np.random.default_rng(1).integers(40, 200, (4, 32, 32)).astype(np.uint8)
    return Clip(y, y[:, ::2, ::2].copy(), y[:, 1::2, 1::2].copy(), 25.0)


def run(target: Target, count: int) -> tuple[float, list[Experiment]]:
    """Run experiments; give the seconds it took and the records."""
    frozen = freeze("tiny", tiny_clip(), ClipRole.DEVELOPMENT, "synthetic")
    order = CampaignOrder(
        goal="Cost nothing.",
        mind=Mind.OFFLINE,
        seed_source=TRIVIAL,
        experiments=count,
        anchors=("x264-medium",),
    )
    known = {one.experiment_id for one in _experiments(target, order.campaign_id)}
    open_campaign(
        order,
        [(frozen.source, frozen.data)],
        records=target.records,
        objects=target.objects,
        clock=SystemClock(),
    )
    started = time.perf_counter()
    execution = target.campaign_executions.start(order.campaign_id)
    while (end := target.campaign_executions.end(execution)).status == "RUNNING":
        time.sleep(0.05)
    elapsed_s = time.perf_counter() - started
    if end.status != "SUCCEEDED":
        raise SystemExit(f"The campaign ended as {end.status}: {end.reason}")
    new = [one for one in _experiments(target, order.campaign_id) if one.experiment_id not in known]
    unfinished = [one.experiment_id for one in new if one.status != "completed"]
    if unfinished or len(new) != count:
        raise SystemExit(f"{len(new)} of {count} experiments; not completed: {unfinished}")
    return elapsed_s, new


def _experiments(target: Target, campaign_id: str) -> Sequence[Experiment]:
    return target.records.experiments(campaign_id)


def candidate_cpu_s(target: Target, experiments: Sequence[Experiment]) -> float:
    """Average the CPU seconds of the candidate's measured calls over the experiments."""
    return fmean(
        sum(
            (point.encode_cpu_s or 0) + (point.decode_cpu_s or 0)
            for evaluation in target.records.evaluations(one.experiment_id)
            for point in evaluation.result.points
        )
        for one in experiments
    )


def seconds_by_state(target: Target, experiments: Sequence[Experiment]) -> dict[str, float]:
    """Mean stay in each state of the experiment's machine."""
    stays: dict[str, list[float]] = defaultdict(list)
    for one in experiments:
        for visit in target.campaign_executions.visits(one.execution_arn or ""):
            if visit.exited_at is not None:
                stays[visit.state].append((visit.exited_at - visit.entered_at).total_seconds())
    return {state: sum(found) / len(experiments) for state, found in stays.items()}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=20)
    parser.add_argument("--growth", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cloud = OneMachineCloud(CloudSettings(state_dir=Path(folder), port=0, wait_scale=0))
        cloud.start()
        try:
            report(cloud, options)
        finally:
            cloud.stop()


def report(cloud: OneMachineCloud, options: argparse.Namespace) -> None:
    """Run the benchmark in a cloud."""
    one_machine.deploy(cloud)
    target = one_machine.target_of(cloud)
    run(target, 1)  # starts the functions and measures the anchor
    note: dict[str, Any] = json.loads((cloud.settings.state_dir / "server.json").read_text())
    rows = []
    done = 1
    for goal in (options.experiments, options.growth):
        if goal <= done:
            continue
        memory = PeakMemory(note["pid"])
        memory.start()
        elapsed_s, experiments = run(target, goal - done)
        done = goal
        last = sorted(experiments, key=lambda one: one.number)[-options.experiments :]
        rows.append((goal, elapsed_s / len(experiments), last, memory.stop()))
    print("experiments  s/experiment  candidate's CPU s  overhead s  peak memory MB")
    for goal, seconds, experiments, peak_bytes in rows:
        cpu_s = candidate_cpu_s(target, experiments)
        print(
            f"{goal:11d}  {seconds:12.3f}  {cpu_s:17.3f}  {seconds - cpu_s:10.3f}  "
            f"{peak_bytes / 2**20:14.0f}"
        )
    print("\nstate                    ms/experiment")
    states = seconds_by_state(target, rows[0][2])
    for state, seconds in sorted(states.items(), key=lambda item: -item[1]):
        print(f"{state:24s} {1000 * seconds:13.1f}")
    rest = rows[0][1] - sum(states.values())
    print(f"{'the campaign around it':24s} {1000 * rest:13.1f}")


if __name__ == "__main__":
    main()
