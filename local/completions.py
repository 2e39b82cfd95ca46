"""A bell that rings whenever a Batch job or an execution ends.

Tasks of the ``.sync`` patterns wait on it instead of polling, so the next state begins at once.
"""

from __future__ import annotations

import threading


class CompletionBell:
    """Counts completions and wakes those who wait for the next one."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """Completions so far."""
        with self._condition:
            return self._count

    def ring(self) -> None:
        """Announce that a job or an execution ended."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait_beyond(self, count: int, timeout_s: float) -> None:
        """Wait until more than `count` completions were announced, at most `timeout_s` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._count > count, timeout_s)


COMPLETIONS = CompletionBell()
