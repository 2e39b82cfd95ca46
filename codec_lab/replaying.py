"""The replay of earlier experiments on a proposed version of the framework."""

from collections.abc import Sequence
from statistics import fmean

from codec_lab import documents, keys, package_store
from codec_lab.analyzing import mean_bd_rate
from codec_lab.bench_costs import BenchCosts, Booking
from codec_lab.bundle import Bundle
from codec_lab.campaign import Campaign
from codec_lab.candidate import canonical_sha256
from codec_lab.change_sets import ChangeSet, Replayed
from codec_lab.clip import ClipRole
from codec_lab.experiment import Experiment
from codec_lab.framework import Framework
from codec_lab.framework_in_force import framework_of
from codec_lab.job import JobKind, JobSpec
from codec_lab.measurements import current_results
from codec_lab.phase import Phase, Status
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore, Records
from codec_lab.proposal import Proposal
from codec_lab.screening import stop_reason
from codec_lab.stored_evidence import Stored, most_stored
from codec_lab.verdict import ClipResult, Metric, Verdict

REPLAYED = 2
"""How many of the last measured experiments are replayed."""

TOLERANCE_PERCENT = 0.1
"""Points of BD-rate that a replay may lose. Candidates are deterministic: what a version does not
touch comes out to the byte, and a tenth of a point is less than any comparison tells apart."""


SLOWER = 2.0
SLACK_S = 0.1
"""How much more CPU time a call may take: the kinds of machines that jobs run on differ by less
than the factor, and starting a call by less than the slack."""


def replay_jobs(
    change: ChangeSet,
    framework: Framework,
    *,
    records: Records,
    objects: ObjectStore,
    bench: BenchCosts | None = None,
) -> tuple[JobSpec, ...]:
    """Describe the jobs that measure the last experiments again on a proposed version.

    Each is a validation, which measures the screen; where the campaign has none, it is the full
    measurement on the development clips. A rollback needs none: its version was in force before.

    Raises
    ------
    BudgetExceededError
        If what the jobs can cost does not fit under the campaign's caps.
    """
    if change.restores is not None:
        return ()
    plan_key = keys.plan(change.campaign_id)
    plan = documents.load(objects, plan_key, EvaluationPlan)
    seen = tuple(clip.name for clip in plan.clips if clip.role is ClipRole.DEVELOPMENT)
    chosen = _comparable(change.campaign_id, plan, records, objects)
    proposals = [documents.load(objects, one.proposal_key or "", Proposal) for one in chosen]
    bundles = [Bundle.of(proposal, framework) for proposal in proposals]
    for bundle in bundles:
        bundle_key = keys.bundle(bundle.manifest.bundle_sha256)
        if not objects.exists(bundle_key):  # else it is the very bundle that was measured
            wheels = package_store.fetch(bundle.manifest.wheels, objects)
            objects.put(bundle_key, bundle.with_wheels(wheels).to_zip())
    booking = Booking()
    if bench is not None and chosen:
        asking = records.experiment(change.experiment_id)
        name = canonical_sha256({"replay": change.version})
        most = Stored()
        for proposal in proposals:
            most = most.plus(most_stored(plan, proposal.limits, jobs=1))
        booking = bench.book(asking, name, shards=len(chosen), most=most, stops_campaign=False)
    jobs = []
    for one, bundle in zip(chosen, bundles, strict=True):
        output_prefix = keys.replay(one.experiment_id, change.version)
        jobs.append(
            JobSpec(
                kind=JobKind.VALIDATE if plan.screen_clips else JobKind.EXECUTE,
                experiment_id=one.experiment_id,
                run=one.run,
                attempt=1,
                candidate_sha256=bundle.manifest.candidate_sha256,
                bundle_sha256=bundle.manifest.bundle_sha256,
                bundle_key=keys.bundle(bundle.manifest.bundle_sha256),
                plan_key=plan_key,
                output_prefix=output_prefix,
                points_prefix=f"{output_prefix}points/",
                clips=() if plan.screen_clips else seen,
                **booking._asdict(),
            )
        )
    return tuple(jobs)


