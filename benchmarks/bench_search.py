"""How the offline search does beside random sampling of the same space.

    .venv/bin/python -m benchmarks.bench_search [--experiments 40] [--seeds 3] [--frames 0]
        [--crop WIDTHxHEIGHT] [--clips NAME,NAME] [--output DIR]

Both start from the small seed and go through the lab's own states: design, deploy, the execute
job in the real sandbox, judge, analyze, design next. The campaigns run side by side, one on each
core. The table gives the best BD-rate so far; all values, and a plot of them, go into the output
folder. ``--frames`` and ``--crop`` make it quicker.
"""

import argparse
import json
import multiprocessing
import os
import random
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from statistics import fmean

from aws_lambda_powertools import Logger

from adapters.offline.designer import OfflineDesigner
from adapters.system_clock import SystemClock
from codec_lab import parameters
from codec_lab.analyzing import analyze
from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.candidate import ENTRY_FILE
from codec_lab.clip import ClipRole
from codec_lab.deploying import deploy
from codec_lab.designing import design
from codec_lab.designing_next import design_next
from codec_lab.events import DeployRequest, JudgeRequest, PhaseRequest
from codec_lab.experiment import Experiment
from codec_lab.judging import judge
from codec_lab.minds import DesignTask
from codec_lab.ports import Designer
from codec_lab.proposal import Mind, Proposal
from codec_worker.clips import FrozenClip, default_clips, freeze, thaw
from codec_worker.contract import Clip
from codec_worker.directory_store import DirectoryStore
from codec_worker.job import Job
from tests.fakes import MemoryRecords

SMALL = Path(__file__).resolve().parent.parent / "codec_worker/codecs/small.py"


class RandomDesigner:
    """Draws every parameter from its range."""

    def design(self, task: DesignTask) -> Proposal:
        """Propose a point, whatever was measured before."""
        source = task.parent.candidate.files[ENTRY_FILE]
        declared = parameters.read(source)
        generator = random.Random(  # noqa: S311
            f"{task.random_seed}/{task.experiment_number}/{task.attempt}/random"
        )
        values = parameters.anywhere(declared, generator)
        return Proposal(
            candidate=task.parent.candidate.with_file(ENTRY_FILE, parameters.write(source, values)),
            limits=task.limits,
            mind=Mind.OFFLINE,
            parent_sha256=task.parent.candidate.sha256,
            change=parameters.difference(declared.parameters, values),
            hypothesis="",
        )


DESIGNERS: dict[str, Designer] = {"search": OfflineDesigner(), "random": RandomDesigner()}


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--experiments", type=int, default=40)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--frames", type=int, default=0, help="of each clip; 0 is all")
    options.add_argument("--crop", default="", help="WIDTHxHEIGHT, from the centre")
    options.add_argument("--clips", default="", help="names of default clips; all by default")
    options.add_argument("--output", type=Path, default=Path("bench-search"))
    chosen = options.parse_args()
    clips = [
        shortened(clip, chosen.frames, chosen.crop)
        for clip in default_clips()
        if not chosen.clips or clip.source.name in chosen.clips.split(",")
    ]
    chosen.output.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    cores = context.SimpleQueue()
    for core in os.sched_getaffinity(0):
        cores.put(core)
    best: dict[str, list[list[float]]] = {kind: [] for kind in DESIGNERS}
    with ProcessPoolExecutor(
        len(os.sched_getaffinity(0)), context, initializer=stay_on_one, initargs=(cores,)
    ) as pool:
        runs = [
            (
                kind,
                seed,
                pool.submit(pursued, designer, clips, seed, chosen.experiments, chosen.output),
            )
            for seed in range(chosen.seeds)
            for kind, designer in DESIGNERS.items()
        ]
        for kind, seed, run in runs:
            rates = run.result()
            best[kind].append([min(rates[:n]) for n in range(1, len(rates) + 1)])
            print(f"{kind}, seed {seed}: {best[kind][-1][-1]:+.2f} %", flush=True)
            (chosen.output / "best.json").write_text(json.dumps(best, indent=1), "utf-8")
    print(f"{'experiments':>12}{'search':>10}{'random':>10}")
    for count in range(1, chosen.experiments + 1):
        if count in {1, 2, 5, chosen.experiments} or count % 10 == 0:
            means = (fmean(run[count - 1] for run in best[kind]) for kind in ("search", "random"))
            print(f"{count:>12}" + "".join(f"{mean:>10.2f}" for mean in means))
    plot(best, chosen.output / "best.png")


