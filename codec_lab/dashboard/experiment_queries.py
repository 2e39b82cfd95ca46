"""What is asked about an experiment's record and run."""

import inspect
from collections import Counter

from codec_lab import errors
from codec_lab.dashboard.evidence_views import HistoryView, StateProgress, VisitView
from codec_lab.dashboard.experiment_views import (
    AttemptList,
    ExperimentDetail,
    ResultsView,
)
from codec_lab.dashboard.lineage import candidates, parent_of
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.mean_bd_rates import mean_bd_rates
from codec_lab.dashboard.ports import Histories, Listing
from codec_lab.experiment import Experiment, HumanReason
from codec_lab.measurements import current_results
from codec_lab.phase import MAX_ATTEMPTS, Status
from codec_lab.ports import Records
from codec_lab.state_visit import PHASE_OF_STATE, StateVisit
from codec_lab.tiers import REFERENCE_ANCHOR

_ASKED = "NeedsHuman"
"""The Fail state that a run ends in once a person was asked: no output, and yet no failure."""

_ONE_MACHINE_ACCOUNT = "000000000000"
_OF_THE_BENCH = {
    "States.TaskFailed": "A machine or container of the bench failed, not the candidate.",
    "States.Timeout": "A machine of the bench did not answer in time.",
}


class ExperimentQueries:
    """Answers about one experiment.

    Parameters
    ----------
    records, listing, histories
        Where to look.
    """

    def __init__(self, *, records: Records, listing: Listing, histories: Histories) -> None:
        self._records = records
        self._listing = listing
        self._histories = histories

    def detail(self, experiment_id: str) -> ExperimentDetail:
        """Show an experiment."""
        experiment = self._records.experiment(experiment_id)
        reasons = experiment.human_intervention_reasons
        question = reasons[-1] if experiment.status is Status.NEEDS_HUMAN and reasons else None
        return ExperimentDetail(
            summary=ListedExperiment.of(experiment).row(),
            campaign_id=experiment.campaign_id,
            created_at=experiment.created_at,
            resume_from=experiment.resume_from,
            hint=experiment.hint,
            mind=experiment.mind,
            change=experiment.change,
            hypothesis=experiment.hypothesis,
            expected_bd_rate_percent=experiment.expected_bd_rate_percent,
            analysis=experiment.analysis,
            decode_cpu_s_per_frame=experiment.decode_cpu_s_per_frame,
            candidate_sha256=experiment.candidate_sha256,
            bundle_sha256=experiment.bundle_sha256,
            parent_sha256=experiment.parent_sha256,
            parent_id=self.parent_id(experiment),
            framework_version=experiment.framework_version,
            validation_attempts=experiment.validation_attempts,
            execution_attempts=experiment.execution_attempts,
            max_attempts=MAX_ATTEMPTS,
            question=question,
            explanation=None if question is None else explanation(question),
            reasons=reasons,
            execution_arn=experiment.execution_arn,
            execution_url=_console_url(experiment.execution_arn),
        )

    def parent_id(self, experiment: Experiment) -> str | None:
        """Name the experiment whose candidate this one was made from."""
        by_candidate = self._listing.rows(experiment.campaign_id).once(candidates)
        parent = parent_of(ListedExperiment.of(experiment), by_candidate)
        return parent.experiment_id if parent is not None else None

    def attempts(self, experiment_id: str) -> AttemptList:
        """Show every attempt with its fault and its fix."""
        self._records.experiment(experiment_id)
        return AttemptList(attempts=tuple(self._records.attempts(experiment_id)))

    def results(self, experiment_id: str) -> ResultsView:
        """Show what was measured of the candidate in force."""
        experiment = self._records.experiment(experiment_id)
        results = current_results(self._records, experiment)
        return ResultsView(
            candidate_sha256=experiment.candidate_sha256,
            reference_anchor=REFERENCE_ANCHOR,
            results=results,
            means=tuple(mean_bd_rates(results)),
        )

    def history(self, experiment_id: str) -> HistoryView:
        """Show the states that the current run visited."""
        experiment = self._records.experiment(experiment_id)
        arn = experiment.execution_arn
        visits: tuple[VisitView, ...] = ()
        # Of a run that is queued, the address is still that of the run before.
        if arn is not None and experiment.status is not Status.QUEUED:
            visits = _visit_views(self._histories.visits(arn))
        return HistoryView(
            run=experiment.run,
            execution_arn=arn,
            execution_url=_console_url(arn),
            visits=visits,
        )


def explanation(reason: HumanReason) -> str:
    """Say in plain words why an experiment stopped."""
    kind = getattr(errors, reason.error_type, None)
    what = _OF_THE_BENCH.get(reason.error_type, "Something failed that the lab has no name for.")
    if inspect.isclass(kind) and issubclass(kind, errors.CodecLabError):
        what = (kind.__doc__ or what).splitlines()[0]
    phase = reason.phase.replace("_", " ")
    fixes = len(reason.fixes)
    mended = f"{fixes} {'fix' if fixes == 1 else 'fixes'} did not mend it"
    return (
        f"The phase {phase} stopped at attempt {reason.attempts} of {MAX_ATTEMPTS}: "
        f"{mended if fixes else 'no fix was tried'}. {what}"
    )


def _visit_views(visits: tuple[StateVisit, ...]) -> tuple[VisitView, ...]:
    stays: Counter[str] = Counter()
    views = []
    for visit in visits:
        stays[visit.state] += 1
        progress = StateProgress.SUCCEEDED
        if visit.exited_at is None:
            progress = StateProgress.RUNNING
        elif visit.output is None and visit.state != _ASKED:
            progress = StateProgress.FAILED
        views.append(
            VisitView(
                state=visit.state,
                phase=PHASE_OF_STATE.get(visit.state),
                attempt=stays[visit.state],
                progress=progress,
                entered_at=visit.entered_at,
                exited_at=visit.exited_at,
                failures=visit.failures,
            )
        )
    return tuple(views)


def _console_url(execution_arn: str | None) -> str | None:
    """Give the address of an execution in the console; the one-machine cloud has none."""
    if execution_arn is None or execution_arn.count(":") < 7:
        return None
    _, _, _, region, account, *_ = execution_arn.split(":")
    if account == _ONE_MACHINE_ACCOUNT:
        return None
    return (
        f"https://{region}.console.aws.amazon.com/states/home?region={region}"
        f"#/v2/executions/details/{execution_arn}"
    )
