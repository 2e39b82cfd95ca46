"""The money of a campaign in one item of the lab's table.

``pk`` is ``CAMPAIGN#<id>``, ``sk`` is ``LEDGER``. ``committed_usd`` and ``day_<date>`` hold what is
settled and reserved, ``open_<id>`` one open reservation each. Every change is one conditional
update of this item, so that two functions at once, or one that is retried, cannot pass a cap.
"""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import attribute_value, attributes_of
from adapters.service_errors import code_of, store_errors
from codec_lab.campaign import Control
from codec_lab.spending import Reserved, Spending

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoLedger:
    """Keeps the port ``Ledger``.

    Parameters
    ----------
    table_name : str
        The table.
    client : DynamoDBClient
        How to reach it.
    """

    def __init__(self, table_name: str, client: "DynamoDBClient") -> None:
        self._table_name = table_name
        self._client = client

    def reserve(self, campaign_id: str, reserved: Reserved, control: Control) -> bool:
        """Commit an amount if it fits under the caps; False, and nothing written, if not."""
        names = {"#open": f"open_{reserved.reservation_id}", "#day": _day(reserved.day)}
        values: dict[str, Any] = {":amount": reserved.amount_usd}
        conditions = ["attribute_not_exists(#open)"]
        caps = (
            ("committed_usd", ":total", control.budget_usd),
            ("#day", ":today", control.daily_budget_usd),
        )
        for attribute, room, cap_usd in caps:
            if cap_usd is None:
                continue
            if reserved.amount_usd > cap_usd:
                return False
            values[room] = cap_usd - reserved.amount_usd
            conditions.append(f"(attribute_not_exists({attribute}) OR {attribute} <= {room})")
        return self._update(
            campaign_id,
            "SET #open = :amount ADD committed_usd :amount, #day :amount",
            " AND ".join(conditions),
            names=names,
            values=values,
        )

    def settle(self, campaign_id: str, reserved: Reserved, cost_usd: Decimal) -> bool:
        """Put the cost in the place of an open reservation; False if it is settled already."""
        return self._update(
            campaign_id,
            "REMOVE #open ADD committed_usd :change, #day :change",
            "attribute_exists(#open)",
            names={"#open": f"open_{reserved.reservation_id}", "#day": _day(reserved.day)},
            values={":change": cost_usd - reserved.amount_usd},
        )

    def refuse(self, campaign_id: str, amount_usd: Decimal) -> None:
        """Note an amount that did not fit."""
        self._update(campaign_id, "SET refused_usd = :amount", None, values={":amount": amount_usd})

    def spending(self, campaign_id: str, day: date) -> Spending:
        """Read what is committed in all and of a day."""
        with store_errors(f"Table {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name, Key=_key(campaign_id), ConsistentRead=True
            )
        item = attributes_of(answer.get("Item", {}))
        return Spending(
            committed_usd=item.get("committed_usd", Decimal(0)),
            today_usd=item.get(_day(day), Decimal(0)),
            refused_usd=item.get("refused_usd", Decimal(0)),
        )

    def _update(
        self,
        campaign_id: str,
        expression: str,
        condition: str | None,
        *,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> bool:
        optional: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if names:
            optional["ExpressionAttributeNames"] = names
        try:
            with store_errors(f"Table {self._table_name}"):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=_key(campaign_id),
                    UpdateExpression=expression,
                    ExpressionAttributeValues={
                        name: attribute_value(value) for name, value in values.items()
                    },
                    **optional,
                )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _key(campaign_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"CAMPAIGN#{campaign_id}"}, "sk": {"S": "LEDGER"}}


def _day(day: date) -> str:
    return f"day_{day.isoformat()}"
