"""Where an experiment's next run begins."""

from codec_lab.phase import Phase
from codec_lab.ports import Records

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
