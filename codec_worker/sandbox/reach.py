"""Lets an unprivileged user reach a Python that is installed in a private home folder.

A candidate's process gives up root. If Python lives under, say, a ``/root`` that only root may
enter, it could then import nothing more. In a mount namespace of its own the zygote puts an empty
folder in place of the private one and shows in it only Python and its packages.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from codec_worker.sandbox import kernel
from codec_worker.sandbox.outcome import SandboxUnavailableError

_CLONE_NEWNS = 0x20000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18


def make_reachable(folders: Iterable[str]) -> None:
    """Show folders to every user by changing what this process sees mounted.

    Parameters
    ----------
    folders
        Absolute paths of folders that everyone must be able to enter.

    Raises
    ------
    SandboxUnavailableError
        If that takes a privilege this process does not have.
    """
    hidden: dict[Path, list[Path]] = {}
    for folder in dict.fromkeys(Path(folder) for folder in folders):
        barrier = _barrier(folder)
        if barrier is not None:
            hidden.setdefault(barrier, []).append(folder)
    if not hidden:
        return
    try:
        kernel.unshare(_CLONE_NEWNS)
        kernel.mount(None, "/", None, _MS_REC | _MS_PRIVATE)
        for barrier, inside in hidden.items():
            _replace(barrier, inside)
    except OSError as error:
        barrier = next(iter(hidden))
        raise SandboxUnavailableError(
            f"Candidates run as a user of their own, who cannot enter {barrier}, where this "
            f"Python is ({error}): install Python elsewhere, or allow it with chmod o+x {barrier}."
        ) from error


def _barrier(folder: Path) -> Path | None:
    for place in (*reversed(folder.parents), folder):
        if not place.stat().st_mode & 0o001:
            return place
    return None


def _replace(barrier: Path, inside: list[Path]) -> None:
    originals = {
        folder: os.open(folder, os.O_PATH | os.O_CLOEXEC)
        for folder in inside
        if not any(other in folder.parents for other in inside)
    }
    kernel.mount("codec-lab", str(barrier), "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0711,size=64k")
    for folder, original in originals.items():
        folder.mkdir(parents=True, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{original}", str(folder), None, _MS_BIND | _MS_REC)
        os.close(original)
