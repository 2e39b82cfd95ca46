"""Money: what may be spent is reserved before it is, and settled by what was.

A reservation is the most that a call can cost. One that is never settled, because its function was
lost amid the call, stays reserved: the caps hold even then.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import uuid4

from codec_lab.campaign import Bound, Control, ReachedBound
from codec_lab.charge import Charge, Reserved
from codec_lab.errors import BudgetExceededError
from codec_lab.experiment import Experiment
from codec_lab.model import Model
from codec_lab.ports import Clock, Ledger, Records


class Refused(Model):
    """A reservation that did not fit.

    Attributes
    ----------
    amount_usd : Decimal
        What it was to reserve.
    budget_usd, daily_budget_usd : Decimal or None
        The caps at that time.
    """

    amount_usd: Decimal
    budget_usd: Decimal | None = None
    daily_budget_usd: Decimal | None = None

    @classmethod
    def under(cls, control: Control, amount_usd: Decimal) -> "Refused":
        """Note an amount that does not fit under the caps of a control."""
        return cls(
            amount_usd=amount_usd,
            budget_usd=control.budget_usd,
            daily_budget_usd=control.daily_budget_usd,
        )

    def stands(self, control: Control) -> bool:
        """Tell whether nobody has raised a cap since."""
        caps = (
            (self.budget_usd, control.budget_usd),
            (self.daily_budget_usd, control.daily_budget_usd),
        )
        return not any(
            was_usd is not None and (is_usd is None or is_usd > was_usd) for was_usd, is_usd in caps
        )


class Spending(Model):
    """What a campaign has spent and reserved.

    Attributes
    ----------
    committed_usd, today_usd : Decimal
        Settled costs and open reservations, in all and of one day.
    refused : Refused or None
        The campaign's last reservation that did not fit, until as much has been reserved.
    """

    committed_usd: Decimal = Decimal(0)
    today_usd: Decimal = Decimal(0)
    refused: Refused | None = None

    def shortage(self, control: Control) -> ReachedBound | None:
        """Say which cap leaves no room for what was last refused; None if there is room."""
        next_usd = Decimal(0)
        if self.refused is not None and self.refused.stands(control):
            next_usd = self.refused.amount_usd
        caps = (
            (Bound.BUDGET_USD, "budget", control.budget_usd, self.committed_usd),
            (
                Bound.DAILY_BUDGET_USD,
                "budget of a day",
                control.daily_budget_usd,
                self.today_usd,
            ),
        )
        for bound, name, cap_usd, spent_usd in caps:
            if cap_usd is None:
                continue
            subject = f"The {name} of {cap_usd} USD"
            if spent_usd >= cap_usd:
                return ReachedBound(bound=bound, reason=f"{subject} is spent.")
            if spent_usd + next_usd > cap_usd:
                return ReachedBound(
                    bound=bound,
                    reason=f"{subject} leaves no room: {spent_usd:.2f} USD are gone or reserved, "
                    f"and the next step may cost {next_usd:.2f} USD.",
                )
        return None


def settle_for_experiment(
    experiment: Experiment,
    reserved: Reserved,
    charges: Sequence[Charge],
    *,
    records: Records,
    ledger: Ledger,
) -> None:
    """Put costs of AWS in the place of a reservation, in an experiment's record and the account.

    The record first, where a reservation counts once: what is interrupted between the two stays
    reserved, and a repetition completes it and adds nothing twice.
    """
    cost_usd = sum((charge.usd for charge in charges), Decimal(0))
    records.add_aws_cost(experiment, cost_usd, reserved.reservation_id)
    ledger.settle(experiment.campaign_id, reserved, charges)


class Purse(Protocol):
    """Where a mind's money comes from."""

    def reserve(self, amount_usd: Decimal) -> Reserved:
        """Set the most aside that a call can cost.

        Raises
        ------
        BudgetExceededError
            If it does not fit under the campaign's caps.
        """

    def settle(self, reserved: Reserved, *charges: Charge) -> None:
        """Give back what a call did not cost; all of it without a charge."""


class OpenPurse:
    """A purse without a cap, for a mind outside of a campaign."""

    def reserve(self, amount_usd: Decimal) -> Reserved:
        """Reserve nothing."""
        return Reserved("", amount_usd, date.min)

    def settle(self, reserved: Reserved, *charges: Charge) -> None:
        """Keep nothing."""


class CampaignPurse:
    """The purse of a campaign.

    Parameters
    ----------
    campaign_id : str
        Whose money it is.
    records, ledger, clock
        Where caps and spending are kept.
    stops_campaign : bool
        Whether the campaign begins no more while what this purse was refused does not fit.
    """

    def __init__(
        self,
        campaign_id: str,
        *,
        records: Records,
        ledger: Ledger,
        clock: Clock,
        stops_campaign: bool = True,
    ) -> None:
        self._campaign_id = campaign_id
        self._records, self._ledger, self._clock = records, ledger, clock
        self._stops_campaign = stops_campaign

    def reserve(
        self, amount_usd: Decimal, *, name: str | None = None, what: str = "A call"
    ) -> Reserved:
        """Set the most aside that a call, or what else is named, can cost.

        Parameters
        ----------
        amount_usd : Decimal
            The most.
        name : str, optional
            Of the reservation; one that is open under this name is not made again.
        what : str
            For what, for people.

        Raises
        ------
        BudgetExceededError
            If it does not fit under the campaign's caps.
        """
        control = self._records.control(self._campaign_id)
        reserved = Reserved(name or uuid4().hex, amount_usd, self._clock.now().date())
        stored = self._ledger.reserve(self._campaign_id, reserved, control)
        if stored is None:
            refused = Refused.under(control, amount_usd)
            if self._stops_campaign:
                self._ledger.refuse(self._campaign_id, refused)
            spending = self._ledger.spending(self._campaign_id, reserved.day)
            short = spending.model_copy(update={"refused": refused}).shortage(control)
            why = short.reason if short else "It has just been spent."
            raise BudgetExceededError(
                f"{what} may cost {amount_usd:.2f} USD, which does not fit. {why} "
                "Raise the budget to go on."
            )
        return stored

    def settle(self, reserved: Reserved, *charges: Charge) -> None:
        """Give back what a call did not cost; a second time changes nothing."""
        self._ledger.settle(self._campaign_id, reserved, charges)
