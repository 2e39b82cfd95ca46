"""What a candidate may import; anything else does not exist for it.

This is no line of defence (Landlock is): it makes a missing package look missing, to candidates
and to libraries that try an optional import, instead of failing for lack of permission.
"""

import importlib.machinery
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

PACKAGES = ("numpy", "scipy", "constriction", "numba")
"""What a candidate may import besides Python's library and the toolbox.

The same as ``codec_lab.packages.AVAILABLE``, written again so that nothing of the domain is loaded
beside a candidate; a test compares the two.
"""

COMPANIONS = {"numba": ("llvmlite",)}
"""What these packages need for themselves."""

WITHHELD_LIBRARY = frozenset(
    {"ensurepip", "idlelib", "lib2to3", "test", "tkinter", "turtle", "turtledemo", "venv"}
)
"""Parts of Python's library that no codec needs."""

_OWN_MODULES = (
    "codec_worker.contract",
    "codec_worker.toolbox",
    "codec_worker.sandbox.numba_cache",
)
_BUILD_SETTINGS = "_sysconfigdata_"  # a generated module of Python's library, with a varying name


class ImportPolicy(MetaPathFinder):
    """Goes before the finders of files and refuses what is not allowed.

    Attributes
    ----------
    installed : frozenset of str
        Top-level modules that were installed for the candidate.
    """

    def __init__(self) -> None:
        self.installed: frozenset[str] = frozenset()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Leave allowed modules to the next finder.

        Raises
        ------
        ModuleNotFoundError
            For all others.
        """
        del path, target
        if _is_allowed(fullname) or fullname.partition(".")[0] in self.installed:
            return None
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def _is_allowed(fullname: str) -> bool:
    top = fullname.partition(".")[0]
    if top == "codec_worker":
        return any(fullname == own or fullname.startswith(f"{own}.") for own in _OWN_MODULES)
    return (
        top in sys.stdlib_module_names - WITHHELD_LIBRARY
        or top in PACKAGES
        or any(top in companions for companions in COMPANIONS.values())
        or top.startswith(_BUILD_SETTINGS)
    )
