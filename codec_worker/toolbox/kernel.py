"""Compiled kernels: numba functions with explicit signatures and a dependable disk cache.

A kernel states its types, so importing its module compiles it or loads it from the cache;
no call ever pays for compilation. One that other kernels call is part of their compiled code, so
it is loaded only when it is asked for by itself. Numba's own cache looks only at the file of the
function: after a change in a callee of another file it would go on running the old code, and in a
folder that cannot be written it would not look at all. :class:`ToolboxCacheLocator` mends both.
Loading is cheap, and code is made for a common processor, so that what one machine has cached
serves the next.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numpy as np
from numba import config, njit
from numba.core.caching import InTreeCacheLocator
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.typeinfer import register_dispatcher
from numpy.typing import NDArray

from codec_worker.toolbox.processor import numba_settings

U8 = NDArray[np.uint8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

_FOLDER = Path(__file__).resolve().parent
_IMPORT = re.compile(r"^from codec_worker\.toolbox(?:\.(\w+))? import ([\w, ]+)", re.MULTILINE)


@cache
def _stamp(path: Path) -> bytes:
    """Hash of a toolbox file and of every toolbox file it imports, directly or not."""
    seen: dict[Path, bytes] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in seen or not file.exists():
            continue
        text = file.read_text(encoding="utf-8")
        seen[file] = hashlib.sha256(text.encode()).digest()
        for module, names in _IMPORT.findall(text):
            modules = [module] if module else [name.strip() for name in names.split(",")]
            waiting += [_FOLDER / f"{name}.py" for name in modules]
    return hashlib.sha256(b"".join(seen[file] for file in sorted(seen))).digest()


class ToolboxCacheLocator(InTreeCacheLocator):  # type: ignore[misc] # numba has no types
    """Keeps compiled toolbox kernels in the toolbox's own ``__pycache__``."""

    def ensure_cache_path(self) -> None:
        """Accept a folder that can only be read: an installed worker is often sealed."""
        Path(self.get_cache_path()).mkdir(exist_ok=True)

    def get_source_stamp(self) -> bytes:
        """Return a hash that changes with the kernel's file and with all it imports."""
        return _stamp(Path(self._py_file))

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        """Serve functions of the toolbox only; numba's own locators serve all others."""
        if Path(py_file).resolve().parent != _FOLDER:
            return None
        return super().from_function(py_func, py_file)


if config.CPU_NAME is None:
    for _variable, _value in numba_settings().items():
        setattr(config, _variable.removeprefix("NUMBA_"), _value)

_OWN_LOCATOR = f"{__name__}.{ToolboxCacheLocator.__qualname__}"
if _OWN_LOCATOR not in config.CACHE_LOCATOR_CLASSES:
    _others = config.CACHE_LOCATOR_CLASSES or (
        "UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator"
    )
    config.CACHE_LOCATOR_CLASSES = f"{_OWN_LOCATOR},{_others}"


class _KernelLibrary(JITCodeLibrary):  # type: ignore[misc] # numba has no types
    """Compiled code that reads its intermediate form only when another function inlines it.

    Numba caches both, and parses both whenever it loads a function: most of the time that loading
    the toolbox would take, for nothing, as its kernels are compiled already.
    """

    _bitcode = b""

    def serialize_using_object_code(self) -> tuple[str, str, tuple[Any, ...]]:
        """Add the names of what is defined, which numba would parse the intermediate form for."""
        name, kind, (code, bitcode) = super().serialize_using_object_code()
        module = self._get_module_for_linking()
        values = (*module.functions, *module.global_variables)
        defined = sorted(value.name for value in values if not value.is_declaration)
        return name, kind, (code, bitcode, defined)

    @classmethod
    def _unserialize(cls, codegen: Any, state: tuple[str, str, Any]) -> Any:
        name, kind, data = state
        if kind != "object":
            return super()._unserialize(codegen, state)
        library = codegen.create_library(name)
        library.restore(*data)
        return library

    def restore(self, code: bytes, bitcode: bytes, defined: Iterable[str]) -> None:
        """Become what :meth:`serialize_using_object_code` has written."""
        self.enable_object_caching()
        self._set_compiled_object(code)
        self._bitcode = bitcode
        self._finalize_final_module()
        self._codegen._engine._defined_symbols.update(defined)  # noqa: SLF001 (has no public way)

    def _get_module_for_linking(self) -> Any:
        if self._bitcode:
            self._shared_module = llvm.parse_bitcode(self._bitcode)
            self._bitcode = b""
        return super()._get_module_for_linking()


JITCPUCodegen._library_class = _KernelLibrary  # noqa: SLF001 (has no public way)

_Function = TypeVar("_Function", bound=Callable[..., Any])


_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}


def kernel(signature: object) -> Callable[[_Function], _Function]:
    """Compile a function ahead of its first call, or load it from the disk cache.

    Parameters
    ----------
    signature
        A numba signature, as text or as a call of numba types.

    Returns
    -------
    Callable
        A decorator that keeps the function's type for type checkers.
    """

    def decorate(function: _Function) -> _Function:
        compiled: _Function = njit(signature, **_OPTIONS)(function)
        return compiled

    return decorate


def inner_kernel(signature: object) -> Callable[[_Function], _Function]:
    """Compile or load a function when a kernel that calls it is compiled, or at its first call.

    For what kernels call: loading takes some milliseconds, and a kernel from the cache brings the
    code of those that it calls. Parameters and return value as of :func:`kernel`.
    """

    def decorate(function: _Function) -> _Function:
        compiled: Any = njit(**_OPTIONS)(function)
        compile_for = compiled.compile

        def load(*_: object) -> Any:
            with global_compiler_lock:
                if not compiled.overloads:
                    with register_dispatcher(compiled):
                        compile_for(signature)
                    compiled.disable_compile()
            return compiled  # which a caller calls again, now that it knows its types

        compiled.compile = compiled._compile_for_args = load  # noqa: SLF001 (has no public way)
        inner: _Function = compiled
        return inner

    return decorate
