"""The versions of the campaigns' frameworks in the lab's table.

``pk`` is ``CAMPAIGN#<id>``, ``sk`` is ``FRAMEWORK#<version>``; which one is in force says the
campaign's own item.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import attributes_of, item_of
from adapters.service_errors import code_of, store_errors
from codec_lab.change_sets import ChangeSet

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class DynamoChangeSets:
    """Keeps the port ``ChangeSets``.

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

    def of(self, campaign_id: str) -> Sequence[ChangeSet]:
        """List a campaign's change sets by version."""
        found = []
        with store_errors(f"Table {self._table_name}"):
            for page in self._client.get_paginator("query").paginate(
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={
                    ":pk": {"S": f"CAMPAIGN#{campaign_id}"},
                    ":prefix": {"S": "FRAMEWORK#"},
                },
                ConsistentRead=True,
            ):
                found += [attributes_of(item) for item in page["Items"]]
        return [
            ChangeSet.model_validate(
                {name: value for name, value in one.items() if name in ChangeSet.model_fields}
            )
            for one in found
        ]

    def create(self, change: ChangeSet) -> bool:
        """Write a new change set; False, and nothing written, if its version is taken."""
        return self._holds(
            self._client.put_item,
            Item=self._item(change),
            ConditionExpression="attribute_not_exists(pk)",
        )

    def put(self, change: ChangeSet) -> None:
        """Write what became of a change set."""
        self._holds(self._client.put_item, Item=self._item(change))

    def put_in_force(self, change: ChangeSet) -> bool:
        """Let the campaign work on a version; False unless it works on its base or on it."""
        new = " OR attribute_not_exists(framework_version)" if change.base_version == 0 else ""
        values: dict[str, Any] = {
            ":base": {"N": str(change.base_version)},
            ":version": {"N": str(change.version)},
        }
        update = "SET framework_version = :version REMOVE framework_key"
        if change.overlay_key is not None:
            update = "SET framework_version = :version, framework_key = :key"
            values[":key"] = {"S": change.overlay_key}
        return self._holds(
            self._client.update_item,
            Key={"pk": {"S": f"CAMPAIGN#{change.campaign_id}"}, "sk": {"S": "CAMPAIGN"}},
            UpdateExpression=update,
            ConditionExpression=(
                f"attribute_exists(pk) AND (framework_version IN (:base, :version){new})"
            ),
            ExpressionAttributeValues=values,
        )

    def _item(self, change: ChangeSet) -> dict[str, Any]:
        sort_key = f"FRAMEWORK#{change.version:06}"
        return dict(item_of(change, pk=f"CAMPAIGN#{change.campaign_id}", sk=sort_key))

    def _holds(self, write: Any, **request: Any) -> bool:
        """Write; False if the condition does not hold."""
        try:
            with store_errors(f"Table {self._table_name}"):
                write(TableName=self._table_name, **request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True
