"""What a candidate imports, read from its source."""

import ast
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from codec_lab.packages import AVAILABLE

OWN_MODULES = ("codec_worker.contract", "codec_worker.toolbox")
"""What a candidate may import of the bench."""


_DEPTHS = {"codec_worker": 2, "numpy": 1, "scipy": 1}
"""How far below a package lie the modules that are imported beforehand."""


def is_provided(module: str) -> bool:
    """Tell whether the bench offers a module to candidates."""
    if module.split(".", maxsplit=1)[0] in AVAILABLE:
        return True
    return any(module == own or module.startswith(f"{own}.") for own in OWN_MODULES)


def imports(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Give the modules that are imported; what stands in a ``try`` may be missing."""
    for node in statements(tree.body, enter=_is_no_try):
        match node:
            case ast.Import():
                yield from ((node, alias.name) for alias in node.names)
            case ast.ImportFrom(
                module=("codec_worker" | "codec_worker.toolbox" | "toolbox") as package, level=0
            ):
                yield from ((node, f"{package}.{alias.name}") for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node, module


def statements(body: Sequence[ast.stmt], enter: Callable[[ast.stmt], bool]) -> Iterator[ast.stmt]:
    """Give statements and, of those that may be entered, the statements inside."""
    waiting = list(reversed(body))  # no recursion: each ``elif`` lies in the one before
    while waiting:
        node = waiting.pop()
        yield node
        if enter(node):
            branches = (*getattr(node, "handlers", ()), *getattr(node, "cases", ()))
            parts = [getattr(node, field, []) for field in ("body", "orelse", "finalbody")]
            parts += [branch.body for branch in branches]
            waiting += reversed(list(chain.from_iterable(parts)))


def preload(files: Mapping[str, str]) -> tuple[str, ...]:
    """Name the modules of the bench that a candidate's files import.

    A sandbox imports them once, so that no call of the candidate pays for libraries or waits for
    the toolbox's kernels. That happens outside of the sandbox's walls, so a candidate can choose
    between packages, public parts of NumPy and SciPy and blocks of the toolbox, not any module of
    theirs: some are programs. The files must have passed the screen.
    """
    trees = (ast.parse(text) for text in files.values())
    named = {module for tree in trees for _, module in imports(tree) if is_provided(module)}
    existing = {part for module in named if (part := _preloadable(module)) is not None}
    return ("numpy", *sorted(existing - {"numpy"}))


def _is_no_try(node: ast.stmt) -> bool:
    return not isinstance(node, ast.Try | ast.TryStar)


def _preloadable(module: str) -> str | None:
    """Shorten a name to what exists and may be imported beforehand, without importing it."""
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    place = Path(spec.submodule_search_locations[0])
    own = package == "codec_worker"
    for part in rest[: _DEPTHS.get(package, 0)]:
        is_file = own and (place / f"{part}.py").is_file()
        is_package = (place / part / "__init__.py").is_file()
        if part.startswith("_") or part == "tests" or not (is_file or is_package):
            break
        place /= part
        package = f"{package}.{part}"
    return package
