"""Compile every kernel of the toolbox, or load it from the disk cache.

``python -m codec_worker.toolbox.warm`` is run when the worker is installed; :func:`warm` is called
by a process before it hands over to a candidate. Kernels have explicit signatures, so importing
their modules is all it takes.
"""

import importlib
import pkgutil
import sys
import time

from codec_worker import toolbox


def warm() -> list[str]:
    """Import all modules of the toolbox.

    Returns
    -------
    list[str]
        Names of the modules imported.
    """
    names = [module.name for module in pkgutil.iter_modules(toolbox.__path__)]
    for name in names:
        if name != "warm":
            importlib.import_module(f"{toolbox.__name__}.{name}")
    return names


def main() -> None:
    """Warm the cache and say how long it took."""
    start = time.perf_counter()
    count = len(warm())
    sys.stdout.write(f"{count} toolbox modules ready in {time.perf_counter() - start:.1f} s\n")


if __name__ == "__main__":
    main()
