"""Every command that a person gave, beside the campaign in the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.attribute_values import item_of, model_of
from adapters.dynamodb_table import DynamoTable, campaign_pk
from codec_lab.dashboard.command_models import AuditEntry
from codec_lab.errors import UnknownRecordError

if TYPE_CHECKING:
    from adapters.dynamodb_table import Item

_PREFIX = "COMMAND#"


class DynamoCommandLog:
    """Keeps the port ``CommandLog``.

    Parameters
    ----------
    table : DynamoTable
        The lab's table.
    """

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def begin(self, entry: AuditEntry) -> AuditEntry | None:
        """Write a command down; give the earlier one of its key instead if there is one."""
        if self._table.create(_item(entry)):
            return None
        earlier = self._table.get(campaign_pk(entry.campaign_id), _PREFIX + entry.key)
        if earlier is None:
            raise UnknownRecordError(f"There is no command {entry.key!r}.")
        return model_of(AuditEntry, earlier)

    def finish(self, entry: AuditEntry) -> None:
        """Write down what became of a command."""
        self._table.put(_item(entry))

    def entries(self, campaign_id: str) -> Sequence[AuditEntry]:
        """Give a campaign's commands, in no order."""
        items = self._table.children(campaign_pk(campaign_id), _PREFIX)
        return [model_of(AuditEntry, item) for item in items]


def _item(entry: AuditEntry) -> "Item":
    return item_of(entry, pk=campaign_pk(entry.campaign_id), sk=_PREFIX + entry.key)
