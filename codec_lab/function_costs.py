"""What the functions of an experiment use of AWS: reserved before, settled by measurement."""

from collections.abc import Mapping
from typing import NamedTuple

from codec_lab.charge import Reserved
from codec_lab.ports import Clock, Ledger, Records
from codec_lab.spending import CampaignPurse, settle_for_experiment
from codec_lab.tariff import Tariff, Used


class Invocation(NamedTuple):
    """A running function.

    Attributes
    ----------
    request_id : str
        Of this invocation; its reservation counts once.
    timeout_s : float
        The longest it can take.
    """

    experiment_id: str
    purpose: str
    request_id: str
    timeout_s: float
    memory_mib: int


class FunctionCosts:
    """Pays for invocations on AWS.

    Parameters
    ----------
    records, ledger, clock
        Where caps and spending are kept.
    tariff : Tariff
        The prices.
    """

    def __init__(self, *, records: Records, ledger: Ledger, clock: Clock, tariff: Tariff) -> None:
        self._records, self._ledger, self._clock = records, ledger, clock
        self._tariff = tariff

    def begin(self, invocation: Invocation) -> Reserved:
        """Reserve the most that an invocation can cost.

        Raises
        ------
        BudgetExceededError
            If it does not fit under the campaign's caps.
        """
        campaign_id = self._records.experiment(invocation.experiment_id).campaign_id
        purse = CampaignPurse(
            campaign_id, records=self._records, ledger=self._ledger, clock=self._clock
        )
        worst_usd = self._tariff.worst_invocation_usd(invocation.timeout_s, invocation.memory_mib)
        name = f"{invocation.experiment_id}/{invocation.request_id}"
        return purse.reserve(worst_usd, name=name, what=f"The phase {invocation.purpose}")

    def end(
        self, invocation: Invocation, reserved: Reserved, took_s: float, used: Mapping[Used, int]
    ) -> None:
        """Settle what an invocation used."""
        charges = self._tariff.invocation(
            invocation.purpose, took_s=took_s, memory_mib=invocation.memory_mib, used=used
        )
        experiment = self._records.experiment(invocation.experiment_id)
        settle_for_experiment(
            experiment, reserved, charges, records=self._records, ledger=self._ledger
        )
