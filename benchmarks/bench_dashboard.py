"""What the dashboard's API answers and how fast, with 100, 1,000 and 10,000 experiments.

    .venv/bin/python benchmarks/bench_dashboard.py [--sizes 100 1000 10000] [--requests 40]

Deploys the app to a fresh one-machine cloud, writes generated experiments into its table, keeps
them in short as the campaign's machine does after every hundredth, and asks over HTTP with an
operator's token, as a browser does. The first page includes reading a campaign's experiments into
the function's memory; of the answers after that every second one comes when an experiment has
moved, so that what was made of all experiments has to be made again. Then headless Chromium opens
the pages that show all experiments.
"""

import argparse
import json
import random
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from dashboard_in_browser import PAGES, filter_ms, load, signed_in
from playwright.sync_api import Page

from codec_lab.campaign import Campaign, Control
from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.limits import Limits
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Mind
from lab import one_machine
from lab.target import Target
from local.cloud import OneMachineCloud
from local.settings import CloudSettings

PAGE_LIMIT_BYTES = 10_000
P95_LIMIT_MS = 150.0
FIRST_ROWS_LIMIT_MS = 1000.0
FILTER_LIMIT_MS = 500.0
QUESTIONS = {
    "first page": "experiments?limit=25",
    "filter by text": "experiments?limit=25&q=deblocking",
    "filter by status": "experiments?limit=25&status=needs_human",
    "sort by BD-rate": "experiments?limit=25&sort=bd_rate_percent",
    "page in the middle": "experiments?limit=25&cursor={middle}",
    "campaign": "",
    "progress": "progress",
    "lineage": "lineage",
    "cost": "cost",
    "health": "health",
    "an experiment": "/experiments/{campaign_id}-0002",
    "who waits": "/needs-human",
}
_START = datetime(2026, 1, 1, tzinfo=UTC)
_CHANGES = ("the quantiser's dead zone", "the deblocking strength", "the GOP", "the merge list")


class Answer(NamedTuple):
    """How long an answer took, and how many bytes came over the wire."""

    elapsed_ms: float
    size_bytes: int


def generated(campaign_id: str, count: int) -> list[Experiment]:
    """Make experiments that descend from one another, with one of 50 waiting for a person."""
    chance = random.Random(count)  # noqa: S311 - data for a measurement, not a secret
    made: list[Experiment] = []
    for number in range(1, count + 1):
        waits = number % 50 == 0
        measured = not waits and number % 7 != 0
        parent = chance.choice(made[-40:]) if made else None
        change = chance.choice(_CHANGES)
        bd_rate = 40 - 60 * number / count + chance.gauss(0, 8)
        made.append(
            Experiment(
                experiment_id=f"{campaign_id}-{number:04}",
                campaign_id=campaign_id,
                number=number,
                status=Status.NEEDS_HUMAN if waits else Status.COMPLETED,
                phase=Phase.VALIDATION if waits else Phase.DESIGN_NEXT,
                created_at=_START + timedelta(minutes=number),
                updated_at=_START + timedelta(minutes=number + 3),
                candidate_sha256=f"{number:064x}",
                parent_sha256=parent.candidate_sha256 if parent else "f" * 64,
                mind=Mind.CLAUDE,
                change=f"Changes {change} from {chance.random():.3f} to {chance.random():.3f}.",
                hypothesis="It should save rate where the picture moves. " * 4,
                analysis="It saved rate on some of the clips and lost on the others. " * 6,
                validation_attempts=5 if waits else 1,
                execution_attempts=0 if waits else 1,
                needs_human=waits,
                bd_rate_percent=bd_rate if measured else None,
                bitrate_bps=chance.uniform(2e5, 9e5) if measured else None,
                psnr_y_db=chance.uniform(33, 39) if measured else None,
                ssim_y=chance.uniform(0.9, 0.99) if measured else None,
                model_cost_usd=Decimal(chance.randrange(1, 90)) / 100,
            )
        )
    return made


def fill(target: Target, campaign_id: str, count: int) -> None:
    """Write a campaign with its experiments."""
    campaign = Campaign(
        campaign_id=campaign_id,
        goal="A measurement of the dashboard.",
        mind=Mind.CLAUDE,
        limits=Limits(),
        hard_limits=Limits(),
        created_at=_START,
        experiment_count=count,
    )
    target.records.create_campaign(campaign, Control(experiment_limit=count))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(target.records.create_experiment, generated(campaign_id, count)))
    target.listing.keep(campaign_id)


