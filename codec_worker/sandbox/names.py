"""A tree of names of a candidate's own, in which it can learn nothing from looking one up.

The kernel remembers the names that were looked up, missing ones too, and finds them faster the
next time: an encoder could ask for names that do not exist, and a decoder time which are known. So
what a candidate may read is shown once more on a tmpfs, where every name that exists is always in
memory and none that is missing is remembered. Each file is mounted by itself, for in a folder that
is mounted the names would be those of the disk again.
"""

import _thread
import contextlib
import os
import resource
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

from codec_worker.sandbox import kernel, namespaces

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_NOATIME = 1, 2, 4, 32, 1024
_MS_BIND = 4096
_KEPT = _MS_NOSUID | _MS_NODEV | _MS_NOATIME

_PLACE = "/sys/kernel"
"""Where the tree is mounted: a folder that every Linux has and the base does not need."""

_LEFT_OUT = frozenset({"test", "tests"})
"""Names of folders of libraries that no codec needs: two fifths of all files lie in them."""


@cache
def are_possible() -> bool:
    """Tell whether this machine allows all that it takes, by what a process achieves that tries."""
    pid = os.fork()
    if pid == 0:
        try:
            with contextlib.suppress(OSError, RuntimeError):
                kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
                namespaces.enter()
                root = show_apart([__file__], [], [])
                if os.geteuid() != 0:
                    namespaces.count_threads_apart()
                    resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))
                    _thread.start_new_thread(os.getpid, ())  # fails if others of its user count
                os.chroot(root)
                os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def show_apart(
    readable: Sequence[str],
    listable: Sequence[str],
    search: Sequence[str],
    whole: Collection[str] = (),
) -> str:
    """Mount the tree in this process's own namespaces; return where its root is.

    Parameters
    ----------
    readable
        Files, and folders with all below them.
    listable
        Folders of which only the shown part exists.
    search
        Folders in which modules are looked up, by names that may lead through links.
    whole
        Readable folders of which even the tests are shown.

    Raises
    ------
    OSError
        If something cannot be mounted.
    """
    kernel.mount("codec-lab", _PLACE, "tmpfs", _KEPT, "mode=0755,size=1m")
    tree = _Tree(_PLACE)
    for path in readable:
        tree.show_all(path, with_tests=path in whole)
    for path in (*listable, *search):
        tree.show_way(Path(path))
    for link in _links_to(frozenset(map(Path, readable))):
        tree.show_link(link)
    tree.date_folders()
    kernel.mount(None, _PLACE, None, _MS_REMOUNT | _MS_RDONLY | _KEPT)
    return _PLACE


def _links_to(readable: frozenset[Path]) -> Iterator[Path]:
    """Find the links that lead to shown libraries: ``/lib``, and a library's short name."""
    top = Path("/")
    for folder in {top, *(path.parent for path in readable if path.is_file())}:
        for path in folder.iterdir():
            if path.is_symlink() and (folder == top or path.resolve() in readable):
                yield path


class _Tree:
    """Is filled with thousands of files: their paths are texts, which take a fifth of the time."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._shown = {"/"}
        self._folders = ["/"]

    def show_all(self, path: str, *, with_tests: bool) -> None:
        """Show a file, or a folder and what is below it."""
        if not Path(path).is_dir():
            self._show_folder(str(Path(path).parent))
            self._show_file(path)
            return
        self._show_folder(path)
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                if with_tests or entry.name not in _LEFT_OUT:
                    self.show_all(entry.path, with_tests=with_tests)
            elif entry.is_file(follow_symlinks=False):
                self._show_file(entry.path)
            else:
                self.show_link(Path(entry.path))

    def show_way(self, path: Path) -> None:
        """Show a folder, empty if nothing in it is shown, and the links that lead to it."""
        if not path.is_dir():
            return
        place = Path("/")
        for name in path.parts[1:]:
            place /= name
            if place.is_symlink():
                self.show_link(place)
                place = place.resolve()
        self._show_folder(str(place))

    def show_link(self, path: Path) -> None:
        """Show a symbolic link; whatever else is no file or folder is left out."""
        place = path.parent.resolve() / path.name
        if path.is_symlink() and str(place) not in self._shown:
            self._show_folder(str(place.parent))
            Path(f"{self._root}{place}").symlink_to(path.readlink())
            self._shown.add(str(place))

    def date_folders(self) -> None:
        """Date all folders as the originals: Python lists a folder anew if that has changed."""
        for folder in self._folders:
            os.utime(self._root + folder, ns=(0, Path(folder).stat().st_mtime_ns))

    def _show_file(self, path: str) -> None:
        if path not in self._shown:
            there = self._root + path
            os.mknod(there, 0o444)
            kernel.mount(path, there, None, _MS_BIND)
            self._shown.add(path)

    def _show_folder(self, path: str) -> None:
        if path not in self._shown:
            self._show_folder(str(Path(path).parent))
            there = Path(self._root + path)
            there.mkdir()
            there.chmod(0o755)  # whatever the umask
            self._shown.add(path)
            self._folders.append(path)
