"""The versions of the campaigns' frameworks in the lab's table.

Which one is in force says the campaign's own item.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.attribute_values import item_of, model_of
from adapters.dynamodb_table import DynamoTable, campaign_pk
from codec_lab.change_sets import ChangeSet

if TYPE_CHECKING:
    from adapters.dynamodb_table import Item

_PREFIX = "FRAMEWORK#"


class DynamoChangeSets:
    """Keeps the port ``ChangeSets``.

    Parameters
    ----------
    table : DynamoTable
        The lab's table.
    """

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def of(self, campaign_id: str) -> Sequence[ChangeSet]:
        """List a campaign's change sets by version."""
        items = self._table.children(campaign_pk(campaign_id), _PREFIX)
        return [model_of(ChangeSet, item) for item in items]

    def create(self, change: ChangeSet) -> bool:
        """Write a new change set; False, and nothing written, if its version is taken."""
        return self._table.create(_item(change))

    def put(self, change: ChangeSet) -> None:
        """Write what became of a change set."""
        self._table.put(_item(change))

    def put_in_force(self, change: ChangeSet) -> bool:
        """Let the campaign work on a version; False unless it works on its base or on it."""
        new = " OR attribute_not_exists(framework_version)" if change.base_version == 0 else ""
        values: dict[str, object] = {":base": change.base_version, ":version": change.version}
        expression = "SET framework_version = :version REMOVE framework_key"
        if change.overlay_key is not None:
            expression = "SET framework_version = :version, framework_key = :key"
            values[":key"] = change.overlay_key
        return self._table.update(
            campaign_pk(change.campaign_id),
            "CAMPAIGN",
            expression,
            condition=f"attribute_exists(pk) AND (framework_version IN (:base, :version){new})",
            values=values,
        )


def _item(change: ChangeSet) -> "Item":
    return item_of(change, pk=campaign_pk(change.campaign_id), sk=f"{_PREFIX}{change.version:06}")
