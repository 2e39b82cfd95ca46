"""What the status page shows, whenever an experiment has moved."""

from codec_lab.ports import Records, StatusPage

SHOWN = 100
"""Experiments on the page, the last updated first."""


def publish(campaign_id: str, *, records: Records, status_page: StatusPage) -> None:
    """Bring the status page up to date."""
    status_page.publish(
        records.campaign(campaign_id),
        records.control(campaign_id),
        records.experiments(campaign_id, SHOWN),
    )
