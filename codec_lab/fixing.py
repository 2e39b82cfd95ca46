"""The states ``FixValidation`` and ``FixExecution``: a fault leads to another bundle."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from codec_lab import documents, keys, package_store, parameters
from codec_lab.archive import Archive
from codec_lab.bench_costs import BenchCosts
from codec_lab.bundle import REQUIREMENTS_FILE, Bundle
from codec_lab.campaign import Campaign
from codec_lab.candidate import Candidate
from codec_lab.change_sets import ChangeSet, Outcome, files_diff
from codec_lab.errors import (
    CodecLabError,
    ConfigurationError,
    DesignRejectedError,
    TerminalError,
    UnchangedCandidateError,
)
from codec_lab.events import FixRequest, FixResult
from codec_lab.experiment import UNTRIED, Attempt, Experiment, ExperimentChanges
from codec_lab.framework_in_force import framework_of
from codec_lab.framework_versions import (
    Author,
    overlay_of,
    propose,
    propose_rollback,
    refuse,
    versions_of,
)
from codec_lab.minds import FixTask
from codec_lab.novelty import source_sha256
from codec_lab.packages import refuse_unavailable
from codec_lab.phase import Phase
from codec_lab.ports import ChangeSets, Clock, Fixer, ObjectStore, Records
from codec_lab.proposal import Fix, FixTool, Mind, Proposal
from codec_lab.replaying import measured_experiments, replay_jobs
from codec_lab.verdict import Fault

FRAMEWORK_TOOLS = (FixTool.MODIFY_FRAMEWORK, FixTool.ROLLBACK_FRAMEWORK)

CHANGE_SETS_SHOWN = 5
"""Versions of the framework that a mind is shown."""


def fix(  # noqa: PLR0913 - the ports of the state
    request: FixRequest,
    *,
    records: Records,
    objects: ObjectStore,
    change_sets: ChangeSets,
    fixer_of: Callable[[Mind], Fixer],
    clock: Clock,
    bench: BenchCosts | None = None,
) -> FixResult:
    """Have the campaign's mind change what failed, or propose another version of the framework.

    An attempt is fixed once: a function that is retried gives the fix again that it has made.

    Returns
    -------
    FixResult
        What was changed and why, for the person who may be asked; of a version of the framework
        also what must be replayed.

    Raises
    ------
    NothingLeftToTryError
        If the mind knows no further fix.
    DesignRejectedError
        If the answer is no fix, or leads to the parent or another experiment's candidate, which
        would cost a run and teach nothing. That is recorded with the attempt and told to the next.
    BudgetExceededError
        If a replay does not fit under the campaign's caps.
    UnchangedCandidateError
        If its answer is a bundle again that has failed in this run or an earlier one.
    """
    experiment = records.experiment(request.experiment_id)
    if experiment.proposal_key is None:
        raise ConfigurationError(f"{experiment.experiment_id} has no proposal to fix.")
    history = records.attempts(experiment.experiment_id)
    of_run = sum(attempt.run == request.run for attempt in history)
    proposal_key = keys.proposal(experiment.experiment_id, request.run, of_run + 1)
    made_key = keys.fix(experiment.experiment_id, request.run, request.phase, request.attempt)
    if objects.exists(made_key):
        made = documents.load(objects, made_key, FixResult)
    else:
        failed, fault = last_fault(history, request.experiment_id, request.phase)
        with _refusal_kept(failed, records):
            made = _made(
                request,
                experiment,
                failed,
                fault,
                history,
                proposal_key,
                records=records,
                objects=objects,
                change_sets=change_sets,
                fixer_of=fixer_of,
                clock=clock,
            )
        documents.save(objects, made_key, made)
    if made.framework_version is None:
        proposal = documents.load(objects, proposal_key, Proposal)
        changes = ExperimentChanges(
            updated_at=clock.now(),
            phase=Phase.DEPLOY,
            proposal_key=proposal_key,
            candidate_sha256=proposal.candidate.sha256,
            source_sha256=source_sha256(proposal.candidate),
            parameters=parameters.of_candidate(proposal.candidate),
            change=proposal.change,
            hypothesis=proposal.hypothesis,
            expected_bd_rate_percent=proposal.expected_bd_rate_percent,
            hint=None,
        )
        if proposal.candidate.sha256 != experiment.candidate_sha256:
            changes = changes.model_copy(update=UNTRIED)
        records.update_experiment(experiment.experiment_id, changes)
        return made
    change = versions_of(experiment.campaign_id, change_sets)[made.framework_version]
    if change.outcome is not Outcome.PROPOSED:
        return made
    overlay = overlay_of(change, objects)
    try:
        jobs = replay_jobs(change, overlay, records=records, objects=objects, bench=bench)
    except TerminalError as error:
        refuse(change, str(error), change_sets=change_sets, clock=clock)
        raise
    if (
        not jobs
        and change.restores is None
        and measured_experiments(change.campaign_id, records, objects)
    ):
        why = "There is nothing to compare a replay with: no measurement is kept."
        refuse(change, why, change_sets=change_sets, clock=clock)
    return made.model_copy(update={"replays": jobs})


def _made(  # noqa: PLR0913 - the ports of the state
    request: FixRequest,
    experiment: Experiment,
    failed: Attempt,
    fault: Fault,
    history: Sequence[Attempt],
    proposal_key: str,
    *,
    records: Records,
    objects: ObjectStore,
    change_sets: ChangeSets,
    fixer_of: Callable[[Mind], Fixer],
    clock: Clock,
) -> FixResult:
    """Ask the mind, and keep what it changed; nothing works on it yet."""
    campaign = records.campaign(experiment.campaign_id)
    framework = framework_of(campaign, objects)
    proposal = documents.load(objects, experiment.proposal_key or "", Proposal)
    parent_key = experiment.parent_proposal_key or keys.seed(campaign.campaign_id)
    allowed = package_store.published(objects)
    others = Archive(
        one
        for one in records.experiments(campaign.campaign_id)
        if one.experiment_id != experiment.experiment_id
    )
    task = FixTask(
        proposal=proposal,
        parent=documents.load(objects, parent_key, Proposal),
        fault=fault,
        run=request.run,
        attempt=request.attempt,
        random_seed=campaign.random_seed + experiment.number,
        history=_since_design(history),
        rejected=failed.rejected_fixes,
        tried=frozenset(a.bundle_sha256 for a in history if a.bundle_sha256 is not None)
        | {Bundle.of(proposal, framework).manifest.bundle_sha256},
        known=others.candidates | others.sources,
        hard_limits=campaign.hard_limits,
        packages=allowed,
        hint=experiment.hint,
        framework=framework,
        change_sets=tuple(change_sets.of(campaign.campaign_id))[-CHANGE_SETS_SHOWN:],
    )
    try:
        found = fixer_of(campaign.mind).fix(task)
    except CodecLabError as error:
        records.add_model_cost(experiment, error.model_cost_usd)
        raise
    records.add_model_cost(experiment, found.proposal.model_cost_usd)
    if found.tool in FRAMEWORK_TOOLS:
        author = Author(request.experiment_id, campaign.mind, found.reason)
        change = _proposed(
            found, author, campaign, objects=objects, change_sets=change_sets, clock=clock
        )
        records.put_attempt(_with_fix(failed, found, change.diff))
        overlay = overlay_of(change, objects)
        return FixResult(
            attempt=request.attempt,
            tool=found.tool,
            reason=found.reason,
            bundle_sha256=Bundle.of(proposal, overlay).manifest.bundle_sha256,
            framework_version=change.version,
        )
    refuse_unavailable(found.proposal, allowed)
    bundle_sha256 = Bundle.of(found.proposal, framework).manifest.bundle_sha256
    if bundle_sha256 in task.tried:
        raise UnchangedCandidateError(
            f"The fix leads to bundle {bundle_sha256[:12]}, which has failed already."
        )
    if not task.is_new(found.proposal.candidate):
        raise DesignRejectedError(
            f"The fix leads to candidate {found.proposal.candidate.sha256[:12]}, which is the "
            "parent's or another experiment's, comments and formatting aside."
        )
    diff = unified_diff(proposal.candidate, found.proposal.candidate)
    records.put_attempt(_with_fix(failed, found, diff))
    documents.save(objects, proposal_key, found.proposal)
    return FixResult(
        attempt=request.attempt, tool=found.tool, reason=found.reason, bundle_sha256=bundle_sha256
    )


def _since_design(history: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """Leave out the runs before the last design: they say nothing of what is mended now."""
    designed = [attempt.run for attempt in history if attempt.phase is Phase.DESIGN]
    began = max(designed, default=0)
    return tuple(attempt for attempt in history if attempt.run >= began)


@contextmanager
def _refusal_kept(failed: Attempt, records: Records) -> Iterator[None]:
    """Record why an answer to a failed attempt is no fix."""
    try:
        yield
    except DesignRejectedError as error:
        refused = (*failed.rejected_fixes, str(error))
        records.put_attempt(failed.model_copy(update={"rejected_fixes": refused}))
        raise


def _with_fix(failed: Attempt, found: Fix, diff: str) -> Attempt:
    changes = {"fix_tool": found.tool, "fix_reason": found.reason, "fix_diff": diff}
    return failed.model_copy(update=changes)


def last_fault(
    history: Sequence[Attempt], experiment_id: str, phase: Phase
) -> tuple[Attempt, Fault]:
    """Find the fault to mend: the last of the phase, of an earlier run after a person's answer.

    Raises
    ------
    ConfigurationError
        If the phase has not failed.
    """
    for attempt in reversed(history):
        if attempt.phase is phase and attempt.fault is not None:
            return attempt, attempt.fault
    raise ConfigurationError(f"{experiment_id} has no failed {phase} that could be fixed.")


def _proposed(
    found: Fix,
    author: Author,
    campaign: Campaign,
    *,
    objects: ObjectStore,
    change_sets: ChangeSets,
    clock: Clock,
) -> ChangeSet:
    """Keep a fix of the framework as a proposed version."""
    if found.framework is None:
        return propose_rollback(
            author, campaign, objects=objects, change_sets=change_sets, clock=clock
        )
    return propose(
        found.framework, author, campaign, objects=objects, change_sets=change_sets, clock=clock
    )


def unified_diff(before: Candidate, after: Candidate) -> str:
    """Show what changed between two candidates, packages included; see ``files_diff``."""
    return files_diff(_texts(before), _texts(after))


def _texts(candidate: Candidate) -> dict[str, str]:
    requirements = "".join(f"{line}\n" for line in candidate.requirements)
    return {**candidate.files, REQUIREMENTS_FILE: requirements}
