"""Every experiment in short, kept in memory and brought up to date by an index.

The index ``in_short`` holds the attributes of ``ListedExperiment`` alone. A question reads what has
been updated since the question before, for nothing is ever deleted. So every filter, order and
total is exact, and costs as much as the experiments that moved. The first question begins with
what the campaign's machine has kept in the object store (``keep``), so that it need not read
thousands of items, and with the whole partition where nothing is kept yet.
"""

import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from adapters.attribute_values import model_of, timestamp
from adapters.dynamodb_records import ALL_CAMPAIGNS
from adapters.dynamodb_table import DynamoTable
from codec_lab import keys
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.roster import Roster
from codec_lab.ports import ObjectStore

if TYPE_CHECKING:
    from adapters.dynamodb_table import Item

INDEX = "in_short"
_LATE = timedelta(seconds=30)
"""The index follows the table after a while, and clocks differ: so far back it is read again."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_FORM = sha256(" ".join(sorted(ListedExperiment.model_fields)).encode()).hexdigest()[:12]
"""Of what is kept: what another version of the lab kept, with other attributes, is never read."""

_ROWS = TypeAdapter(tuple[ListedExperiment, ...])


class DynamoListing:
    """Keeps the ports ``Listing`` and ``ListingKeeper``.

    Parameters
    ----------
    table : DynamoTable
        The lab's table.
    objects : ObjectStore
        Where experiments in short are kept for the first question.
    """

    def __init__(self, table: DynamoTable, objects: ObjectStore) -> None:
        self._table = table
        self._objects = objects
        self._known: dict[str, Roster] = {}
        self._until: dict[str, datetime] = {}

    def campaign_ids(self) -> Sequence[str]:
        """Name every campaign, the last created first."""
        return campaign_ids(self._table)

    def rows(self, campaign_id: str) -> Roster:
        """Give a campaign's experiments: the same roster until one of them moves."""
        known = self._known.get(campaign_id)
        if known is None:
            known = self._kept(campaign_id)
            self._until[campaign_id] = max((row.updated_at for row in known), default=_BEGINNING)
        until = self._until[campaign_id]
        moved = [
            model_of(ListedExperiment, item)
            for item in _updated(self._table, campaign_id, until - _LATE)
        ]
        self._until[campaign_id] = max([until, *(row.updated_at for row in moved)])
        self._known[campaign_id] = known.with_moved(moved)
        return self._known[campaign_id]

    def keep(self, campaign_id: str) -> None:
        """Keep a campaign's experiments as they are now for whoever asks first."""
        rows = _ROWS.dump_json(tuple(self.rows(campaign_id)), exclude_defaults=True)
        self._objects.put(keys.listing(campaign_id, _FORM), gzip.compress(rows, mtime=0))

    def _kept(self, campaign_id: str) -> Roster:
        key = keys.listing(campaign_id, _FORM)
        if not self._objects.exists(key):
            return Roster()
        return Roster(_ROWS.validate_json(gzip.decompress(self._objects.get(key))))


def campaign_ids(table: DynamoTable) -> list[str]:
    """Name every campaign, the last created first."""
    items = _updated(table, ALL_CAMPAIGNS, _BEGINNING, ScanIndexForward=False)
    return [item["pk"]["S"].partition("#")[2] for item in items]


def _updated(
    table: DynamoTable, listing: str, since: datetime, **options: bool
) -> "Iterator[Item]":
    condition = "listing = :listing AND updated_at >= :since"
    values = {":listing": listing, ":since": timestamp(since)}
    return table.indexed(INDEX, condition, values, **options)
