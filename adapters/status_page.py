"""The status page's data, as one file in the site's bucket."""

from collections.abc import Sequence

from codec_lab.campaign import Campaign, Control
from codec_lab.experiment import Experiment
from codec_lab.model import Model, Moment
from codec_lab.ports import Clock, ObjectStore

STATUS_KEY = "admin/status.json"


class StatusReport(Model):
    """What the status page shows."""

    campaign: Campaign
    paused: bool
    updated_at: Moment
    experiments: tuple[Experiment, ...]


class SiteStatusPage:
    """Keeps the port ``StatusPage``.

    Parameters
    ----------
    site : ObjectStore
        The site's bucket.
    clock : Clock
        Dates the page.
    """

    def __init__(self, site: ObjectStore, clock: Clock) -> None:
        self._site = site
        self._clock = clock

    def publish(
        self, campaign: Campaign, control: Control, experiments: Sequence[Experiment]
    ) -> None:
        """Replace what the page shows."""
        report = StatusReport(
            campaign=campaign,
            paused=control.paused,
            updated_at=self._clock.now(),
            experiments=tuple(experiments),
        )
        self._site.put(STATUS_KEY, report.model_dump_json().encode())
