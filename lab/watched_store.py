"""The bench's store on this machine, which tells of what is put into it."""

from pathlib import Path

from rich.console import Console

from codec_worker.directory_store import DirectoryStore
from lab.observation import PROGRESS
from lab.wording import rate_point

_PROGRESS = "/progress.json"


class WatchedStore(DirectoryStore):
    """Keeps the bench's objects and tells of each rate point as it is measured."""

    def __init__(self, root: Path, terminal: Console) -> None:
        super().__init__(root)
        self._terminal = terminal

    def put(self, key: str, data: bytes) -> None:
        """Store bytes."""
        super().put(key, data)
        if key.endswith(_PROGRESS):
            last = PROGRESS.validate_json(data)[-1]
            if last.point is not None:
                measured = rate_point(last.clip, last.point)
                counted = f"{last.done_points}/{last.total_points}"
                self._terminal.print(f"{counted}  {measured}", soft_wrap=True)
