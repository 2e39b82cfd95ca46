"""Every experiment in short, kept in memory and brought up to date by an index.

The index ``in_short`` holds the attributes of ``ListedExperiment`` alone. The first question reads
a campaign's partition once (10,000 experiments are about 4 MB); each further one reads what has
been updated since, for nothing is ever deleted. So every filter, order and total is exact, and
costs as much as the experiments that moved.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.attribute_values import attributes_of, timestamp
from adapters.dynamodb import ALL_CAMPAIGNS
from adapters.service_errors import store_errors
from codec_lab.dashboard.listed_experiment import ListedExperiment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

INDEX = "in_short"
_LATE = timedelta(seconds=30)
"""The index follows the table after a while, and clocks differ: so far back it is read again."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class DynamoListing:
    """Keeps the port ``Listing``.

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
        self._known: dict[str, dict[str, ListedExperiment]] = {}
        self._until: dict[str, datetime] = {}

    def campaign_ids(self) -> Sequence[str]:
        """Name every campaign, the last created first."""
        items = self._read(ALL_CAMPAIGNS, _BEGINNING, newest_first=True)
        return [item["pk"]["S"].partition("#")[2] for item in items]

    def rows(self, campaign_id: str) -> Sequence[ListedExperiment]:
        """Give a campaign's experiments, in no order."""
        known = self._known.setdefault(campaign_id, {})
        until = self._until.get(campaign_id, _BEGINNING)
        for item in self._read(campaign_id, until - _LATE):
            attributes = attributes_of(item)
            row = ListedExperiment.model_validate(
                {
                    name: value
                    for name, value in attributes.items()
                    if name in ListedExperiment.model_fields
                }
            )
            known[row.experiment_id] = row
            until = max(until, row.updated_at)
        self._until[campaign_id] = until
        return list(known.values())

    def _read(
        self, listing: str, since: datetime, *, newest_first: bool = False
    ) -> "Iterator[Mapping[str, AttributeValueTypeDef]]":
        with store_errors(f"Table {self._table_name}"):
            for page in self._client.get_paginator("query").paginate(
                TableName=self._table_name,
                IndexName=INDEX,
                KeyConditionExpression="listing = :listing AND updated_at >= :since",
                ExpressionAttributeValues={
                    ":listing": {"S": listing},
                    ":since": {"S": timestamp(since)},
                },
                ScanIndexForward=not newest_first,
            ):
                yield from page["Items"]
