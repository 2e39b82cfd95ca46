"""How the lab works."""

from collections import Counter
from collections.abc import Sequence

from codec_lab.campaign import Campaign
from codec_lab.dashboard.campaign_views import AlarmView, HealthView, PhaseFailures
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.ports import JobCounts
from codec_lab.phase import Phase, Status

_STOPPED = frozenset({Status.NEEDS_HUMAN, Status.ABANDONED})


def health(
    campaign: Campaign,
    rows: Sequence[ListedExperiment],
    jobs: JobCounts | None,
    alarms: Sequence[AlarmView],
) -> HealthView:
    """Sum up where experiments stand and where they stop."""
    counts = Counter(row.status for row in rows)
    return HealthView(
        queued=counts[Status.QUEUED],
        running=counts[Status.RUNNING],
        needs_human=counts[Status.NEEDS_HUMAN],
        jobs_waiting=None if jobs is None else jobs.waiting,
        jobs_running=None if jobs is None else jobs.running,
        failures_in_a_row=campaign.failures_in_a_row,
        phases=tuple(_failures(phase, rows) for phase in Phase),
        alarms=tuple(alarms),
        last_update_at=max((row.updated_at for row in rows), default=None),
    )


def _failures(phase: Phase, rows: Sequence[ListedExperiment]) -> PhaseFailures:
    return PhaseFailures(
        phase=phase,
        experiments=sum(row.phase.number >= phase.number for row in rows),
        stopped=sum(row.phase is phase and row.status in _STOPPED for row in rows),
    )
