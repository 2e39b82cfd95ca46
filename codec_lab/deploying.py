"""The phase ``Deploy``: a proposal becomes a bundle named by its content."""

from codec_lab import documents, keys, package_store
from codec_lab.bench_costs import BenchCosts, Booking
from codec_lab.bundle import Bundle
from codec_lab.errors import ConfigurationError, UnchangedCandidateError
from codec_lab.events import DeployRequest, DeployResult
from codec_lab.experiment import ExperimentChanges
from codec_lab.framework_in_force import framework_of
from codec_lab.job import JobKind, JobSpec
from codec_lab.phase import Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import Clock, ObjectStore, Records
from codec_lab.proposal import Proposal
from codec_lab.sharding import shares
from codec_lab.stored_evidence import most_stored


def deploy(
    request: DeployRequest,
    *,
    records: Records,
    objects: ObjectStore,
    clock: Clock,
    max_shards: int = 1,
    bench: BenchCosts | None = None,
) -> DeployResult:
    """Store the bundle of the proposal in force and describe its jobs.

    Parameters
    ----------
    request : DeployRequest
        Which attempts follow.
    max_shards : int
        How many jobs may share the clips of the execution.
    bench : BenchCosts, optional
        What pays for the jobs; without it they cost nothing.

    Raises
    ------
    BudgetExceededError
        If what the jobs can cost does not fit under the campaign's caps.
    UnchangedCandidateError
        If this bundle, candidate and environment together, has already failed in this run.
    ConfigurationError
        If the experiment has no proposal, or a wheel that it needs is not there.
    WheelError
        If a wheel is no longer allowed, or not the one that is pinned.
    """
    experiment = records.experiment(request.experiment_id)
    if experiment.proposal_key is None:
        raise ConfigurationError(f"{experiment.experiment_id} has no proposal to deploy.")
    proposal = documents.load(objects, experiment.proposal_key, Proposal)
    framework = framework_of(records.campaign(experiment.campaign_id), objects)
    bundle = Bundle.of(proposal, framework)
    bundle_sha256 = bundle.manifest.bundle_sha256
    bundle = bundle.with_wheels(package_store.fetch(bundle.manifest.wheels, objects))
    for attempt in records.attempts(experiment.experiment_id):
        repeated = attempt.run == request.run and attempt.bundle_sha256 == bundle_sha256
        if repeated and not attempt.passed:
            raise UnchangedCandidateError(
                f"Bundle {bundle_sha256[:12]} failed {attempt.phase} attempt {attempt.attempt}; "
                "neither the candidate nor its environment has changed since."
            )
    plan = documents.load(objects, keys.plan(experiment.campaign_id), EvaluationPlan)
    shards = shares(plan.clips, max_shards)
    booking = Booking()
    if bench is not None:
        most = most_stored(plan, proposal.limits, jobs=len(shards) + 1)
        booking = bench.book(experiment, bundle_sha256, shards=len(shards), most=most)
    key = keys.bundle(bundle_sha256)
    objects.put(key, bundle.to_zip())
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            phase=Phase.VALIDATION,
            candidate_sha256=bundle.manifest.candidate_sha256,
            bundle_sha256=bundle_sha256,
            framework_version=framework.version,
            validation_attempts=request.validation_attempt,
        ),
    )

    def job(kind: JobKind, attempt: int) -> JobSpec:
        return JobSpec(
            kind=kind,
            experiment_id=experiment.experiment_id,
            run=request.run,
            attempt=attempt,
            candidate_sha256=bundle.manifest.candidate_sha256,
            bundle_sha256=bundle_sha256,
            bundle_key=key,
            plan_key=keys.plan(experiment.campaign_id),
            output_prefix=keys.job(experiment.experiment_id, request.run, kind, attempt),
            points_prefix=keys.points(experiment.experiment_id, request.run, bundle_sha256),
            **booking._asdict(),
        )

    execution = job(JobKind.EXECUTE, request.execution_attempt)
    return DeployResult(
        validation=job(JobKind.VALIDATE, request.validation_attempt),
        execution=execution.model_copy(update={"clips": tuple(clip.name for clip in plan.clips)}),
        shards=tuple(
            execution.model_copy(
                update={
                    "clips": clips,
                    "output_prefix": keys.shard(execution.output_prefix, number),
                }
            )
            for number, clips in enumerate(shards, start=1)
        ),
    )
