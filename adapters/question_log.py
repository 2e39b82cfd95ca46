"""Questions of people, beside the campaign in the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.attribute_values import item_of, model_of
from adapters.dynamodb_table import DynamoTable, campaign_pk
from codec_lab.asking.question import Question
from codec_lab.errors import UnknownRecordError

if TYPE_CHECKING:
    from adapters.dynamodb_table import Item

_PREFIX = "QUESTION#"


class DynamoQuestions:
    """Keeps the port ``Questions``.

    Parameters
    ----------
    table : DynamoTable
        The lab's table.
    """

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def begin(self, question: Question) -> Question | None:
        """Write a question down; give the earlier one of its key instead if there is one."""
        if self._table.create(_item(question)):
            return None
        return self.get(question.campaign_id, question.question_id)

    def get(self, campaign_id: str, question_id: str) -> Question:
        """Read a question."""
        item = self._table.get(campaign_pk(campaign_id), _PREFIX + question_id)
        if item is None:
            raise UnknownRecordError(f"There is no question {question_id!r}.")
        return model_of(Question, item)

    def finish(self, question: Question) -> None:
        """Write down what became of a question."""
        self._table.put(_item(question))

    def of_campaign(self, campaign_id: str) -> Sequence[Question]:
        """Give a campaign's questions, in no order."""
        items = self._table.children(campaign_pk(campaign_id), _PREFIX)
        return [model_of(Question, item) for item in items]


def _item(question: Question) -> "Item":
    return item_of(
        question, pk=campaign_pk(question.campaign_id), sk=_PREFIX + question.question_id
    )
