"""The states ``FixValidation`` and ``FixExecution``: a fault leads to another bundle."""

import difflib
from collections.abc import Callable, Sequence

from codec_lab import documents, keys, parameters
from codec_lab.bundle import Bundle
from codec_lab.candidate import Candidate
from codec_lab.errors import CodecLabError, ConfigurationError, UnchangedCandidateError
from codec_lab.events import FixRequest, FixResult
from codec_lab.experiment import Attempt, ExperimentChanges
from codec_lab.minds import FixTask
from codec_lab.novelty import source_sha256
from codec_lab.packages import refuse_unavailable
from codec_lab.phase import Phase
from codec_lab.ports import Clock, Fixer, ObjectStore, Records
from codec_lab.proposal import Mind, Proposal
from codec_lab.verdict import Fault

MAX_DIFF_CHARACTERS = 20_000
"""What of a diff the record keeps; the sources themselves stay whole in the object store."""


def fix(
    request: FixRequest,
    *,
    records: Records,
    objects: ObjectStore,
    fixer_of: Callable[[Mind], Fixer],
    clock: Clock,
) -> FixResult:
    """Have the campaign's mind change what failed.

    Returns
    -------
    FixTried
        What was changed and why, for the person who may be asked.

    Raises
    ------
    NothingLeftToTryError
        If the mind knows no further fix.
    UnchangedCandidateError
        If its answer is a bundle of this run again.
    """
    experiment = records.experiment(request.experiment_id)
    if experiment.proposal_key is None:
        raise ConfigurationError(f"{experiment.experiment_id} has no proposal to fix.")
    campaign = records.campaign(experiment.campaign_id)
    history = records.attempts(experiment.experiment_id)
    failed, fault = _last_fault(history, request)
    proposal = documents.load(objects, experiment.proposal_key, Proposal)
    parent_key = experiment.parent_proposal_key or keys.seed(campaign.campaign_id)
    of_run = tuple(attempt for attempt in history if attempt.run == request.run)
    task = FixTask(
        proposal=proposal,
        parent=documents.load(objects, parent_key, Proposal),
        fault=fault,
        attempt=request.attempt,
        random_seed=campaign.random_seed + experiment.number,
        history=of_run,
        tried=frozenset(a.bundle_sha256 for a in of_run if a.bundle_sha256 is not None)
        | {Bundle.of(proposal).manifest.bundle_sha256},
        hard_limits=campaign.hard_limits,
        hint=experiment.hint,
    )
    try:
        found = fixer_of(campaign.mind).fix(task)
    except CodecLabError as error:
        records.add_model_cost(experiment, error.model_cost_usd)
        raise
    records.add_model_cost(experiment, found.proposal.model_cost_usd)
    refuse_unavailable(found.proposal)
    bundle_sha256 = Bundle.of(found.proposal).manifest.bundle_sha256
    if bundle_sha256 in task.tried:
        raise UnchangedCandidateError(
            f"The fix leads to bundle {bundle_sha256[:12]}, which has failed already."
        )
    records.put_attempt(
        failed.model_copy(
            update={
                "fix_tool": found.tool,
                "fix_reason": found.reason,
                "fix_diff": unified_diff(proposal.candidate, found.proposal.candidate),
            }
        )
    )
    key = keys.proposal(experiment.experiment_id, request.run, len(of_run) + 1)
    documents.save(objects, key, found.proposal)
    records.update_experiment(
        experiment.experiment_id,
        ExperimentChanges(
            updated_at=clock.now(),
            phase=Phase.DEPLOY,
            proposal_key=key,
            candidate_sha256=found.proposal.candidate.sha256,
            source_sha256=source_sha256(found.proposal.candidate),
            parameters=parameters.of_candidate(found.proposal.candidate),
            change=found.proposal.change,
            hint=None,
        ),
    )
    return FixResult(
        attempt=request.attempt, tool=found.tool, reason=found.reason, bundle_sha256=bundle_sha256
    )


def _last_fault(history: Sequence[Attempt], request: FixRequest) -> tuple[Attempt, Fault]:
    """Find the fault to mend: the last of the phase, of an earlier run after a person's answer."""
    for attempt in reversed(history):
        if attempt.phase is request.phase and attempt.fault is not None:
            return attempt, attempt.fault
    raise ConfigurationError(
        f"{request.experiment_id} has no failed {request.phase} that could be fixed."
    )


def unified_diff(before: Candidate, after: Candidate) -> str:
    """Show what changed between two candidates.

    Returns
    -------
    str
        A unified diff over all files, cut at ``MAX_DIFF_CHARACTERS``.
    """
    lines = [
        line
        for name in sorted(before.files.keys() | after.files.keys())
        for line in difflib.unified_diff(
            before.files.get(name, "").splitlines(keepends=True),
            after.files.get(name, "").splitlines(keepends=True),
            f"before/{name}",
            f"after/{name}",
        )
    ]
    return "".join(lines)[:MAX_DIFF_CHARACTERS]
