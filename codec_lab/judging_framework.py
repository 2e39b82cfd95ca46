"""The state ``JudgeFramework``: a proposed version is adopted or refused by its replay."""

from codec_lab import documents
from codec_lab.bench_costs import BenchCosts
from codec_lab.bundle import Bundle
from codec_lab.change_sets import Outcome
from codec_lab.errors import ConfigurationError
from codec_lab.events import FrameworkRequest, FrameworkResult
from codec_lab.experiment import Attempt
from codec_lab.fixing import last_fault
from codec_lab.framework_versions import decide, overlay_of, versions_of
from codec_lab.judging import attested
from codec_lab.ports import ChangeSets, Clock, ObjectStore, Records
from codec_lab.proposal import Proposal
from codec_lab.replaying import replayed


def judge_framework(
    request: FrameworkRequest,
    *,
    records: Records,
    objects: ObjectStore,
    change_sets: ChangeSets,
    clock: Clock,
    bench: BenchCosts | None = None,
) -> FrameworkResult:
    """Decide on a change set, and write what became of it beside the fault it answered.

    Where that leads to no bundle that is new in this run, be it that the change was refused,
    that it touches no module or that it brings old ones back, the fault of that bundle is the
    next attempt's, without another run.

    Raises
    ------
    AttestationError
        If a replay's verdict is about anything else than its job.
    ConfigurationError
        If there is no such change set.
    """
    experiment = records.experiment(request.experiment_id)
    campaign = records.campaign(experiment.campaign_id)
    change = versions_of(campaign.campaign_id, change_sets).get(request.framework_version)
    if change is None:
        raise ConfigurationError(
            f"Campaign {campaign.campaign_id} has no framework version {request.framework_version}."
        )
    proposed = overlay_of(change, objects)
    if change.outcome is Outcome.PROPOSED:
        verdicts = [attested(job, objects) for job in request.replays]
        if bench is not None:
            bench.settle_replay(experiment, request.replays, verdicts)
        found = tuple(
            replayed(job, verdict, proposed, campaign, records=records, objects=objects)
            for job, verdict in zip(request.replays, verdicts, strict=True)
        )
        change = decide(change, found, change_sets=change_sets, clock=clock)
    adopted = change.outcome is Outcome.ADOPTED
    history = [
        attempt
        for attempt in records.attempts(experiment.experiment_id)
        if (attempt.run, attempt.phase, attempt.attempt)
        != (request.run, request.phase, request.attempt)
    ]
    failed, fault = last_fault(history, request.experiment_id, request.phase)
    said = f"{'Adopted' if adopted else 'Rejected'}. {change.outcome_reason}"
    records.put_attempt(failed.model_copy(update={"fix_outcome": said}))
    proposal = documents.load(objects, experiment.proposal_key or "", Proposal)
    bundle_sha256 = Bundle.of(proposal, proposed).manifest.bundle_sha256
    known = [
        attempt.fault
        for attempt in history
        if attempt.run == request.run and attempt.bundle_sha256 == bundle_sha256 and attempt.fault
    ]
    redeploy = adopted and not known
    stands = known[-1] if adopted and known else fault
    if not redeploy:
        records.put_attempt(
            Attempt(
                experiment_id=experiment.experiment_id,
                run=request.run,
                phase=request.phase,
                attempt=request.attempt,
                at=clock.now(),
                passed=False,
                candidate_sha256=experiment.candidate_sha256,
                bundle_sha256=bundle_sha256 if adopted else experiment.bundle_sha256,
                fault=stands,
            )
        )
    return FrameworkResult(
        framework_version=change.version,
        adopted=adopted,
        redeploy=redeploy,
        reason=change.outcome_reason,
        error_type=stands.error_type,
        message=stands.message,
    )
