"""The state ``NotifyHuman``, and how other states put a question to a person."""

from collections.abc import Callable
from typing import NamedTuple

from codec_lab.errors import ConfigurationError
from codec_lab.events import PhaseRequest
from codec_lab.experiment import Experiment, HumanReason
from codec_lab.notice import HEADLINE, HumanNotice, answer_line, reason_line
from codec_lab.ports import Notifier, Records

AskHuman = Callable[[Experiment, HumanReason], None]
"""Puts an experiment's question to a person, and writes down that it waits for the answer."""


class Notified(NamedTuple):
    """What was sent, and the lines for the log that operators search for."""

    notice: HumanNotice
    lines: tuple[str, ...]


def notify_human(
    request: PhaseRequest, *, records: Records, notifier: Notifier, dashboard_url: str | None
) -> Notified:
    """Send the notice of an experiment's latest reason.

    Raises
    ------
    ConfigurationError
        If the experiment asks nothing.
    """
    experiment = records.experiment(request.experiment_id)
    if not experiment.human_intervention_reasons:
        raise ConfigurationError(f"{experiment.experiment_id} has no question for a person.")
    return _told(experiment, experiment.human_intervention_reasons[-1], notifier, dashboard_url)


def ask_human(
    experiment: Experiment,
    reason: HumanReason,
    *,
    records: Records,
    notifier: Notifier,
    dashboard_url: str | None,
) -> Notified:
    """Send the notice of a question and flag the experiment.

    The notice goes first: who is interrupted between the two sends it twice and not never.
    """
    notified = _told(experiment, reason, notifier, dashboard_url)
    records.flag_human(experiment, reason)
    return notified


def _told(
    experiment: Experiment, reason: HumanReason, notifier: Notifier, dashboard_url: str | None
) -> Notified:
    notice = HumanNotice.of(experiment, reason, dashboard_url)
    notifier.notify(notice)
    lines = (HEADLINE, reason_line(reason), answer_line(experiment, dashboard_url))
    return Notified(notice, lines)
