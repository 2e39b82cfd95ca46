"""The lab's one DynamoDB table.

========== ======================== ==================================== ======================
record     partition key ``pk``     sort key ``sk``                      also in index
========== ======================== ==================================== ======================
campaign   ``CAMPAIGN#<id>``        ``CAMPAIGN``                         ``in_short``
control    ``CAMPAIGN#<id>``        ``CONTROL``
command    ``CAMPAIGN#<id>``        ``COMMAND#<key>``
question   ``CAMPAIGN#<id>``        ``QUESTION#<key>``
lease      ``CAMPAIGN#<id>``        ``LEASE`` (the state machine's own)
ledger     ``CAMPAIGN#<id>``        ``LEDGER`` (see ``dynamodb_ledger``)
change set ``CAMPAIGN#<id>``        ``FRAMEWORK#<version>``
experiment ``EXPERIMENT#<id>``      ``EXPERIMENT``                       all four
attempt    ``EXPERIMENT#<id>``      ``ATTEMPT#<run>#<phase>#<attempt>``
evaluation ``EXPERIMENT#<id>``      ``EVALUATION#<clip>#<candidate>``
========== ======================== ==================================== ======================

Indexes: ``by_updated`` and ``by_bd_rate`` list a campaign's experiments (``listing``); ``in_short``
holds them with few attributes for ``adapters.experiment_listing``, and the campaigns themselves;
``by_open_status`` holds only those that are queued, running or wait for a person (``open_as`` is
``<campaign>#<status>``, absent from the others).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import attribute_value
from adapters.service_errors import code_of, store_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]


def campaign_pk(campaign_id: str) -> str:
    """Name the partition of a campaign."""
    return f"CAMPAIGN#{campaign_id}"


def experiment_pk(experiment_id: str) -> str:
    """Name the partition of an experiment."""
    return f"EXPERIMENT#{experiment_id}"


class DynamoTable:
    """Reads and writes items; every method raises ``StoreUnavailableError`` for a busy table.

    Parameters
    ----------
    name : str
        The table's name.
    client : DynamoDBClient
        How to reach it.
    """

    def __init__(self, name: str, client: "DynamoDBClient") -> None:
        self._name = name
        self._client = client

    def get(self, pk: str, sk: str) -> "Item | None":
        """Read an item as it is now."""
        with store_errors(f"Table {self._name}"):
            answer = self._client.get_item(
                TableName=self._name, Key=_key(pk, sk), ConsistentRead=True
            )
        return answer.get("Item")

    def put(self, item: "Item") -> None:
        """Write an item in the place of any that has its keys."""
        with store_errors(f"Table {self._name}"):
            self._client.put_item(TableName=self._name, Item=item)

    def create(self, item: "Item") -> bool:
        """Write a new item; False, and nothing written, if there is one that has its keys."""
        return self._holds(
            self._client.put_item, Item=item, ConditionExpression="attribute_not_exists(pk)"
        )

    def update(
        self,
        pk: str,
        sk: str,
        expression: str,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
    ) -> bool:
        """Change an item; False, and nothing written, if the condition does not hold.

        Parameters
        ----------
        expression, condition : str
            In DynamoDB's words.
        names, values : mapping, optional
            What stands for ``#name`` and ``:value`` in them.
        """
        request: dict[str, Any] = {
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {
                name: attribute_value(value) for name, value in (values or {}).items()
            },
        }
        return self._holds(
            self._client.update_item,
            Key=_key(pk, sk),
            UpdateExpression=expression,
            **{name: given for name, given in request.items() if given},  # none may be empty
        )

    def children(self, pk: str, prefix: str) -> "Iterator[Item]":
        """Read a partition's items of a kind, in the order of their sort keys."""
        return self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
        )

    def indexed(
        self, index: str, condition: str, values: Mapping[str, str], **options: Any
    ) -> "Iterator[Item]":
        """Read items from an index.

        Parameters
        ----------
        condition : str
            On the index's keys, in DynamoDB's words.
        values : mapping of str to str
            What stands for ``:value`` in it.
        options
            Of the query.
        """
        return self._query(
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
            **options,
        )

    def _query(self, **request: Any) -> "Iterator[Item]":
        with store_errors(f"Table {self._name}"):
            pages = self._client.get_paginator("query").paginate(TableName=self._name, **request)
            for page in pages:
                yield from page["Items"]

    def _holds(self, write: Any, **request: Any) -> bool:
        try:
            with store_errors(f"Table {self._name}"):
                write(TableName=self._name, **request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _key(pk: str, sk: str) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": pk}, "sk": {"S": sk}}
