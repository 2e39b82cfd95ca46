"""Where the sources of a deployment lie."""

from pathlib import Path

REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = REPOSITORY_ROOT / "requirements.txt"


def only(*names: str) -> list[str]:
    """Give the patterns of an asset that takes nothing of the repository but these.

    Parameters
    ----------
    names : str
        Files and folders at the top.

    Returns
    -------
    list of str
        Patterns in the order and syntax of ``.gitignore``.
    """
    return ["/*", *(f"!/{name}" for name in names), "__pycache__", "*.pyc"]
