"""A cache of numba that never fails: candidates may write ``cache=True``, but it keeps nothing.

Numba imports this module by the name in ``NUMBA_CACHE_LOCATOR_CLASSES``. Without it a candidate's
``@njit(cache=True)`` would end in "no locator available", since its source is not in a file.
Blocks of the toolbox have a locator of their own, which goes first: reading their kernels works,
storing a missing one is skipped where the folder cannot be written.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from numba.core.caching import IndexDataCacheFile, _CacheLocator


class NoCache(_CacheLocator):  # type: ignore[misc] # numba has no types
    """Locates the cache of any function at a place that does not exist."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        self._line = py_func.__code__.co_firstlineno

    def ensure_cache_path(self) -> None:
        """Do nothing: there is no such place."""

    def get_cache_path(self) -> str:
        """Return the place."""
        return "/nonexistent"

    def get_source_stamp(self) -> str:
        """Return a stamp; as nothing is kept, any will do."""
        return ""

    def get_disambiguator(self) -> str:
        """Return what tells functions of one name apart."""
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "NoCache":
        """Accept every function."""
        del py_file
        return cls(py_func)


_save = IndexDataCacheFile.save


def _save_if_possible(self: Any, key: Any, data: Any) -> None:
    with contextlib.suppress(OSError):
        _save(self, key, data)


IndexDataCacheFile.save = _save_if_possible
