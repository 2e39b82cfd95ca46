"""Which files a candidate may read: Python, its packages, the toolbox and nothing else."""

import importlib.util
import sys
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from codec_worker.sandbox.import_policy import COMPANIONS, PACKAGES, WITHHELD_LIBRARY
from codec_worker.sandbox.outcome import SandboxUnavailableError

_NOT_NEEDED = WITHHELD_LIBRARY | {"__pycache__", "dist-packages", "site-packages"}

_BUILD_FOLDER = "config-"
"""Begins the name of the folder with what programs are linked to that embed Python."""

_SYSTEM_LIBRARIES = (
    "ld-linux*.so.*", "libatomic.so.*", "libbz2.so.*", "libc.so.*", "libcrypto.so.*",
    "libdl.so.*", "libexpat.so.*", "libffi.so.*", "libgcc_s.so.*", "libgfortran.so.*",
    "libgomp.so.*", "liblzma.so.*", "libm.so.*", "libmpdec.so.*", "libmvec.so.*",
    "libpthread.so.*", "libquadmath.so.*", "librt.so.*", "libssl.so.*", "libstdc++.so.*",
    "libutil.so.*", "libuuid.so.*", "libz.so.*",
)  # fmt: skip

_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/possible",
)

_BENCH = Path(__file__).resolve().parents[1]


class View(NamedTuple):
    """What a candidate's process can see of the file system.

    Attributes
    ----------
    interpreter_roots : tuple of str
        Folders that hold Python and its packages.
    import_roots : tuple of str
        Folders in which packages are looked up.
    readable : tuple of str
        Files and folders that may be read.
    listable : tuple of str
        Folders whose entries may be listed.
    """

    interpreter_roots: tuple[str, ...]
    import_roots: tuple[str, ...]
    readable: tuple[str, ...]
    listable: tuple[str, ...]


class Installed(NamedTuple):
    """A package that was unpacked for one candidate.

    Attributes
    ----------
    folder : str
        Absolute path of the folder its modules lie in.
    modules : tuple of str
        The top-level modules that may be imported.
    """

    folder: str
    modules: tuple[str, ...]


def with_packages(known: View, installed: Sequence[Installed]) -> View:
    """Add the folders of packages to what a candidate's process can see."""
    folders = tuple(package.folder for package in installed)
    return known._replace(
        interpreter_roots=known.interpreter_roots + folders,
        readable=known.readable + folders,
    )


@lru_cache(maxsize=1)
def view() -> View:
    """Find out where this Python keeps what a candidate may read.

    Raises
    ------
    SandboxUnavailableError
        If numpy is not installed.
    """
    roots: dict[str, None] = {}
    packages = []
    for package in PACKAGES:
        for name in (package, f"{package}.libs", *COMPANIONS.get(package, ())):
            folder = _package_folder(name, roots)
            if folder is not None:
                roots[str(folder.parent)] = None
                packages.append(folder)
    if not packages or packages[0].name != "numpy":
        raise SandboxUnavailableError(
            "The sandbox needs numpy for candidates: install Codec Lab's worker extra."
        )
    libraries = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib")}
    library = [
        entry
        for folder in sorted(libraries)
        for entry in sorted(folder.iterdir())
        if entry.name not in _NOT_NEEDED and not entry.name.startswith(_BUILD_FOLDER)
    ]
    own = [
        _BENCH / "__init__.py",
        _BENCH / "contract.py",
        Path(__file__).with_name("numba_cache.py"),
    ]
    toolbox = _BENCH / "toolbox"
    system = [Path(file) for file in _SYSTEM_FILES]
    wanted = [*library, *packages, *own, toolbox, *system, *_system_libraries()]
    return View(
        interpreter_roots=(str(Path(sys.base_prefix).resolve()), *roots, str(_BENCH)),
        import_roots=tuple(roots),
        readable=tuple(dict.fromkeys(str(path.resolve()) for path in wanted if path.exists())),
        listable=(str(_BENCH),),
    )


def _package_folder(name: str, roots: dict[str, None]) -> Path | None:
    for root in roots:  # shared libraries of a wheel lie next to it and are no package
        folder = Path(root, name)
        if folder.is_dir():
            return folder.resolve()
    if "." in name:
        return None
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _system_libraries() -> list[Path]:
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    folders = [
        Path("/usr/lib", multiarch),
        Path("/lib", multiarch),
        Path("/usr/lib64"),
        Path("/lib64"),
    ]
    return [
        file
        for folder in dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir())
        for pattern in _SYSTEM_LIBRARIES
        for file in folder.glob(pattern)
    ]
