"""The state ``NotifyHuman``: a person hears of the latest question."""

from codec_lab.errors import ConfigurationError
from codec_lab.events import PhaseRequest
from codec_lab.experiment import HumanReason
from codec_lab.notice import HumanNotice
from codec_lab.ports import Notifier, Records


def notify_human(
    request: PhaseRequest, *, records: Records, notifier: Notifier
) -> tuple[HumanNotice, HumanReason]:
    """Send the notice of an experiment's latest reason.

    Returns
    -------
    HumanNotice, HumanReason
        What was sent and why.

    Raises
    ------
    ConfigurationError
        If the experiment asks nothing.
    """
    experiment = records.experiment(request.experiment_id)
    if not experiment.human_intervention_reasons:
        raise ConfigurationError(f"{experiment.experiment_id} has no question for a person.")
    reason = experiment.human_intervention_reasons[-1]
    notice = HumanNotice.of(experiment, reason)
    notifier.notify(notice)
    return notice, reason
