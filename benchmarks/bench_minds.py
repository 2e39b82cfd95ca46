"""What the functions of the states cost before they do anything, and what a design costs itself.

    .venv/bin/python -m benchmarks.bench_minds [--experiments 200] [--repeats 5]

Cold: each handler is imported in a new interpreter; time and memory beyond an empty one. Warm: the
phase ``Design`` on records in memory, with a campaign of so many measured experiments, for either
mind without the model's answer. Sizes are those of the deployed code and of the packages' layer.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from adapters.claude.prompting import design_question, system_prompt
from adapters.offline.designer import OfflineDesigner
from codec_lab import documents, keys, parameters
from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.candidate import ENTRY_FILE
from codec_lab.clip import ClipRole, SourceClip
from codec_lab.designing import design
from codec_lab.events import PhaseRequest
from codec_lab.experiment import Experiment
from codec_lab.minds import DesignTask
from codec_lab.novelty import source_sha256
from codec_lab.ports import Designer
from codec_lab.proposal import Mind, Proposal
from infra.dependencies_layer import layer_folder
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MS = 300
SEED = ROOT / "codec_worker/codecs/seed.py"
HANDLERS = sorted(
    path.stem
    for path in (ROOT / "lambdas").glob("*.py")
    if "\ndef handler(" in path.read_text("utf-8")
)
LAZY = ("adapters.offline.search", "adapters.claude.designer")
VARIABLES = (
    "TABLE", "BUCKET", "SITE_BUCKET", "TOPIC_ARN", "EXPERIMENT_STATE_MACHINE_ARN",
    "CAMPAIGN_STATE_MACHINE_ARN",
)  # fmt: skip
_COLD = """
import json, pathlib, sys, time
statm = pathlib.Path("/proc/self/statm")  # pages of 4 KiB
usage = lambda: int(statm.read_text().split()[1]) / 256
before, began = usage(), time.perf_counter()
__import__(sys.argv[1], fromlist=["x"])
print(json.dumps([1000 * (time.perf_counter() - began), usage() - before]))
"""


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--experiments", type=int, default=200)
    options.add_argument("--repeats", type=int, default=5)
    chosen = options.parse_args()
    print(f"{'import':<32}{'cold, ms':>10}{'MiB':>8}")
    for module in (*(f"lambdas.{name}" for name in HANDLERS), *LAZY):
        runs = [cold(module) for _ in range(chosen.repeats)]
        times, memory = ([run[column] for run in runs] for column in (0, 1))
        print(f"{module:<32}{median(times):>10.0f}{median(memory):>8.0f}")
    print(f"\n{'design, warm':<32}{'ms':>10}   of at most {LIMIT_MS}")
    for name, mind in (("offline", OfflineDesigner()), ("claude, without the model", Asking())):
        print(f"{name:<32}{warm(mind, chosen.experiments, chosen.repeats):>10.0f}")
    print(f"\n{'asset':<32}{'MiB':>10}")
    for name, folders in (
        ("code of the functions", [ROOT / part for part in ("adapters", "codec_lab", "lambdas")]),
        ("layer of packages", [layer_folder()]),
    ):
        print(f"{name:<32}{sum(map(size_bytes, folders)) / (1 << 20):>10.1f}")


def cold(module: str) -> tuple[float, float]:
    """Import a module in a new interpreter; give milliseconds and MiB."""
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        **{f"CODEC_LAB_{name}": "arn:aws:x:us-east-1:0:x" for name in VARIABLES},
    }
    command = [sys.executable, "-c", _COLD, module]
    finished = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise RuntimeError(f"{module} cannot be imported: {finished.stderr.splitlines()[-1]}")
    taken_ms, memory_mib = json.loads(finished.stdout)
    return taken_ms, memory_mib


class Asking:
    """Writes Claude's whole question and answers by a step of its own."""

    def design(self, task: DesignTask) -> Proposal:
        """Propose a step."""
        if not system_prompt() or not design_question(task):
            raise RuntimeError("there is no question")
        return OfflineDesigner().design(task.model_copy(update={"trials": ()}))


def warm(mind: Designer, experiments: int, repeats: int) -> float:
    """Give the median time of the phase in ms, once everything is imported."""
    records, objects, clock = MemoryRecords(), MemoryObjects(), ManualClock()
    clip = SourceClip(
        name="clip", sha256="0" * 64, key="clips/0", width=32, height=16, frame_count=4, fps=25,
        role=ClipRole.DEVELOPMENT,
    )  # fmt: skip
    order = CampaignOrder(
        goal="", mind=Mind.OFFLINE, seed_source=SEED.read_text("utf-8"), experiments=experiments
    )
    open_campaign(order, [(clip, b"")], records=records, objects=objects, clock=clock)
    seed = documents.load(objects, keys.seed("default"), Proposal)
    declared = parameters.read(seed.candidate.files[ENTRY_FILE])
    tried: set[str] = set()
    proposer = OfflineDesigner()
    for number in range(1, experiments + 1):
        task = DesignTask(
            goal="", experiment_number=number, attempt=1, random_seed=1, parent=seed, archive=(),
            tried=frozenset(tried), limits=seed.limits, hint=None,
        )  # fmt: skip
        found = proposer.design(task)
        tried.add(found.candidate.sha256)
        key = keys.proposal(f"default-{number:04}", 1, 1)
        documents.save(objects, key, found)
        records.create_experiment(
            blank(number, clock).model_copy(
                update={
                    "proposal_key": key,
                    "candidate_sha256": found.candidate.sha256,
                    "source_sha256": source_sha256(found.candidate),
                    "parameters": parameters.of_candidate(found.candidate) or declared.parameters,
                    "bd_rate_percent": float(number % 37),
                }
            )
        )
    return median(
        timed(lambda number=number: designed(number, mind, records, objects, clock))
        for number in range(experiments + 1, experiments + 2 + repeats)
    )


def blank(number: int, clock: ManualClock) -> Experiment:
    """Give a new record."""
    now = clock.now()
    return Experiment(
        experiment_id=f"default-{number:04}", campaign_id="default", number=number,
        created_at=now, updated_at=now,
    )  # fmt: skip


def designed(
    number: int,
    mind: Designer,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> None:
    """Run the phase for a new experiment."""
    one = blank(number, clock)
    records.create_experiment(one)
    design(
        PhaseRequest(experiment_id=one.experiment_id, run=1),
        records=records,
        objects=objects,
        designer_of=lambda _: mind,
        clock=clock,
    )


def timed(call: Callable[[], None]) -> float:
    """Give the milliseconds of a call."""
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def size_bytes(folder: Path) -> int:
    """Give the size of all files below a folder that are deployed."""
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


if __name__ == "__main__":
    main()
