"""Mends of imports: wrong ones go or are spelt right, missing ones are added."""

import ast
import difflib
import re
import sys
from collections.abc import Iterator

from adapters.offline.evidence import Evidence
from adapters.offline.mend import Mend, parsed
from codec_lab.candidate import Candidate
from codec_lab.packages import AVAILABLE
from codec_lab.source_lines import lines_of

_ABBREVIATIONS = {
    "np": "import numpy as np",
    "nb": "import numba as nb",
    "sp": "import scipy as sp",
    "njit": "from numba import njit",
    "jit": "from numba import jit",
    "prange": "from numba import prange",
    "sqrt": "from math import sqrt",
    "ceil": "from math import ceil",
    "floor": "from math import floor",
    "log2": "from math import log2",
    "partial": "from functools import partial",
    "lru_cache": "from functools import lru_cache",
    "defaultdict": "from collections import defaultdict",
    "Counter": "from collections import Counter",
    "NamedTuple": "from typing import NamedTuple",
    "dataclass": "from dataclasses import dataclass",
    "Clip": "from codec_worker.contract import Clip",
}
_ABSENT = re.compile(r"No module named '([\w.]+)'|has no module ([\w.]+?) for candidates")
_UNKNOWN = re.compile(r"name '(\w+)' is not defined")


def mends(candidate: Candidate, parent: Candidate, evidence: Evidence) -> Iterator[Mend]:
    """Take away what the bench does not have."""
    unknown = [name for name in candidate.packages if name not in AVAILABLE]
    if unknown:
        kept = tuple(name for name in candidate.packages if name in AVAILABLE)
        yield Mend(
            candidate.model_copy(update={"packages": kept}),
            f"Asks no longer for {', '.join(unknown)}, which the bench does not have.",
        )
    module = absent_module(evidence)
    if module:
        yield from _without(candidate, module)
        yield from _spelt(candidate, parent, module)


def absent_module(evidence: Evidence) -> str | None:
    """Name the module that could not be imported, if the fault is about one."""
    absent = _ABSENT.search(evidence.fault.message)
    return (absent[1] or absent[2]) if absent else None


def missing_imports(
    candidate: Candidate,
    parent: Candidate,  # noqa: ARG001 (a rule's form)
    evidence: Evidence,
) -> Iterator[Mend]:
    """Import a module that is used and was forgotten."""
    unknown = _UNKNOWN.search(evidence.fault.message)
    if not unknown or not evidence.places:
        return
    name, file = unknown[1], evidence.places[0].file
    line = _ABBREVIATIONS.get(name)
    if line is None and name in sys.stdlib_module_names | AVAILABLE:
        line = f"import {name}"
    if line is not None and file in candidate.files:
        yield Mend(
            candidate.with_file(file, imported(candidate.files[file], line)),
            f"Adds the forgotten line: {line}.",
        )


def imported(source: str, line: str) -> str:
    """Give a source with an import before its first statement that may be one."""
    tree = parsed(source)
    body = tree.body if tree else []
    start = 0
    for node in body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_text or is_future):
            break
        start = node.end_lineno or 0
    lines = lines_of(source)
    return "".join([*lines[:start], f"\n{line}\n" if start else f"{line}\n", *lines[start:]])


def _without(candidate: Candidate, module: str) -> Iterator[Mend]:
    """Remove an import whose names nothing uses."""
    for file, source in candidate.files.items():
        tree = parsed(source)
        for node in ast.walk(tree) if tree else ():
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            prefix = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
            gone = [
                alias
                for alias in node.names
                if f"{prefix}{alias.name}".startswith(module) or prefix == f"{module}."
            ]
            if not gone:
                continue
            bound = {alias.asname or alias.name.split(".")[0] for alias in gone}
            if any(isinstance(n, ast.Name) and n.id in bound for n in ast.walk(tree or node)):
                continue
            left = [alias for alias in node.names if alias not in gone]
            node.names = left
            new = f"{ast.unparse(node)}\n" if left else "pass\n" if node.col_offset else ""
            lines = lines_of(source)
            lines[node.lineno - 1 : node.end_lineno] = [" " * node.col_offset + new if new else ""]
            yield Mend(
                candidate.with_file(file, "".join(lines)),
                f"Removes the import of {module}, which nothing uses and the bench does not have.",
            )


def _spelt(candidate: Candidate, parent: Candidate, module: str) -> Iterator[Mend]:
    """Spell a module as one that there is."""
    own = {file.removesuffix(".py") for file in candidate.files}
    near = {*AVAILABLE, *own}
    near |= {name for text in parent.files.values() for name in _modules(text)}
    likely = difflib.get_close_matches(module, sorted(near), n=2, cutoff=0.75)
    for right in likely or difflib.get_close_matches(module, sys.stdlib_module_names, n=1):
        package, _, last = right.rpartition(".")
        head, _, wrong_last = module.rpartition(".")
        for file, source in candidate.files.items():
            spelt = re.sub(rf"\b{re.escape(module)}\b", right, source)
            if spelt == source and head == package:  # ``from package import wrong``
                spelt = re.sub(rf"\b{re.escape(wrong_last)}\b", last, source)
            if spelt != source:
                yield Mend(
                    candidate.with_file(file, spelt), f"Imports {right} instead of {module}."
                )


def _modules(source: str) -> Iterator[str]:
    tree = parsed(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
