"""Questions of people, beside the campaign in the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.attribute_values import attributes_of, item_of
from adapters.service_errors import code_of, store_errors
from codec_lab.asking.question import Question
from codec_lab.errors import UnknownRecordError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_PREFIX = "QUESTION#"


class DynamoQuestions:
    """Keeps the port ``Questions``.

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

    def begin(self, question: Question) -> Question | None:
        """Write a question down; give the earlier one of its key instead if there is one."""
        try:
            with store_errors(f"Table {self._table_name}"):
                self._client.put_item(
                    TableName=self._table_name,
                    Item=_item(question),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return self.get(question.campaign_id, question.question_id)
        return None

    def get(self, campaign_id: str, question_id: str) -> Question:
        """Read a question."""
        with store_errors(f"Table {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=_key(campaign_id, question_id),
                ConsistentRead=True,
            )
        if "Item" not in answer:
            raise UnknownRecordError(f"There is no question {question_id!r}.")
        return _question(answer["Item"])

    def finish(self, question: Question) -> None:
        """Write down what became of a question."""
        with store_errors(f"Table {self._table_name}"):
            self._client.put_item(TableName=self._table_name, Item=_item(question))

    def of_campaign(self, campaign_id: str) -> Sequence[Question]:
        """Give a campaign's questions, in no order."""
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
            return [_question(item) for page in pages for item in page["Items"]]


def _key(campaign_id: str, question_id: str) -> "dict[str, AttributeValueTypeDef]":
    return {"pk": {"S": f"CAMPAIGN#{campaign_id}"}, "sk": {"S": f"{_PREFIX}{question_id}"}}


def _item(question: Question) -> "dict[str, AttributeValueTypeDef]":
    return {**item_of(question), **_key(question.campaign_id, question.question_id)}


def _question(item: "dict[str, AttributeValueTypeDef]") -> Question:
    attributes = attributes_of(item)
    return Question.model_validate(
        {name: attributes[name] for name in Question.model_fields if name in attributes}
    )
