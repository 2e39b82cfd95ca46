"""The money of a campaign in one item of the lab's table.

``committed_usd`` and ``day_<date>`` hold what is settled and reserved, ``open_<id>`` one open
reservation each, with its day, and ``refused`` the last one that did not fit. What is settled is
also summed by kind, in ``usd#<service>#<purpose>#<model>``, and likewise ``count#…`` and
``<amount>#…``. Every change of money is one conditional update of this item, so that two functions
at once, or one that is retried, cannot pass a cap.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.attribute_values import attributes_of
from adapters.dynamodb_table import DynamoTable, campaign_pk
from codec_lab.campaign import Control
from codec_lab.charge import Charge, Reserved, Service, Statement, summed
from codec_lab.spending import Refused, Spending

_LEDGER = "LEDGER"
_OPEN, _DAY = "open_", "day_"


class DynamoLedger:
    """Keeps the port ``Ledger``.

    Parameters
    ----------
    table : DynamoTable
        The lab's table.
    """

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def reserve(self, campaign_id: str, reserved: Reserved, control: Control) -> Reserved | None:
        """Commit an amount if it fits under the caps; None, and nothing written, if not.

        An open reservation of the same name is that reservation, with its own amount and day.
        What was refused is forgotten once as much has been reserved.
        """
        names = {"#open": f"{_OPEN}{reserved.reservation_id}", "#day": _day(reserved.day)}
        values: dict[str, object] = {
            ":open": {"usd": reserved.amount_usd, "day": reserved.day.isoformat()},
            ":amount": reserved.amount_usd,
        }
        conditions = ["attribute_not_exists(#open)"]
        caps = (
            ("committed_usd", ":total", control.budget_usd),
            ("#day", ":today", control.daily_budget_usd),
        )
        possible = True
        for attribute, room, cap_usd in caps:
            if cap_usd is None:
                continue
            possible = possible and reserved.amount_usd <= cap_usd
            values[room] = cap_usd - reserved.amount_usd
            conditions.append(f"(attribute_not_exists({attribute}) OR {attribute} <= {room})")
        fits = possible and self._table.update(
            campaign_pk(campaign_id),
            _LEDGER,
            "SET #open = :open ADD committed_usd :amount, #day :amount",
            condition=" AND ".join(conditions),
            names=names,
            values=values,
        )
        if fits:
            self._table.update(
                campaign_pk(campaign_id),
                _LEDGER,
                "REMOVE refused",
                condition="refused.amount_usd <= :amount",
                values={":amount": reserved.amount_usd},
            )
            return reserved
        stored = self._item(campaign_id).get(names["#open"])
        if stored is None:
            return None
        day = date.fromisoformat(stored["day"])
        return Reserved(reserved.reservation_id, stored["usd"], day)

    def settle(self, campaign_id: str, reserved: Reserved, charges: Sequence[Charge]) -> bool:
        """Put costs in the place of an open reservation; False if it is settled already."""
        sums = [sum_ for charge in summed(charges) for sum_ in _sums(charge)]
        cost_usd = sum((charge.usd for charge in charges), Decimal(0))
        added = "".join(f", #sum{number} :sum{number}" for number in range(len(sums)))
        return self._table.update(
            campaign_pk(campaign_id),
            _LEDGER,
            f"REMOVE #open ADD committed_usd :change, #day :change{added}",
            condition="attribute_exists(#open)",
            names={
                "#open": f"{_OPEN}{reserved.reservation_id}",
                "#day": _day(reserved.day),
                **{f"#sum{number}": name for number, (name, _) in enumerate(sums)},
            },
            values={
                ":change": cost_usd - reserved.amount_usd,
                **{f":sum{number}": value for number, (_, value) in enumerate(sums)},
            },
        )

    def refuse(self, campaign_id: str, refused: Refused) -> None:
        """Note a reservation that did not fit, in the place of the last one."""
        self._table.update(
            campaign_pk(campaign_id),
            _LEDGER,
            "SET refused = :refused",
            values={":refused": refused.model_dump()},
        )

    def spending(self, campaign_id: str, day: date) -> Spending:
        """Read what is committed in all and of a day."""
        item = self._item(campaign_id)
        return Spending(
            committed_usd=item.get("committed_usd", Decimal(0)),
            today_usd=item.get(_day(day), Decimal(0)),
            refused=item.get("refused"),
        )

    def statement(self, campaign_id: str) -> Statement:
        """Read the whole account."""
        item = self._item(campaign_id)
        reserved = [value["usd"] for name, value in item.items() if name.startswith(_OPEN)]
        return Statement(
            reserved_usd=sum(reserved, Decimal(0)),
            charges=_charges(item),
            days={
                date.fromisoformat(name.removeprefix(_DAY)): value
                for name, value in sorted(item.items())
                if name.startswith(_DAY)
            },
        )

    def _item(self, campaign_id: str) -> dict[str, Any]:
        return attributes_of(self._table.get(campaign_pk(campaign_id), _LEDGER) or {})


def _day(day: date) -> str:
    return f"{_DAY}{day.isoformat()}"


def _sums(charge: Charge) -> Iterator[tuple[str, Decimal | int]]:
    """Name the attributes that a charge is added to."""
    kind = "#".join(charge.kind)
    yield f"usd#{kind}", charge.usd
    yield f"count#{kind}", charge.count
    for amount, value in charge.amounts.items():
        yield f"{amount}#{kind}", value


def _charges(item: Mapping[str, Any]) -> tuple[Charge, ...]:
    """Read the sums by kind."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in item.items():
        figure, mark, kind = name.partition("#")
        if mark:
            found[kind][figure] = value
    charges = []
    for kind, figures in sorted(found.items()):
        service, purpose, model = kind.split("#", 2)
        usd, count = figures.pop("usd"), figures.pop("count")
        charges.append(
            Charge(
                service=Service(service),
                purpose=purpose,
                model=model,
                usd=usd,
                count=count,
                amounts=figures,
            )
        )
    return tuple(charges)
