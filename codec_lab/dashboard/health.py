"""How the lab works."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from codec_lab.campaign import Campaign
from codec_lab.dashboard.campaign_views import AlarmView, HealthView, PhaseFailures
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.ports import JobCounts
from codec_lab.dashboard.roster import Roster
from codec_lab.phase import STOPPED, Phase, Status


def health(
    campaign: Campaign,
    roster: Roster,
    jobs: JobCounts | None,
    alarms: Sequence[AlarmView],
) -> HealthView:
    """Sum up where experiments stand and where they stop."""
    return HealthView(
        queued=roster.counts[Status.QUEUED],
        running=roster.counts[Status.RUNNING],
        needs_human=roster.counts[Status.NEEDS_HUMAN],
        jobs_waiting=None if jobs is None else jobs.waiting,
        jobs_running=None if jobs is None else jobs.running,
        failures_in_a_row=campaign.failures_in_a_row,
        phases=roster.once(_failures),
        alarms=tuple(alarms),
        last_update_at=roster.once(_last_update),
    )


def _failures(rows: Sequence[ListedExperiment]) -> tuple[PhaseFailures, ...]:
    counts = Counter((row.phase, row.status in STOPPED) for row in rows)
    return tuple(
        PhaseFailures(
            phase=phase,
            experiments=sum(
                count for (stands, _), count in counts.items() if stands.number >= phase.number
            ),
            stopped=counts[phase, True],
        )
        for phase in Phase
    )


def _last_update(rows: Sequence[ListedExperiment]) -> datetime | None:
    return max((row.updated_at for row in rows), default=None)
