"""Reminders of questions that nobody has answered."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from codec_lab.experiment import ExperimentChanges
from codec_lab.notice import HumanNotice
from codec_lab.phase import Status
from codec_lab.ports import Clock, Notifier, Records

REMIND_AFTER = timedelta(days=1)


def remind(
    campaign_ids: Iterable[str],
    *,
    records: Records,
    notifier: Notifier,
    dashboard_url: str | None,
    clock: Clock,
) -> Iterator[HumanNotice]:
    """Send a reminder of every question that has waited for a day, once for each.

    A reminder is written down before it is sent, and only if nobody has answered meanwhile or
    written it down already: it is never sent twice, and not at all if the sending fails.

    Parameters
    ----------
    campaign_ids : iterable of str
        Whose experiments are looked at.
    records, notifier, clock
        Where to look, and the way to a person.
    dashboard_url : str or None
        Where the dashboard is.

    Yields
    ------
    HumanNotice
        Each that was sent.
    """
    for campaign_id in campaign_ids:
        for experiment in records.open_experiments(campaign_id, Status.NEEDS_HUMAN):
            if not experiment.human_intervention_reasons:
                continue
            reason = experiment.human_intervention_reasons[-1]
            waited = clock.now() - reason.asked_at
            if waited < REMIND_AFTER or experiment.reminded_run == experiment.run:
                continue
            changes = ExperimentChanges(
                updated_at=experiment.updated_at, reminded_run=experiment.run
            )
            if records.update_seen_experiment(experiment, changes):
                notice = HumanNotice.reminder(experiment, reason, dashboard_url, waited)
                notifier.notify(notice)
                yield notice
