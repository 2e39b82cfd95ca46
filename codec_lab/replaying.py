"""The replay of earlier experiments on a proposed version of the framework."""

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
from codec_lab.phase import Status
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore, Records
from codec_lab.proposal import Proposal
from codec_lab.screening import screen_bd_rate, stop_reason
from codec_lab.stored_evidence import Stored, most_stored
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import Verdict

REPLAYED = 2
"""How many of the last measured experiments are replayed."""

TOLERANCE_PERCENT = 0.1
"""Points of BD-rate that a replay may lose. Candidates are deterministic: what a version does not
touch comes out to the byte, and a tenth of a point is less than any comparison tells apart."""


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
    chosen = _last_measured(change.campaign_id, records, objects)
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
        booking = bench.book(asking, name, shards=len(chosen), most=most)
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
    if job.kind is JobKind.VALIDATE:
        before, after = one.screen_bd_rate_percent, screen_bd_rate(plan, verdict.screen)
    else:
        before = one.bd_rate_percent
        after = mean_bd_rate(verdict.results, REFERENCE_ANCHOR)
    worse = None
    if verdict.fault is not None:
        worse = f"no longer completes: {verdict.fault.error_type}: {verdict.fault.message}"
    elif before is not None and after is None:
        worse = "has no BD-rate any more"
    elif before is not None and after is not None and after - before > TOLERANCE_PERCENT:
        worse = f"went from BD-rate {before:+.2f} % to {after:+.2f} %"
    elif job.kind is JobKind.VALIDATE:
        in_force = framework_of(campaign, objects)
        now = stop_reason(one, after, in_force.applied_to(plan), records)
        then = stop_reason(one, after, framework.applied_to(plan), records)
        worse = f"would end early: {then}" if then is not None and now is None else None
    return Replayed(
        experiment_id=one.experiment_id, before_percent=before, after_percent=after, worse=worse
    )


def _last_measured(campaign_id: str, records: Records, objects: ObjectStore) -> list[Experiment]:
    """Find the last experiments whose measurement stands and whose source is kept."""
    measured = [
        one
        for one in records.experiments(campaign_id)
        if one.status is Status.COMPLETED
        and one.bd_rate_percent is not None
        and one.proposal_key is not None
        and objects.exists(one.proposal_key)
    ]
    return sorted(measured, key=lambda one: one.number)[-REPLAYED:]
