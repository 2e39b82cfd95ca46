"""What AWS costs, by its list prices of one day."""

import math
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from codec_lab.charge import Charge, Service
from codec_lab.model import Model

_MICRODOLLAR = Decimal("0.000001")
_S_PER_H = 3600

Usd = Annotated[Decimal, Field(ge=0)]


TRANSITIONS = 3
"""State transitions for each metered function: an experiment's other states and its campaign's
take part."""

MOST_REQUESTS_USD = Decimal("0.005")
"""What an invocation's requests and transitions cannot cost more than: 8,000 units written."""


class Used(StrEnum):
    """What an invocation asks other services for."""

    WRITE_UNITS = "write_units"
    READ_UNITS = "read_units"
    PUTS = "puts"
    GETS = "gets"
    STORED_BYTES = "stored_bytes"


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

    def worst_invocation_usd(self, timeout_s: float, memory_mib: int) -> Decimal:
        """Price the most that a function's invocation can cost with what it asks for."""
        return self._computed(timeout_s, memory_mib) + MOST_REQUESTS_USD

    def invocation(
        self, purpose: str, *, took_s: float, memory_mib: int, used: Mapping[Used, int]
    ) -> list[Charge]:
        """Price an invocation with what it asked for, and its part of the state machines."""

        def charge(service: Service, usd: Decimal, count: int, **amounts: int) -> Charge:
            return Charge(
                service=service, purpose=purpose, usd=_rounded_up(usd), count=count, amounts=amounts
            )

        written, read = used.get(Used.WRITE_UNITS, 0), used.get(Used.READ_UNITS, 0)
        puts, gets = used.get(Used.PUTS, 0), used.get(Used.GETS, 0)
        stored = used.get(Used.STORED_BYTES, 0)
        return [
            charge(
                Service.LAMBDA, self._computed(took_s, memory_mib), 1, ms=math.ceil(took_s * 1000)
            ),
            charge(
                Service.STEP_FUNCTIONS,
                self.step_functions_usd_per_transition * TRANSITIONS,
                TRANSITIONS,
                transitions=TRANSITIONS,
            ),
            charge(
                Service.DYNAMODB,
                self.dynamodb_usd_per_write_unit * written + self.dynamodb_usd_per_read_unit * read,
                1,
                write_units=written,
                read_units=read,
            ),
            self.objects(purpose, puts=puts, gets=gets, stored_bytes=stored),
        ]

    def objects(self, purpose: str, *, puts: int, stored_bytes: int, gets: int = 0) -> Charge:
        """Price requests for objects, and keeping what was stored for as long as it is kept."""
        kept_usd = self.s3_usd_per_gb_month * self.s3_months * stored_bytes / 1_000_000_000
        usd = self.s3_usd_per_put * puts + self.s3_usd_per_get * gets + kept_usd
        return Charge(
            service=Service.S3,
            purpose=purpose,
            usd=_rounded_up(usd),
            count=puts + gets,
            amounts={"puts": puts, "gets": gets, "stored_bytes": stored_bytes},
        )

    def _computed(self, took_s: float, memory_mib: int) -> Decimal:
        gb_s = Decimal(str(took_s)) * memory_mib / 1024
        return self.lambda_usd_per_gb_s * gb_s + self.lambda_usd_per_request


def _rounded_up(usd: Decimal) -> Decimal:
    return usd.quantize(_MICRODOLLAR, ROUND_UP)
