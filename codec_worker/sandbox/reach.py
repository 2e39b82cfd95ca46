"""Whether a candidate's own user can reach Python, where it sees the names of the machine."""

from collections.abc import Iterable
from pathlib import Path

from codec_worker.sandbox.outcome import SandboxUnavailableError


def require_reachable(folders: Iterable[str]) -> None:
    """Refuse folders that not everybody may enter, such as those below ``/root``.

    Parameters
    ----------
    folders
        Absolute paths.

    Raises
    ------
    SandboxUnavailableError
        If there is one.
    """
    for folder in map(Path, folders):
        for place in (*reversed(folder.parents), folder):
            if not place.stat().st_mode & 0o001:
                raise SandboxUnavailableError(
                    f"Candidates run as a user of their own, who cannot enter {place}, where this "
                    "Python is: install Python elsewhere, allow it with "
                    f"chmod o+x {place}, or give the container the capability SYS_ADMIN."
                )
