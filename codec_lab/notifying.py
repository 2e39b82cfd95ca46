"""The state ``NotifyHuman``: a person hears of the latest question."""

from typing import NamedTuple

from codec_lab.errors import ConfigurationError
from codec_lab.events import PhaseRequest
from codec_lab.notice import HEADLINE, HumanNotice, answer_line, reason_line
from codec_lab.ports import Notifier, Records


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
    reason = experiment.human_intervention_reasons[-1]
    notice = HumanNotice.of(experiment, reason, dashboard_url)
    notifier.notify(notice)
    lines = (HEADLINE, reason_line(reason), answer_line(experiment, dashboard_url))
    return Notified(notice, lines)
