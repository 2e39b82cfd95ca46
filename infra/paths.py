"""Where the sources of a deployment lie."""

from pathlib import Path

from codec_lab.errors import ConfigurationError

REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = REPOSITORY_ROOT / "requirements.txt"


def built_dashboard() -> Path:
    """Give the folder of the dashboard's pages.

    Raises
    ------
    ConfigurationError
        If they have not been built.
    """
    folder = REPOSITORY_ROOT / "dashboard" / "dist"
    if not (folder / "index.html").is_file():
        raise ConfigurationError("The dashboard has not been built: run `make setup`.")
    return folder


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
