"""Where an experiment's next run begins."""

from codec_lab.experiment import Experiment, ExperimentChanges
from codec_lab.phase import Phase, Status
from codec_lab.ports import Clock, Records

_FIXABLE = frozenset({Phase.VALIDATION, Phase.EXECUTION})


def resume_point(
    records: Records, experiment_id: str, stopped_at: Phase, hint: str | None
) -> Phase:
    """Decide where a run goes on.

    A hint begins with a fix of the fault that the phase found. A phase that the bench itself failed
    found none: it starts again with the deployment, and the hint waits for the next fix.

    Parameters
    ----------
    stopped_at : Phase
        Where the run before ended, or where a person wants to begin.
    hint : str or None
        A person's advice for the run.
    """
    if hint is None or stopped_at not in _FIXABLE:
        return stopped_at
    attempts = records.attempts(experiment_id, stopped_at)
    return stopped_at if any(attempt.fault for attempt in attempts) else Phase.DEPLOY


def queue_again(records: Records, experiment: Experiment, clock: Clock) -> bool:
    """Let an experiment whose execution has ended wait for a run that goes on where it was.

    A run that ended before it began is made again.

    Returns
    -------
    bool
        False, and nothing written, if it has moved since it was read.
    """
    resume_from = experiment.resume_from
    if experiment.status is not Status.QUEUED:
        resume_from = resume_point(
            records, experiment.experiment_id, experiment.phase, experiment.hint
        )
    changes = ExperimentChanges(
        updated_at=clock.now(),
        run=experiment.run + 1,
        status=Status.QUEUED,
        resume_from=resume_from,
    )
    return records.update_seen_experiment(experiment, changes)
