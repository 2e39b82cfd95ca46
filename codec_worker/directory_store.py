"""An object store in a folder: the bench without a cloud."""

import os
import tempfile
from pathlib import Path

from codec_lab.errors import ConfigurationError


class DirectoryStore:
    """Keep objects as files below a folder.

    Parameters
    ----------
    root : Path
        The folder; made when the first object is put.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def put(self, key: str, data: bytes) -> None:
        """Store bytes whole or not at all; an object of the same key is replaced."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)

    def get(self, key: str) -> bytes:
        """Give the bytes of a key.

        Raises
        ------
        ConfigurationError
            If there is no such object.
        """
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise ConfigurationError(f"There is no object {key} in {self._root}.") from error

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        return self._path(key).is_file()

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root):
            raise ConfigurationError(f"The key {key!r} leaves the store.")
        return path
