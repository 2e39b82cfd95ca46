"""Partitions of DynamoDB indexes in the order of their sort key, for MiniStack 1.5.33.

MiniStack keeps which items belong to a partition, in no order. An order is made when a partition
is first asked for and follows every change of an item. It lies among MiniStack's own members of
the indexes, and so is forgotten with them when a table's items are exchanged at once.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ministack.services import dynamodb

_ORDERS = "\x1eorders"

ItemKey = tuple[str, str]
"""Partition and sort key of an item in its table."""


class Partition(NamedTuple):
    """A partition of an index whose keys are texts."""

    index_name: str
    hash_key: str
    sort_key: str
    value: str


class IndexOrders:
    """Keeps the orders of all tables."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def keys_from(
        self,
        table: Mapping[str, Any],
        members: dict[str, Any],
        partition: Partition,
        keys: Iterable[ItemKey],
        lowest: str,
    ) -> Sequence[ItemKey]:
        """Give the items whose sort key is not lower than ``lowest``, by their sort key.

        Parameters
        ----------
        table, members : mapping
            MiniStack's table and its members of the indexes.
        partition : Partition
            Which partition.
        keys : iterable of ItemKey
            The partition's items.
        """
        with self._lock:
            orders = members.setdefault(_ORDERS, {})
            if partition not in orders:
                items = table["items"]
                orders[partition] = sorted(
                    (_text(items[pk][sk], partition.sort_key), (pk, sk)) for pk, sk in keys
                )
            order = orders[partition]
            return [key for _, key in order[bisect_left(order, (lowest,)) :]]

    def follow(
        self, table: Mapping[str, Any], key: ItemKey, item: Mapping[str, Any], *, add: bool
    ) -> None:
        """Put an item into the orders it belongs to, or take it out.

        Called when the item is, or is no longer, among MiniStack's members.
        """
        with self._lock:
            orders = (table.get(dynamodb._INDEX_MEMBERS) or {}).get(_ORDERS, {})
            for partition, order in orders.items():
                belongs = _text(item, partition.hash_key) == partition.value
                if not belongs or partition.sort_key not in item:
                    continue
                entry = (_text(item, partition.sort_key), key)
                place = bisect_left(order, entry)
                is_known = order[place : place + 1] == [entry]
                if add and not is_known:
                    order.insert(place, entry)
                elif is_known and not add:
                    del order[place]


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))
