"""The static screen: what can be told from a candidate's source before anything runs.

It rejects by contract, never by words: a candidate may name its functions ``eval`` or ``exec`` and
may say ``open``; the sandbox decides what they can do.
"""

import ast
import sys
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath

from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.errors import CandidateImportError, CandidateSyntaxError, ContractError
from codec_lab.packages import AVAILABLE
from codec_worker.failure import CandidateFailedError
from codec_worker.imports import OWN_MODULES, imports, is_provided, statements

MAX_SOURCE_BYTES = 64 * 1024
"""Compressed source, tables included: a decoder cannot hide a clip in it."""

MAX_TEXT_BYTES = 1024 * 1024
"""Source as it is written: parsing takes a hundred times its memory, and repetition is no code."""

_LINE_CHARACTERS = 200
"""Of a line of source that is shown."""

_ARITY = {"encode": ("clip", "quality"), "decode": ("bitstream",)}


def screen(candidate: Candidate, toolbox: Mapping[str, str] | None = None) -> None:
    """Reject a candidate that cannot keep the contract.

    Parameters
    ----------
    candidate : Candidate
        Which.
    toolbox : mapping of str to str, optional
        Further modules that it may import, by path; they count as its source.

    Raises
    ------
    CandidateFailedError
        With a ``CandidateSyntaxError``, ``CandidateImportError`` or ``ContractError``.
    """
    files = {**(toolbox or {}), **candidate.files}
    text_bytes = sum(len(text.encode()) for text in files.values())
    if text_bytes > MAX_TEXT_BYTES:
        raise CandidateFailedError(
            ContractError,
            f"The source has {text_bytes} bytes of text, at most {MAX_TEXT_BYTES} are allowed: "
            "compute what repeats itself.",
        )
    size_bytes = source_size_bytes(files)
    if size_bytes > MAX_SOURCE_BYTES:
        raise CandidateFailedError(
            ContractError,
            f"The source has {size_bytes} bytes compressed, at most {MAX_SOURCE_BYTES} are "
            "allowed: compute tables instead of storing them.",
        )
    unknown = sorted(set(candidate.packages) - AVAILABLE)
    if unknown:
        raise CandidateFailedError(
            CandidateImportError,
            f"The candidate asks for {', '.join(unknown)}; "
            f"the bench has {', '.join(sorted(AVAILABLE))}.",
        )
    trees = {name: _parse(name, text) for name, text in files.items()}
    own = {module for file in files for module in _modules(file)}
    own |= {module for wheel in candidate.wheels for module in wheel.modules}
    for name, tree in trees.items():
        _check_imports(name, tree, own)
    for function, parameters in _ARITY.items():
        _check_function(trees[ENTRY_FILE], function, parameters)


def _modules(file: str) -> Iterator[str]:
    """Name a file's module and the packages around it."""
    place = PurePosixPath(file).with_suffix("")
    yield from (".".join(one.parts) for one in (place, *place.parents) if one.parts)


def source_size_bytes(files: Mapping[str, str]) -> int:
    """Size of the whole source, compressed by zlib."""
    text = "\0".join(chain.from_iterable(sorted(files.items())))
    return len(zlib.compress(text.encode(), level=9))


def _parse(name: str, text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, name)
    except SyntaxError as error:
        line = error.lineno or 1
        shown = (error.text or "").strip()[:_LINE_CHARACTERS]
        raise CandidateFailedError(
            CandidateSyntaxError,
            f"{name}, line {line}: {error.msg}.",
            exception=type(error).__name__,
            traceback=f'  File "{name}", line {line}\n    {shown}\n',
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CandidateFailedError(
            CandidateSyntaxError,
            f"{name} cannot be parsed: {str(error) or 'it is nested too deeply'}.",
            exception=type(error).__name__,
        ) from error


def _check_imports(name: str, tree: ast.Module, own: set[str]) -> None:
    for node, module in imports(tree):
        known = {module, module.split(".")[0]} & (sys.stdlib_module_names | own)
        if is_provided(module) or known:
            continue
        raise CandidateFailedError(
            CandidateImportError,
            f"{name}, line {node.lineno}: the bench has no module {module} for candidates; "
            f"there are {', '.join(sorted(AVAILABLE))}, {', '.join(OWN_MODULES)} "
            "and the standard library.",
            exception="ModuleNotFoundError",
        )


def _runs_at_import(node: ast.stmt) -> bool:
    return not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _check_function(tree: ast.Module, name: str, parameters: Sequence[str]) -> None:
    signature = f"{name}({', '.join(parameters)})"
    top_level = list(statements(tree.body, enter=_runs_at_import))
    bindings = [node for node in top_level if name in _bound_names(node)]
    if not bindings:
        if any(_is_star_import(node) for node in top_level):
            return
        raise CandidateFailedError(
            ContractError, f"{ENTRY_FILE} defines no {signature} at its top level.", direction=name
        )
    last = bindings[-1]
    if isinstance(last, ast.AsyncFunctionDef):
        raise CandidateFailedError(
            ContractError,
            f"{ENTRY_FILE}, line {last.lineno}: {name} must be a plain function, not async.",
            direction=name,
        )
    if isinstance(last, ast.FunctionDef) and not _takes(last.args, len(parameters)):
        raise CandidateFailedError(
            ContractError,
            f"{ENTRY_FILE}, line {last.lineno}: {name} must be callable as {signature}.",
            direction=name,
        )


def _bound_names(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name.split(".")[0] for alias in aliases}
        case ast.Assign() | ast.AnnAssign():
            return {
                child.id
                for child in ast.walk(node)
                if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
            }
        case _:
            return set()


def _is_star_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _takes(arguments: ast.arguments, count: int) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    needed = positional - len(arguments.defaults)
    keyword_only_needed = any(default is None for default in arguments.kw_defaults)
    fits = needed <= count and (positional >= count or arguments.vararg is not None)
    return fits and not keyword_only_needed
