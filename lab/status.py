"""Where a campaign stands, for people and machines."""

from decimal import Decimal
from typing import Protocol, Self

from codec_lab.experiment import Experiment
from codec_lab.model import Model, Name
from codec_lab.phase import Status
from codec_lab.ports import Records
from codec_lab.proposal import Mind


class Runs(Protocol):
    """Tells what runs a campaign."""

    def running(self, campaign_id: str) -> str | None:
        """Give the execution that runs a campaign, if there is one."""


class CampaignStatus(Model):
    """A campaign at a glance.

    Attributes
    ----------
    execution_arn : str or None
        The execution that runs it now.
    experiments : tuple of Experiment
        All of them, by number.
    """

    campaign_id: Name
    goal: str
    mind: Mind
    paused: bool
    experiment_count: int
    experiment_limit: int
    model_cost_usd: Decimal
    execution_arn: str | None
    experiments: tuple[Experiment, ...]

    @classmethod
    def read(cls, records: Records, executions: Runs, campaign_id: str) -> Self:
        """Read a campaign's status.

        Raises
        ------
        ConfigurationError
            If there is no such campaign.
        """
        campaign = records.campaign(campaign_id)
        control = records.control(campaign_id)
        experiments = sorted(records.experiments(campaign_id), key=lambda one: one.number)
        return cls(
            campaign_id=campaign_id,
            goal=campaign.goal,
            mind=campaign.mind,
            paused=control.paused,
            experiment_count=campaign.experiment_count,
            experiment_limit=control.experiment_limit,
            model_cost_usd=campaign.model_cost_usd,
            execution_arn=executions.running(campaign_id),
            experiments=tuple(experiments),
        )

    @property
    def waiting(self) -> tuple[Experiment, ...]:
        """The experiments that wait for a person."""
        return tuple(one for one in self.experiments if one.status is Status.NEEDS_HUMAN)

    def headline(self) -> str:
        """Say how the campaign does, in one line."""
        state = "running" if self.execution_arn else "stopped"
        if self.paused:
            state += ", paused"
        return (
            f"Campaign {self.campaign_id}: {state}, {self.experiment_count} of "
            f"{self.experiment_limit} experiments begun, mind {self.mind}"
        )
