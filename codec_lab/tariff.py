"""What AWS costs, by its list prices of one day."""

from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Annotated

from pydantic import Field

from codec_lab.charge import Charge, Service
from codec_lab.model import Model

_MICRODOLLAR = Decimal("0.000001")
_S_PER_H = 3600

Usd = Annotated[Decimal, Field(ge=0)]


class Tariff(Model):
    """List prices, without the free tier and without what Spot saves: what is billed is not more.

    Attributes
    ----------
    as_of, source, region
        When, from where, and where they hold.
    machine_usd_per_h : dict of str to Decimal
        The parts of a worker's machine, which runs one job.
    idle_s : int
        How long a machine is paid after its job, until Batch has ended it.
    s3_months : int
        How long stored evidence is kept, and so paid.
    """

    as_of: date
    source: str
    region: str
    machine_usd_per_h: dict[str, Usd]
    idle_s: Annotated[int, Field(ge=0)]
    lambda_usd_per_gb_s: Usd
    lambda_usd_per_request: Usd
    step_functions_usd_per_transition: Usd
    dynamodb_usd_per_write_unit: Usd
    dynamodb_usd_per_read_unit: Usd
    s3_usd_per_put: Usd
    s3_usd_per_get: Usd
    s3_usd_per_gb_month: Usd
    s3_months: Annotated[int, Field(ge=0)]

    def machines(self, purpose: str, machine_s: int, *, jobs: int) -> Charge:
        """Price the machines of some jobs.

        Parameters
        ----------
        purpose : str
            The phase.
        machine_s : int
            From when each job was asked for to its end, in all: starting, waiting and lost tries
            are part of it.
        jobs : int
            How many there were; each leaves a machine idle.
        """
        paid_s = machine_s + jobs * self.idle_s
        usd = sum(self.machine_usd_per_h.values(), Decimal(0)) * paid_s / _S_PER_H
        return Charge(
            service=Service.BATCH,
            purpose=purpose,
            usd=_rounded_up(usd),
            count=jobs,
            amounts={"machine_s": paid_s},
        )


def _rounded_up(usd: Decimal) -> Decimal:
    return usd.quantize(_MICRODOLLAR, ROUND_UP)
