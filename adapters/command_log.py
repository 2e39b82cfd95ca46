"""Every command that a person gave, beside the campaign in the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.attribute_values import attributes_of, item_of
from adapters.service_errors import code_of, store_errors
from codec_lab.dashboard.command_models import AuditEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_PREFIX = "COMMAND#"


class DynamoCommandLog:
    """Keeps the port ``CommandLog``.

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

    def begin(self, entry: AuditEntry) -> AuditEntry | None:
        """Write a command down; give the earlier one of its key instead if there is one."""
        try:
            with store_errors(f"Table {self._table_name}"):
                self._client.put_item(
                    TableName=self._table_name,
                    Item=_item(entry),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
        else:
            return None
        with store_errors(f"Table {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name, Key=_key(entry), ConsistentRead=True
            )
        return _entry(answer["Item"])

    def finish(self, entry: AuditEntry) -> None:
        """Write down what became of a command."""
        with store_errors(f"Table {self._table_name}"):
            self._client.put_item(TableName=self._table_name, Item=_item(entry))

    def entries(self, campaign_id: str) -> Sequence[AuditEntry]:
        """Give a campaign's commands, in no order."""
        with store_errors(f"Table {self._table_name}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={
                    ":pk": {"S": f"CAMPAIGN#{campaign_id}"},
                    ":prefix": {"S": _PREFIX},
                },
                ConsistentRead=True,
            )
            return [_entry(item) for page in pages for item in page["Items"]]


def _key(entry: AuditEntry) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": f"CAMPAIGN#{entry.campaign_id}"}, "sk": {"S": f"{_PREFIX}{entry.key}"}}


def _item(entry: AuditEntry) -> "dict[str, AttributeValueTypeDef]":
    return {**item_of(entry), **_key(entry)}


def _entry(item: "dict[str, AttributeValueTypeDef]") -> AuditEntry:
    attributes = attributes_of(item)
    return AuditEntry.model_validate(
        {name: attributes.get(name) for name in AuditEntry.model_fields}
    )
