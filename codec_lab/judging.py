"""The states ``JudgeValidation`` and ``JudgeExecution``: a verdict is believed or raised."""

from typing import Any

from codec_lab import documents, errors
from codec_lab.bench_costs import BenchCosts
from codec_lab.errors import BenchError, CandidateFaultError
from codec_lab.events import JudgeRequest, JudgeResult
from codec_lab.experiment import Attempt, Evaluation, Experiment, ExperimentChanges
from codec_lab.framework_in_force import framework_of
from codec_lab.job import JobKind, JobSpec
from codec_lab.merging import attest, merge
from codec_lab.parent_equality import fault_of_equality
from codec_lab.phase import Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import Clock, ObjectStore, Records
from codec_lab.screening import screen_bd_rate, stop_reason
from codec_lab.verdict import Fault, Verdict

_PHASES = {JobKind.VALIDATE: Phase.VALIDATION, JobKind.EXECUTE: Phase.EXECUTION}
_AFTER = {JobKind.VALIDATE: Phase.EXECUTION, JobKind.EXECUTE: Phase.ANALYSIS}


def judge(
    request: JudgeRequest,
    *,
    records: Records,
    objects: ObjectStore,
    clock: Clock,
    bench: BenchCosts | None = None,
) -> JudgeResult:
    """Record the outcome of a job, and settle what the machines of its deployment cost.

    Returns
    -------
    JudgeResult
        What passed.

    Raises
    ------
    AttestationError
        If a verdict is about anything else than the deployed bundle and the job's clips.
    CandidateFaultError
        The verdict's fault, as the class that it names.
    BenchError
        If it names a class that is no fault of a candidate.
    """
    job = request.job
    experiment = records.experiment(job.experiment_id)
    verdicts = [attested(one, objects) for one in request.shards or (job,)]
    verdict = verdicts[0]
    if request.shards:
        verdict = _void_if_unchanged(merge(job, verdicts), experiment, objects)
        documents.save(objects, job.verdict_key, verdict)
    phase = _PHASES[job.kind]
    records.put_attempt(
        Attempt(
            experiment_id=job.experiment_id,
            run=job.run,
            phase=phase,
            attempt=job.attempt,
            at=verdict.ended_at,
            passed=verdict.passed,
            candidate_sha256=verdict.candidate_sha256,
            bundle_sha256=verdict.bundle_sha256,
            fault=verdict.fault and verdict.fault.recorded,
        )
    )
    changes: dict[str, Any] = {f"{phase}_attempts": job.attempt}
    for result in verdict.results:
        records.put_evaluation(
            Evaluation(
                experiment_id=job.experiment_id,
                run=job.run,
                candidate_sha256=verdict.candidate_sha256,
                bundle_sha256=verdict.bundle_sha256,
                at=verdict.ended_at,
                result=result,
            )
        )
    if verdict.results:
        changes["verdict_key"] = job.verdict_key
    stopped = False
    if job.kind is JobKind.VALIDATE:
        framework = framework_of(records.campaign(experiment.campaign_id), objects)
        plan = framework.applied_to(documents.load(objects, job.plan_key, EvaluationPlan))
        percent = screen_bd_rate(plan, verdict.screen)
        reason = stop_reason(experiment, percent, plan, records)
        changes |= {"screen_bd_rate_percent": percent, "stop_reason": reason}
        stopped = reason is not None
    now_in = _AFTER[job.kind] if verdict.passed else phase
    changes["phase"] = Phase.ANALYSIS if stopped else now_in
    records.update_experiment(
        job.experiment_id, ExperimentChanges(updated_at=clock.now(), **changes)
    )
    if bench is not None and (stopped or not verdict.passed or job.kind is JobKind.EXECUTE):
        bench.settle(job, verdicts, request.began_at)
    if verdict.fault is not None:
        raise _error_of(verdict.fault.recorded)
    measured = verdict.results or verdict.screen
    return JudgeResult(
        candidate_sha256=verdict.candidate_sha256,
        clips=len(measured),
        rate_points=sum(len(result.points) for result in measured),
        stopped=stopped,
    )


def attested(job: JobSpec, objects: ObjectStore) -> Verdict:
    """Read a job's verdict.

    Raises
    ------
    AttestationError
        If it is about anything else than the job.
    """
    verdict = documents.load(objects, job.verdict_key, Verdict)
    attest(job, verdict)
    return verdict


def _void_if_unchanged(verdict: Verdict, experiment: Experiment, objects: ObjectStore) -> Verdict:
    """Turn a result that is the parent's into a fault."""
    key = experiment.parent_verdict_key
    if verdict.fault is not None or key is None or not objects.exists(key):  # evidence expires
        return verdict
    parent = documents.load(objects, key, Verdict)
    fault = fault_of_equality(verdict.results, parent.results)
    if fault is None or parent.candidate_sha256 == verdict.candidate_sha256:
        return verdict
    return verdict.model_copy(update={"fault": fault, "results": ()})


def _error_of(fault: Fault) -> CandidateFaultError | BenchError:
    kind = getattr(errors, fault.error_type, None)
    if isinstance(kind, type) and issubclass(kind, CandidateFaultError):
        return kind(fault.message)
    return BenchError(f"The worker named an unknown fault {fault.error_type!r}: {fault.message}")
