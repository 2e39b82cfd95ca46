"""Records that are on disk before a request is answered.

MiniStack keeps its state in dictionaries and writes it to disk when it is shut down. What must
outlive a killed process and grows with use (DynamoDB items, executions, Batch jobs) is therefore
also written, one record at a time, into one SQLite file.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, owner TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, owner, key)
)
"""


class RecordStore:
    """JSON values by kind, owner and key in one SQLite file.

    A write is complete when the method returns: a process killed right after it finds the record
    again. The write-ahead log is synchronised at checkpoints, so a loss of power may cost the last
    writes but never the file.

    Parameters
    ----------
    path
        The SQLite file; created when missing.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_SCHEMA)

    def put(self, kind: str, owner: str, key: str, value: Any) -> None:
        """Write one record, replacing an older one."""
        text = json.dumps(value, separators=(",", ":"))
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", (kind, owner, key, text)
            )

    def put_many(self, kind: str, owner: str, values: dict[str, Any]) -> None:
        """Write several records of one owner in one transaction."""
        rows = [
            (kind, owner, key, json.dumps(value, separators=(",", ":")))
            for key, value in values.items()
        ]
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", rows)

    def delete(self, kind: str, owner: str, key: str) -> None:
        """Remove one record if it exists."""
        with self._lock:
            self._connection.execute(
                "DELETE FROM records WHERE kind = ? AND owner = ? AND key = ?", (kind, owner, key)
            )

    def replace_owner(self, kind: str, owner: str, values: dict[str, Any]) -> None:
        """Make `values` the only records of an owner, in one transaction."""
        rows = [(kind, owner, key, json.dumps(value)) for key, value in values.items()]
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.execute(
                "DELETE FROM records WHERE kind = ? AND owner = ?", (kind, owner)
            )
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)

    def read(self, kind: str) -> Iterator[tuple[str, str, Any]]:
        """Yield owner, key and value of every record of a kind, in the order of writing."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT owner, key, value FROM records WHERE kind = ? ORDER BY rowid", (kind,)
            ).fetchall()
        for owner, key, value in rows:
            yield owner, key, json.loads(value)

    def read_owner(self, kind: str, owner: str) -> list[Any]:
        """Return the values of one owner's records of a kind, in the order of writing."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT value FROM records WHERE kind = ? AND owner = ? ORDER BY rowid",
                (kind, owner),
            ).fetchall()
        return [json.loads(value) for (value,) in rows]

    def owners(self, kind: str) -> set[str]:
        """Return the owners that have records of a kind."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT DISTINCT owner FROM records WHERE kind = ?", (kind,)
            ).fetchall()
        return {owner for (owner,) in rows}

    def close(self) -> None:
        """Write the log back into the main file and close it."""
        with self._lock:
            self._connection.close()
