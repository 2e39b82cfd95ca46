"""Queries of an index that cost as much as what they give, for MiniStack 1.5.33.

MiniStack sorts a whole partition of an index for every query of it, and reads the condition's text
anew for every item: 0.2 ms for each of the partition's items. Here a partition that is asked from
a sort key upwards is kept in order (`local.index_order`), so that such a query takes up only the
items from there, or from where its page begins; and a condition is read once. Wraps
``dynamodb._query``, ``_index_members``, ``_index_item`` and ``_evaluate_condition``. The answers
are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

from ministack.services import dynamodb

from local.index_order import IndexOrders, Partition

_FROM_SORT_KEY = re.compile(r"(\S+) = (:\w+) AND (\S+) >= (:\w+)")


class _Beginning(NamedTuple):
    """Where a query of an index begins."""

    partition: Partition
    lowest: str


_beginning: ContextVar[_Beginning | None] = ContextVar("beginning", default=None)


def _beginning_of(request: Mapping[str, Any]) -> _Beginning | None:
    """Read where a query begins; None for one of another form."""
    found = _FROM_SORT_KEY.fullmatch(request.get("KeyConditionExpression") or "")
    if found is None or "IndexName" not in request:
        return None
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    partition: str | None = values.get(found[2], {}).get("S")
    lowest: str | None = values.get(found[4], {}).get("S")
    if partition is None or lowest is None:
        return None
    sort_key = str(names.get(found[3], found[3]))
    if request.get("ScanIndexForward", True):
        page_start = (request.get("ExclusiveStartKey") or {}).get(sort_key, {}).get("S", "")
        lowest = max(lowest, page_start)
    hash_key = str(names.get(found[1], found[1]))
    return _Beginning(Partition(request["IndexName"], hash_key, sort_key, partition), lowest)


@lru_cache(maxsize=256)
def _read(expression: str, slot: str) -> tuple[Any, ...] | None:
    """Read a condition; None if MiniStack has something to say about it."""
    try:
        tokens = dynamodb._tokenize(expression)
        faulty = (
            dynamodb._check_redundant_parens(tokens, slot)
            or dynamodb._check_reserved_keyword_usage(tokens)
            or dynamodb._condition_syntax_error(expression, slot)
        )
    except ValueError:
        return None
    compares_bounds = any(token[1].upper() == "BETWEEN" for token in tokens if token[0] == "IDENT")
    return None if faulty or compares_bounds else tuple(tokens)


def install() -> None:
    """Put the wrappers in place."""
    query = dynamodb._query
    index_members = dynamodb._index_members
    index_item = dynamodb._index_item
    evaluate = dynamodb._evaluate_condition
    orders = IndexOrders()

    def query_from(request: dict[str, Any]) -> Any:
        token = _beginning.set(_beginning_of(request))
        try:
            return query(request)
        finally:
            _beginning.reset(token)

    def members_from(table: dict[str, Any]) -> Any:
        members = index_members(table)
        beginning = _beginning.get()
        if beginning is None or beginning.partition.index_name not in members:
            return members
        partition = beginning.partition
        keys = members[partition.index_name].get(partition.value, ())
        taken_up = orders.keys_from(table, members, partition, keys, beginning.lowest)
        return {partition.index_name: {partition.value: taken_up}}

    def index_item_in_order(
        table: dict[str, Any], base_pk: str, base_sk: str, item: dict[str, Any], add: bool
    ) -> None:
        index_item(table, base_pk, base_sk, item, add)
        orders.follow(table, (base_pk, base_sk), item, add=add)

    def evaluate_once_read(
        expression: str, item: Any, values: Any, names: Any, slot: str = "ConditionExpression"
    ) -> Any:
        tokens = _read(expression, slot) if expression else None
        if tokens is None:
            return evaluate(expression, item, values, names, slot=slot)
        try:
            return dynamodb._ExprEval(list(tokens), item, values, names).evaluate()
        except ValueError:  # it is said in DynamoDB's words
            return evaluate(expression, item, values, names, slot=slot)

    dynamodb._query = query_from
    dynamodb._index_members = members_from
    dynamodb._index_item = index_item_in_order
    dynamodb._evaluate_condition = evaluate_once_read