def stay_on_one(cores: SimpleQueue[int]) -> None:
    """Keep this process and all that it starts on a core of its own."""
    os.sched_setaffinity(0, {cores.get()})


def pursued(
    designer: Designer, clips: Sequence[FrozenClip], seed: int, experiments: int, folder: Path
) -> list[float]:
    """Run a campaign and give the BD-rate of each experiment, in percent."""
    records, objects, clock = MemoryRecords(), DirectoryStore(folder / "store"), SystemClock()
    campaign_id = f"{type(designer).__name__}-{seed}"
    order = CampaignOrder(
        campaign_id=campaign_id,
        goal="",
        mind=Mind.OFFLINE,
        random_seed=seed,
        seed_source=SMALL.read_text(encoding="utf-8"),
        anchors=("x265-medium",),
        experiments=experiments,
    )
    frozen = [(clip.source, clip.data) for clip in clips]
    open_campaign(order, frozen, records=records, objects=objects, clock=clock)
    rates = []
    for number in range(1, experiments + 1):
        name = f"{campaign_id}-{number:04}"
        records.create_experiment(
            Experiment(
                experiment_id=name,
                campaign_id=campaign_id,
                number=number,
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
        request = PhaseRequest(experiment_id=name, run=1)
        design(
            request,
            records=records,
            objects=objects,
            designer_of=lambda mind: designer,  # noqa: ARG005
            clock=clock,
        )
        jobs = deploy(
            DeployRequest(experiment_id=name, run=1, validation_attempt=1, execution_attempt=1),
            records=records,
            objects=objects,
            clock=clock,
        )
        with tempfile.TemporaryDirectory() as cache:
            Job(jobs.execution, objects, Path(cache), Logger("bench", level="ERROR")).run()
        judge(
            JudgeRequest(job=jobs.execution),
            records=records,
            objects=objects,
            clock=clock,
        )
        found = analyze(request, records=records, objects=objects, clock=clock)
        design_next(request, records=records, clock=clock)
        rates.append(float("inf") if found.bd_rate_percent is None else found.bd_rate_percent)
    return rates


def shortened(frozen: FrozenClip, frames: int, crop: str) -> FrozenClip:
    """Give the first frames of a clip's centre."""
    clip = thaw(frozen.source, frozen.data)
    width, height = map(int, crop.split("x")) if crop else (clip.y.shape[2], clip.y.shape[1])
    top, left = (clip.y.shape[1] - height) // 4 * 2, (clip.y.shape[2] - width) // 4 * 2
    count = frames or len(clip.y)
    planes = [
        plane[:count, top // s : (top + height) // s, left // s : (left + width) // s].copy()
        for plane, s in zip(clip[:3], (1, 2, 2), strict=True)
    ]
    return freeze(
        frozen.source.name, Clip(*planes, clip.fps), ClipRole.DEVELOPMENT, frozen.source.origin
    )


def plot(best: dict[str, list[list[float]]], path: Path) -> None:
    """Draw the best BD-rate so far, a line a seed."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot()
    for colour, (kind, runs) in zip(("tab:blue", "tab:orange"), best.items(), strict=True):
        for number, run in enumerate(runs):
            label = kind if number == 0 else None
            axes.step(range(1, len(run) + 1), run, where="post", color=colour, label=label)
    axes.set_xlabel("experiments")
    axes.set_ylabel("best BD-rate against x265, %")
    axes.legend()
    figure.savefig(path, bbox_inches="tight")


if __name__ == "__main__":
    main()
