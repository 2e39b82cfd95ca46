"""Compile every kernel of the toolbox, or load it from the disk cache.

``python -m codec_worker.toolbox.warm`` is run when the worker is installed; :func:`warm` is called
by a process before it hands over to a candidate. Kernels have explicit signatures, so importing
their modules is all it takes. The worker's bytecode is stored as well: sandboxes write none.
"""

import compileall
import importlib
import pkgutil
import sys
import time
from pathlib import Path

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
    """Warm the caches and say how long it took."""
    start = time.perf_counter()
    compileall.compile_dir(Path(__file__).parents[1], quiet=2)
    count = len(warm())
    sys.stdout.write(f"{count} toolbox modules ready in {time.perf_counter() - start:.1f} s\n")


if __name__ == "__main__":
    main()