def ask(cloud: OneMachineCloud, path: str) -> Answer:
    """Ask once; the bytes are those of the compressed body."""
    fragment = urllib.parse.urlsplit(cloud.dashboard_url).fragment
    token = fragment.removeprefix("token=")
    request = urllib.request.Request(  # noqa: S310 - the cloud's own address
        f"{cloud.endpoint_url}/api{path}",
        headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"},
    )
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
        body = response.read()
    return Answer(1000 * (time.perf_counter() - start), len(body))


def move(target: Target, experiment_id: str) -> None:
    """Touch an experiment as a phase that it enters does."""
    changes = ExperimentChanges(phase=Phase.DESIGN_NEXT, updated_at=datetime.now(UTC))
    target.records.update_experiment(experiment_id, changes)


def first_answers(cloud: OneMachineCloud, sizes: Sequence[int]) -> bool:
    """Print how long a function that has just started takes; tell whether the limit was held."""
    print(f"the function's start: {ask(cloud, '/session').elapsed_ms:.0f} ms")
    held = True
    for count in sizes:
        first = ask(cloud, f"/campaigns/bench-{count}/experiments?limit=25")
        print(f"the first page of {count} experiments: {first.elapsed_ms:.0f} ms")
        held &= first.elapsed_ms <= FIRST_ROWS_LIMIT_MS
    return held


def measure(cloud: OneMachineCloud, target: Target, count: int, requests: int) -> bool:
    """Print the table of one size; tell whether the limits were held."""
    campaign_id = f"bench-{count}"
    held = True
    print(f"\n{count} experiments")
    print(f"{'question':<20}{'p50, ms':>10}{'p95, ms':>10}{'bytes':>10}")
    for name, question in QUESTIONS.items():
        asked = question.format(middle=count // 2, campaign_id=campaign_id)
        path = asked if asked.startswith("/") else f"/campaigns/{campaign_id}/{asked}".rstrip("/")
        answers = []
        for number in range(requests):
            if number % 2:
                move(target, f"{campaign_id}-0001")
            answers.append(ask(cloud, path))
        cuts = quantiles([answer.elapsed_ms for answer in answers], n=20, method="inclusive")
        size_bytes = answers[-1].size_bytes
        is_page = question.startswith("experiments")
        held &= cuts[18] <= P95_LIMIT_MS and (not is_page or size_bytes <= PAGE_LIMIT_BYTES)
        print(f"{name:<20}{cuts[9]:>10.1f}{cuts[18]:>10.1f}{size_bytes:>10}")
    return held


def look(cloud: OneMachineCloud, page: Page, count: int) -> bool:
    """Print what the pages of one size cost a browser; tell whether the limits were held."""
    campaign_id = f"bench-{count}"
    held = True
    print(f"{'page':<20}{'shown, ms':>10}{'elements':>10}{'heap, MB':>10}")
    for path in PAGES:
        found = load(page, cloud, path, campaign_id)
        print(f"{path:<20}{found.shown_ms:>10.0f}{found.dom_nodes:>10}{found.heap_mb:>10.1f}")
        if path == "/experiments":
            held &= found.shown_ms <= FIRST_ROWS_LIMIT_MS
            filtered_ms = median(filter_ms(page, text) for text in ("deblocking", "GOP", "merge"))
            print(f"{'filter by text':<20}{filtered_ms:>10.0f}")
            held &= filtered_ms <= FILTER_LIMIT_MS
    return held


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a limit was not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--requests", type=int, default=40)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        settings = CloudSettings(state_dir=Path(folder), port=0)
        with OneMachineCloud(settings) as cloud:
            one_machine.deploy(cloud)
            target = one_machine.target_of(cloud)
            held = []
            for count in options.sizes:
                fill(target, f"bench-{count}", count)
            held.append(first_answers(cloud, options.sizes))
            with signed_in(cloud) as page:
                for count in options.sizes:
                    held.append(measure(cloud, target, count, options.requests))
                    held.append(look(cloud, page, count))
    limits = {
        "p95_ms": P95_LIMIT_MS,
        "page_bytes": PAGE_LIMIT_BYTES,
        "first_rows_ms": FIRST_ROWS_LIMIT_MS,
        "filter_ms": FILTER_LIMIT_MS,
    }
    print(f"\nlimits {json.dumps(limits)}: {'held' if all(held) else 'NOT held'}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
