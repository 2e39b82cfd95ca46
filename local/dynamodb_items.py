"""DynamoDB items that are on disk before a write is acknowledged, for MiniStack 1.5.33.

Wraps ``dynamodb._set_item``, ``_remove_item`` and ``_items_replaced``, by which every change of an
item passes, whatever operation asks for it.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import dynamodb

from local.records import RecordStore

_ITEM = "dynamodb-item"


def _table_owner(table: dict[str, Any]) -> str:
    """Return a name that a table created again under the same name does not share."""
    return str(table.get("TableId") or f"{table['TableArn']}@{table.get('CreationDateTime')}")


class ItemRecords:
    """Keeps every DynamoDB item as a record.

    Parameters
    ----------
    records
        Where the items are kept.
    """

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._set_item = dynamodb._set_item
        self._remove_item = dynamodb._remove_item
        self._items_replaced = dynamodb._items_replaced

    def set_item(self, table: dict[str, Any], partition: str, sort: str, item: Any) -> Any:
        """Store an item in memory and on disk."""
        old_item = self._set_item(table, partition, sort, item)
        self._records.put(_ITEM, _table_owner(table), json.dumps([partition, sort]), item)
        return old_item

    def remove_item(self, table: dict[str, Any], partition: str, sort: str) -> Any:
        """Remove an item from memory and disk."""
        old_item = self._remove_item(table, partition, sort)
        if old_item is not None:
            self._records.delete(_ITEM, _table_owner(table), json.dumps([partition, sort]))
        return old_item

    def items_replaced(self, table: dict[str, Any]) -> None:
        """Write all items of a table whose items were exchanged at once."""
        self._items_replaced(table)
        items = {
            json.dumps([partition, sort]): item
            for partition, by_sort in table["items"].items()
            for sort, item in by_sort.items()
        }
        self._records.replace_owner(_ITEM, _table_owner(table), items)

    def restore(self) -> None:
        """Put the items back into their tables; forget those whose table is gone."""
        tables = {_table_owner(table): table for _, table in dynamodb._tables.all_items()}
        for owner, key, item in self._records.read(_ITEM):
            if table := tables.get(owner):
                partition, sort = json.loads(key)
                table["items"][partition][sort] = item
        for table in tables.values():
            self._items_replaced(table)
        for owner in self._records.owners(_ITEM) - tables.keys():
            self._records.replace_owner(_ITEM, owner, {})

    def install(self) -> None:
        """Follow every change of an item."""
        dynamodb._set_item = self.set_item
        dynamodb._remove_item = self.remove_item
        dynamodb._items_replaced = self.items_replaced
