"""How many broken candidates the offline mind heals.

    .venv/bin/python -m benchmarks.bench_repair [--half test] [--cases] [--only KIND]

Each case of ``repair_corpus`` goes through the states of the lab: deploy, validate in the real
sandbox on a tiny clip, judge, fix, and again, five attempts in all. The table counts, for each
class, the attempt that passed; the broken candidate itself is attempt 1. ``kept`` are those whose
design survived at least in part; the others were healed by giving the design up.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from aws_lambda_powertools import Logger

from adapters.offline.fixer import OfflineFixer
from adapters.system_clock import SystemClock
from benchmarks.repair_corpus import HARD_LIMITS, LIMITS, SMALL, Case, Corpus
from codec_lab import documents, keys, parameters
from codec_lab.campaigns import CampaignOrder, open_campaign
from codec_lab.candidate import ENTRY_FILE
from codec_lab.clip import ClipRole
from codec_lab.deploying import deploy
from codec_lab.errors import CandidateFaultError, CodecLabError
from codec_lab.events import DeployRequest, FixRequest, JudgeRequest
from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.fixing import fix
from codec_lab.judging import judge
from codec_lab.phase import MAX_ATTEMPTS, Phase
from codec_lab.proposal import Mind, Proposal
from codec_worker.clips import FrozenClip, freeze
from codec_worker.contract import Clip
from codec_worker.job import Job
from tests.fakes import MemoryChangeSets, MemoryObjects, MemoryRecords


class Outcome(NamedTuple):
    """How a case ended: the attempt that passed or None, and why a person was asked."""

    case: Case
    passed_at: int | None
    kept: bool
    story: tuple[str, ...]


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--half", choices=("development", "test", "both"), default="both")
    options.add_argument("--cases", action="store_true", help="tell each case's story")
    options.add_argument("--only", help="cases of this class alone")
    chosen = options.parse_args()
    corpus = Corpus.read()
    named = dict(zip(("development", "test"), corpus.halves(), strict=True))
    print(f"{len(corpus.cases)} broken candidates")
    for half in named if chosen.half == "both" else [chosen.half]:
        began = time.monotonic()
        cases = [case for case in named[half] if chosen.only in {None, case.kind}]
        outcomes = [healed(case, corpus) for case in cases]
        if chosen.cases:
            for outcome in outcomes:
                print(f"\n{outcome.case.kind}: {outcome.case.name}", *outcome.story, sep="\n  ")
        print(f"\n{half} half, {time.monotonic() - began:.0f} s\n{table(outcomes)}")


def table(outcomes: Sequence[Outcome]) -> str:
    """Count by class and attempt."""
    attempts = range(2, MAX_ATTEMPTS + 1)
    head = "".join(f"{f'attempt {n}':>11}" for n in attempts)
    lines = [f"{'class':<12}{'cases':>6}{head}{'healed':>8}{'kept':>6}"]
    kinds = [*dict.fromkeys(outcome.case.kind for outcome in outcomes), "all"]
    for kind in kinds:
        rows = [outcome for outcome in outcomes if kind in {outcome.case.kind, "all"}]
        counts = Counter(outcome.passed_at for outcome in rows)
        share = sum(counts[n] for n in attempts) / len(rows)
        kept = sum(outcome.kept for outcome in rows)
        of_attempts = "".join(f"{counts[n]:>11}" for n in attempts)
        lines.append(f"{kind:<12}{len(rows):>6}{of_attempts}{share:>8.0%}{kept:>6}")
    return "\n".join(lines)


def healed(case: Case, corpus: Corpus) -> Outcome:
    """Take a case through the fix loop.

    Raises
    ------
    ValueError
        If the broken candidate passes: the corpus is wrong.
    """
    records, objects, clock = MemoryRecords(), MemoryObjects(), SystemClock()
    source = SMALL.read_text(encoding="utf-8")
    frozen = tiny_clip()
    order = CampaignOrder(
        goal="", mind=Mind.OFFLINE, seed_source=source, limits=LIMITS, hard_limits=HARD_LIMITS,
        screen=None, experiments=1,
    )  # fmt: skip
    clips = [(frozen.source, frozen.data)]
    campaign = open_campaign(order, clips, records=records, objects=objects, clock=clock)
    experiment = Experiment(
        experiment_id="default-0001", campaign_id=campaign.campaign_id, number=1,
        created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    records.create_experiment(experiment)
    proposal = Proposal(
        candidate=corpus.broken(case),
        limits=LIMITS,
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change=case.design,
        hypothesis="",
    )
    key = keys.proposal(experiment.experiment_id, 1, 1)
    documents.save(objects, key, proposal)
    records.update_experiment(
        experiment.experiment_id, ExperimentChanges(updated_at=clock.now(), proposal_key=key)
    )
    story: list[str] = []
    try:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            fault = validated(attempt, records, objects, clock)
            if fault is None:
                if attempt == 1:
                    raise ValueError(f"{case.kind}: {case.name} is not broken")
                kept = design_survives(records, objects, source)
                return Outcome(case, attempt, kept, (*story, f"passed at attempt {attempt}"))
            story.append(f"{attempt}. {fault}")
            if attempt < MAX_ATTEMPTS:
                request = FixRequest(
                    experiment_id="default-0001", run=1, phase=Phase.VALIDATION, attempt=attempt
                )
                found = fix(
                    request,
                    records=records,
                    objects=objects,
                    change_sets=MemoryChangeSets(records),
                    fixer_of=lambda mind: OfflineFixer(),  # noqa: ARG005
                    clock=clock,
                )
                story.append(f"   {found.reason}")
    except CodecLabError as error:
        story.append(f"a person is asked: {error}")
    return Outcome(case, None, False, tuple(story))


def validated(
    attempt: int, records: MemoryRecords, objects: MemoryObjects, clock: SystemClock
) -> str | None:
    """Deploy, validate and judge; give the fault."""
    request = DeployRequest(
        experiment_id="default-0001", run=1, validation_attempt=attempt, execution_attempt=1
    )
    jobs = deploy(request, records=records, objects=objects, clock=clock)
    with tempfile.TemporaryDirectory() as folder:
        Job(jobs.validation, objects, Path(folder), Logger("bench", level="ERROR")).run()
    try:
        judge(
            JudgeRequest(job=jobs.validation),
            records=records,
            objects=objects,
            clock=clock,
        )
    except CandidateFaultError as fault:
        return f"{type(fault).__name__}: {fault}"[:300]
    return None


def design_survives(records: MemoryRecords, objects: MemoryObjects, parent_source: str) -> bool:
    """Tell whether the healed candidate is more than the parent with other parameters."""
    key = records.experiment("default-0001").proposal_key
    assert key is not None
    source = documents.load(objects, key, Proposal).candidate.files[ENTRY_FILE]
    own = parameters.read(parent_source).parameters
    return parameters.write(source, own) != parent_source


def tiny_clip() -> FrozenClip:
    """Three frames of a textured picture that moves, of a size that needs padding."""
    rows, columns = np.mgrid[:28, :64]
    noise = np.random.default_rng(0).normal(0, 4, rows.shape)
    texture = 128 + 60 * np.sin(columns / 5) * np.cos(rows / 7) + noise
    y = np.stack([np.clip(texture[:, 2 * n : 2 * n + 44], 0, 255) for n in range(3)])
    u = np.stack([np.clip(texture[:14, n : n + 22], 0, 255) for n in range(3)])
    clip = Clip(y.astype(np.uint8), u.astype(np.uint8), 255 - u.astype(np.uint8), 25.0)
    return freeze("tiny", clip, ClipRole.DEVELOPMENT, "benchmark")


if __name__ == "__main__":
    main()