def replayed(
    job: JobSpec,
    verdict: Verdict,
    framework: Framework,
    campaign: Campaign,
    *,
    records: Records,
    objects: ObjectStore,
) -> Replayed:
    """Compare a replay with the experiment's record."""
    plan = documents.load(objects, job.plan_key, EvaluationPlan)
    one = records.experiment(job.experiment_id)
    before = _measured_before(one, plan, records, objects)
    after = verdict.screen if job.kind is JobKind.VALIDATE else verdict.results
    before_percent, after_percent = (
        mean_bd_rate(results, plan.screen_anchor) if results else None
        for results in (before, after)
    )
    worse: str | None
    if verdict.fault is not None:
        worse = f"no longer completes: {verdict.fault.error_type}: {verdict.fault.message}"
    elif before_percent is None:
        worse = "has nothing left to compare with"
    else:
        worse = _worse(before, after, plan.screen_anchor)
    if worse is None and job.kind is JobKind.VALIDATE:
        in_force = framework_of(campaign, objects)
        now = stop_reason(one, after_percent, in_force.applied_to(plan), records)
        then = stop_reason(one, after_percent, framework.applied_to(plan), records)
        worse = f"would end early: {then}" if then is not None and now is None else None
    return Replayed(
        experiment_id=one.experiment_id,
        before_percent=before_percent,
        after_percent=after_percent,
        worse=worse,
    )


def _worse(before: Sequence[ClipResult], after: Sequence[ClipResult], anchor: str) -> str | None:
    """Say what changed for the worse: any metric, or the CPU time of either half."""
    for metric in Metric:
        by = "" if metric is Metric.PSNR_Y else f" by {metric}"
        was, now = (mean_bd_rate(results, anchor, metric) for results in (before, after))
        if was is not None and now is None:
            return f"has no BD-rate{by} any more"
        if was is not None and now is not None and now - was > TOLERANCE_PERCENT:
            return f"went from BD-rate {was:+.2f} % to {now:+.2f} %{by}"
    for direction in ("encode", "decode"):
        was, now = (_cpu_s(results, direction) for results in (before, after))
        if was is not None and now is not None and now > SLOWER * was + SLACK_S:
            return f"takes {now:.2f} s of CPU to {direction} a clip instead of {was:.2f} s"
    return None


def _cpu_s(results: Sequence[ClipResult], direction: str) -> float | None:
    """Average the CPU time of a call over clips and rate points."""
    times = [getattr(point, f"{direction}_cpu_s") for result in results for point in result.points]
    return None if not times or None in times else fmean(times)


def measured_experiments(
    campaign_id: str, records: Records, objects: ObjectStore
) -> list[Experiment]:
    """Find the experiments whose measurement stands and whose source is kept, by number."""
    found = [
        one
        for one in records.experiments(campaign_id)
        if one.status is Status.COMPLETED
        and one.bd_rate_percent is not None
        and one.proposal_key is not None
        and objects.exists(one.proposal_key)
    ]
    return sorted(found, key=lambda one: one.number)


def _comparable(
    campaign_id: str, plan: EvaluationPlan, records: Records, objects: ObjectStore
) -> list[Experiment]:
    """Find the last experiments whose measurement a replay can be compared with."""
    chosen: list[Experiment] = []
    for one in reversed(measured_experiments(campaign_id, records, objects)):
        before = _measured_before(one, plan, records, objects)
        if before and mean_bd_rate(before, plan.screen_anchor) is not None:
            chosen.append(one)
        if len(chosen) == REPLAYED:
            break
    return chosen[::-1]


def _measured_before(
    one: Experiment, plan: EvaluationPlan, records: Records, objects: ObjectStore
) -> tuple[ClipResult, ...]:
    """Read what a replay repeats: the screen, or all development clips; empty if it expired."""
    if not plan.screen_clips:
        seen = {clip.name for clip in plan.clips if clip.role is ClipRole.DEVELOPMENT}
        return tuple(result for result in current_results(records, one) if result.clip in seen)
    passed = [a for a in records.attempts(one.experiment_id, Phase.VALIDATION) if a.passed]
    if not passed:
        return ()
    last = passed[-1]
    key = keys.verdict(keys.job(one.experiment_id, last.run, JobKind.VALIDATE, last.attempt))
    return documents.load(objects, key, Verdict).screen if objects.exists(key) else ()
