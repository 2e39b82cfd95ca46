"""Imports the modules of a candidate from memory: there is no folder it could read them from."""

import importlib.machinery
import importlib.util
import linecache
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from types import CodeType, ModuleType

from codec_lab.source_lines import lines_of


class MemoryImporter(MetaPathFinder, InspectLoader):
    """Finds and loads the files of a candidate, which go before all other modules.

    Parameters
    ----------
    files
        Python source by path; ``blocks/transform.py`` is the module ``blocks.transform``.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._folders = {
            path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)
        }

    def install(self) -> None:
        """Make ``import`` and tracebacks see the files."""
        sys.meta_path.insert(0, self)
        for path, source in self._files.items():
            linecache.cache[path] = (len(source), None, lines_of(source), path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module among the files."""
        del path, target  # its full name says where it is
        place = fullname.replace(".", "/")
        for file, is_package in ((f"{place}/__init__.py", True), (f"{place}.py", False)):
            if file in self._files:
                spec = importlib.util.spec_from_loader(
                    fullname, self, origin=file, is_package=is_package
                )
                if spec is not None:
                    spec.has_location = True
                return spec
        if place in self._folders:
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        return None

    def get_source(self, fullname: str) -> str:
        """Return a module's source."""
        return self._files[self._file(fullname)]

    def get_code(self, fullname: str) -> CodeType:
        """Return a module's code."""
        file = self._file(fullname)
        return compile(self._files[file], file, "exec")

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's code."""
        exec(self.get_code(module.__name__), module.__dict__)  # noqa: S102 (this is an importer)

    def _file(self, fullname: str) -> str:
        place = fullname.replace(".", "/")
        package = f"{place}/__init__.py"
        return package if package in self._files else f"{place}.py"
