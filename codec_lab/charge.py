"""What was paid for, and a campaign's account of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from codec_lab.model import Model


class Service(StrEnum):
    """Who is paid."""

    CLAUDE = "claude"
    BATCH = "batch"
    LAMBDA = "lambda"
    STEP_FUNCTIONS = "step_functions"
    DYNAMODB = "dynamodb"
    S3 = "s3"


class Charge(Model):
    """A part of what something cost, or the sum of several of a kind.

    Attributes
    ----------
    service : Service
        Who is paid.
    purpose : str
        For what: a role of the model, or a phase.
    model : str
        Which model answered; empty for what is none.
    count : int
        Calls, jobs, requests.
    amounts : dict of str to int
        What was used, by a name with its unit: tokens, seconds.
    """

    service: Service
    purpose: str
    model: str = ""
    usd: Decimal
    count: int = 1
    amounts: dict[str, int] = Field(default_factory=dict)

    @property
    def kind(self) -> tuple[Service, str, str]:
        """What makes charges one sum."""
        return self.service, self.purpose, self.model

    def plus(self, other: "Charge") -> "Charge":
        """Add another of the same kind."""
        amounts = Counter(self.amounts)
        amounts.update(other.amounts)
        return self.model_copy(
            update={
                "usd": self.usd + other.usd,
                "count": self.count + other.count,
                "amounts": dict(amounts),
            }
        )


def summed(charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Add up the charges of each kind."""
    sums: dict[tuple[Service, str, str], Charge] = {}
    for charge in charges:
        known = sums.get(charge.kind)
        sums[charge.kind] = charge if known is None else known.plus(charge)
    return tuple(sums[kind] for kind in sorted(sums))


class Reserved(NamedTuple):
    """An open reservation."""

    reservation_id: str
    amount_usd: Decimal
    day: date


class Statement(Model):
    """A campaign's account.

    Attributes
    ----------
    reserved_usd : Decimal
        Open reservations: the most that what is under way, or was lost, can cost.
    charges : tuple of Charge
        What is settled, a sum of each kind.
    days : dict of date to Decimal
        Settled costs and open reservations by the day of the reservation.
    """

    reserved_usd: Decimal = Decimal(0)
    charges: tuple[Charge, ...] = ()
    days: dict[date, Decimal] = Field(default_factory=dict)

    @property
    def settled_usd(self) -> Decimal:
        """Everything that is settled."""
        return sum((charge.usd for charge in self.charges), Decimal(0))
