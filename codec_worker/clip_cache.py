"""Frozen clips, fetched once per machine and proven before every use."""

import os
import tempfile
from pathlib import Path

from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError
from codec_lab.ports import ObjectStore
from codec_worker.clips import thaw
from codec_worker.contract import Clip


class ClipCache:
    """Read clips of the object store through a folder.

    Parameters
    ----------
    store : ObjectStore
        Where the clips are.
    folder : Path
        Where copies stay; made if it is missing.
    """

    def __init__(self, store: ObjectStore, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def load(self, source: SourceClip) -> Clip:
        """Give a clip whose samples have the hash that its record names.

        A copy that does not is replaced from the store.

        Raises
        ------
        ConfigurationError
            If the store has no such clip or holds other samples.
        """
        path = self._folder / f"{source.sha256}.mkv"
        if path.is_file():
            try:
                return thaw(source, path.read_bytes())
            except ConfigurationError:
                path.unlink(missing_ok=True)
        data = self._store.get(source.key)
        clip = thaw(source, data)
        self._keep(path, data)
        return clip

    def _keep(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
