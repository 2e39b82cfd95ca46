"""The phase ``Design``: a mind writes a candidate."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from codec_lab import documents, keys, package_store, parameters
from codec_lab.archive import Archive
from codec_lab.campaign import Campaign
from codec_lab.clip import ClipRole
from codec_lab.errors import CodecLabError, DesignRejectedError
from codec_lab.events import DesignResult, PhaseRequest
from codec_lab.experiment import UNTRIED, Attempt, Experiment, ExperimentChanges
from codec_lab.framework_in_force import framework_of
from codec_lab.measurements import current_results
from codec_lab.minds import Archived, DesignTask, Failure, Trial
from codec_lab.novelty import source_sha256
from codec_lab.packages import refuse_unavailable
from codec_lab.phase import Phase, Status
from codec_lab.ports import Clock, Designer, ObjectStore, Records
from codec_lab.proposal import Mind, Proposal
from codec_lab.verdict import Fault

ARCHIVE_SIZE = 5
"""Earlier candidates that a mind is shown."""

FAILURES_SHOWN = 3


def design(
    request: PhaseRequest,
    *,
    records: Records,
    objects: ObjectStore,
    designer_of: Callable[[Mind], Designer],
    clock: Clock,
) -> DesignResult:
    """Have the campaign's mind propose the experiment's candidate.

    A run is designed once: a function that is retried gives the design again that it has made.

    Parameters
    ----------
    request : PhaseRequest
        Which experiment and run.
    designer_of : callable
        Gives the designer of a mind.

    Returns
    -------
    DesignResult
        The candidate's hash and what is new about it.

    Raises
    ------
    DesignRejectedError
        If the answer is no candidate, or one that was tried before. The attempt is recorded.
    """
    experiment = records.experiment(request.experiment_id)
    campaign = records.campaign(experiment.campaign_id)
    attempts = [
        attempt
        for attempt in records.attempts(experiment.experiment_id, Phase.DESIGN)
        if attempt.run == request.run
    ]
    key = keys.proposal(experiment.experiment_id, request.run, 1)
    if any(attempt.passed for attempt in attempts):
        proposal = documents.load(objects, key, Proposal)
    else:
        proposal = _made(
            request,
            experiment,
            campaign,
            attempts,
            records=records,
            objects=objects,
            designer_of=designer_of,
            clock=clock,
        )
    sha256 = proposal.candidate.sha256
    changes = ExperimentChanges(
        updated_at=clock.now(),
        phase=Phase.DEPLOY,
        proposal_key=key,
        candidate_sha256=sha256,
        source_sha256=source_sha256(proposal.candidate),
        parameters=parameters.of_candidate(proposal.candidate),
        parent_sha256=proposal.parent_sha256,
        change=proposal.change,
        hypothesis=proposal.hypothesis,
        expected_bd_rate_percent=proposal.expected_bd_rate_percent,
        hint=None,
    )
    if sha256 != experiment.candidate_sha256:
        changes = changes.model_copy(update=UNTRIED)
    records.update_experiment(experiment.experiment_id, changes)
    return DesignResult(candidate_sha256=sha256, change=proposal.change)


def _made(  # noqa: PLR0913 - the ports of the state
    request: PhaseRequest,
    experiment: Experiment,
    campaign: Campaign,
    rejected: Sequence[Attempt],
    *,
    records: Records,
    objects: ObjectStore,
    designer_of: Callable[[Mind], Designer],
    clock: Clock,
) -> Proposal:
    """Ask the mind, and keep its design."""
    known = records.experiments(campaign.campaign_id)
    archive = Archive(known)
    framework = framework_of(campaign, objects)
    task = DesignTask(
        goal=campaign.goal,
        experiment_number=experiment.number,
        attempt=len(rejected) + 1,
        random_seed=campaign.random_seed,
        parent=documents.load(objects, _parent_key(campaign), Proposal),
        archive=tuple(
            _archived(best, records, objects) for best in archive.measured[:ARCHIVE_SIZE]
        ),
        trials=tuple(_trials(known, archive)),
        failures=tuple(_failures(known, records)),
        rejected=tuple(attempt.fault.message for attempt in rejected if attempt.fault),
        lessons="\n".join(filter(None, (framework.lessons, campaign.lessons))),
        framework=framework,
        tried=archive.candidates | archive.sources,
        limits=campaign.limits,
        hint=experiment.hint,
    )
    attempt = Attempt(
        experiment_id=experiment.experiment_id,
        run=request.run,
        phase=Phase.DESIGN,
        attempt=task.attempt,
        at=clock.now(),
        passed=True,
    )
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            phase=Phase.DESIGN,
            mind=campaign.mind,
            framework_version=framework.version,
        ),
    )
    try:
        proposal = _accepted(designer_of(campaign.mind).design(task), task)
        refuse_unavailable(proposal, package_store.published(objects))
    except CodecLabError as error:
        records.add_model_cost(experiment, error.model_cost_usd)
        if isinstance(error, DesignRejectedError):
            fault = Fault(error_type=type(error).__name__, message=str(error))
            records.put_attempt(attempt.model_copy(update={"passed": False, "fault": fault}))
        raise
    records.add_model_cost(experiment, proposal.model_cost_usd)
    documents.save(objects, keys.proposal(experiment.experiment_id, request.run, 1), proposal)
    following = campaign.next_design  # by a retry it may be another
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            parent_proposal_key=_parent_key(campaign),
            parent_verdict_key=following.parent_verdict_key if following else None,
        ),
    )
    records.put_attempt(attempt.model_copy(update={"candidate_sha256": proposal.candidate.sha256}))
    return proposal


def _parent_key(campaign: Campaign) -> str:
    following = campaign.next_design
    return following.parent_proposal_key if following else keys.seed(campaign.campaign_id)


def _archived(best: Experiment, records: Records, objects: ObjectStore) -> Archived:
    """Read an earlier candidate; its results on hidden clips stay out."""
    return Archived(
        experiment_id=best.experiment_id,
        proposal=documents.load(objects, best.proposal_key or "", Proposal),
        bd_rate_percent=best.bd_rate_percent,
        analysis=best.analysis,
        results=tuple(
            result
            for result in current_results(records, best)
            if result.role is ClipRole.DEVELOPMENT
        ),
    )


def _trials(known: Sequence[Experiment], archive: Archive) -> Iterator[Trial]:
    """Give what parameters came to; for what the screen ended, its parent's and the difference."""
    came_to = {one.experiment_id: one.bd_rate_percent for one in archive.measured}
    for one in sorted(known, key=lambda one: one.number):
        percent = came_to.get(one.experiment_id)
        points, parent = archive.screened_points(one), archive.parent_of(one)
        if points is not None and parent is not None and parent.bd_rate_percent is not None:
            percent = parent.bd_rate_percent + points
        if one.parameters is not None and percent is not None:
            yield Trial(parameters=one.parameters, bd_rate_percent=percent)


def _failures(known: Sequence[Experiment], records: Records) -> Iterator[Failure]:
    """Find the last experiments that stopped at a fault of their candidate."""
    stopped = (one for one in known if one.needs_human or one.status is Status.ABANDONED)
    for one in islice(stopped, FAILURES_SHOWN):
        faults = [attempt.fault for attempt in records.attempts(one.experiment_id) if attempt.fault]
        if faults:
            yield Failure(
                experiment_id=one.experiment_id, change=one.change or "", fault=faults[-1]
            )


def _accepted(proposal: Proposal, task: DesignTask) -> Proposal:
    """Refuse what would cost a run and teach nothing."""
    if not task.is_new(proposal.candidate):
        same = source_sha256(proposal.candidate) == source_sha256(task.parent.candidate)
        raise DesignRejectedError(
            f"The proposed candidate {proposal.candidate.sha256[:12]} "
            f"{'is its parent, unchanged' if same else 'was tried before'}, comments and "
            "formatting aside.",
            proposal.model_cost_usd,
        )
    return proposal
