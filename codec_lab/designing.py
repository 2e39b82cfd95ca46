"""The phase ``Design``: a mind writes a candidate."""

from collections.abc import Callable

from codec_lab import documents, keys
from codec_lab.campaign import Campaign
from codec_lab.errors import CodecLabError, DesignRejectedError
from codec_lab.events import DesignResult, PhaseRequest
from codec_lab.experiment import Attempt, ExperimentChanges
from codec_lab.minds import Archived, DesignTask
from codec_lab.packages import refuse_unavailable
from codec_lab.phase import Phase
from codec_lab.ports import Clock, Designer, ObjectStore, Records, StatusPage
from codec_lab.proposal import Mind, Proposal
from codec_lab.publishing import publish
from codec_lab.verdict import Fault

ARCHIVE_SIZE = 5
"""Earlier candidates that a mind is shown."""


def design(
    request: PhaseRequest,
    *,
    records: Records,
    objects: ObjectStore,
    designer_of: Callable[[Mind], Designer],
    status_page: StatusPage,
    clock: Clock,
) -> DesignResult:
    """Have the campaign's mind propose the experiment's candidate.

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
    rejected = [
        attempt
        for attempt in records.attempts(experiment.experiment_id, Phase.DESIGN)
        if attempt.run == request.run
    ]
    following = campaign.next_design
    parent_key = following.parent_proposal_key if following else keys.seed(campaign.campaign_id)
    task = DesignTask(
        goal=campaign.goal,
        experiment_number=experiment.number,
        attempt=len(rejected) + 1,
        random_seed=campaign.random_seed,
        parent=documents.load(objects, parent_key, Proposal),
        archive=_archive(campaign, records, objects),
        tried=records.candidates_tried(campaign.campaign_id),
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
        ExperimentChanges(updated_at=clock.now(), phase=Phase.DESIGN, mind=campaign.mind),
    )
    publish(campaign.campaign_id, records=records, status_page=status_page)
    try:
        proposal = _accepted(designer_of(campaign.mind).design(task), task)
    except CodecLabError as error:
        records.add_model_cost(experiment, error.model_cost_usd)
        if isinstance(error, DesignRejectedError):
            fault = Fault(error_type=type(error).__name__, message=str(error))
            records.put_attempt(attempt.model_copy(update={"passed": False, "fault": fault}))
        raise
    records.add_model_cost(experiment, proposal.model_cost_usd)
    sha256 = proposal.candidate.sha256
    records.put_attempt(attempt.model_copy(update={"candidate_sha256": sha256}))
    key = keys.proposal(experiment.experiment_id, request.run, 1)
    documents.save(objects, key, proposal)
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            phase=Phase.DEPLOY,
            proposal_key=key,
            parent_proposal_key=parent_key,
            candidate_sha256=sha256,
            parent_sha256=proposal.parent_sha256,
            change=proposal.change,
            hypothesis=proposal.hypothesis,
            expected_bd_rate_percent=proposal.expected_bd_rate_percent,
            hint=None,
        ),
    )
    return DesignResult(candidate_sha256=sha256, change=proposal.change)


def _archive(campaign: Campaign, records: Records, objects: ObjectStore) -> tuple[Archived, ...]:
    return tuple(
        Archived(
            experiment_id=best.experiment_id,
            proposal=documents.load(objects, best.proposal_key, Proposal),
            bd_rate_percent=best.bd_rate_percent,
            analysis=best.analysis,
        )
        for best in records.best_experiments(campaign.campaign_id, ARCHIVE_SIZE)
        if best.proposal_key is not None
    )


def _accepted(proposal: Proposal, task: DesignTask) -> Proposal:
    """Refuse what would cost a run and teach nothing."""
    sha256 = proposal.candidate.sha256
    if sha256 == task.parent.candidate.sha256:
        raise DesignRejectedError(
            "The proposed candidate is its parent, unchanged.", proposal.model_cost_usd
        )
    if sha256 in task.tried:
        raise DesignRejectedError(
            f"The proposed candidate {sha256[:12]} was tried before.", proposal.model_cost_usd
        )
    refuse_unavailable(proposal)
    return proposal
