"""The list of allowed packages, and their wheels from a folder or the package index."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from pydantic import ValidationError

from codec_lab.errors import ConfigurationError
from codec_lab.model import located_refusal
from codec_lab.packages import AllowedPackages
from codec_lab.wheel import Wheel

DEFAULT_LIST = Path(__file__).with_name("allowed_packages.toml")


def read_list(path: Path) -> AllowedPackages:
    """Read a list of packages.

    Raises
    ------
    ConfigurationError
        If it cannot be read, with the place of the first fault.
    """
    try:
        with path.open("rb") as file:
            return AllowedPackages.model_validate(tomllib.load(file))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: it is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}.") from error
    except ValidationError as error:
        located = located_refusal(error, "the whole file")
        raise ConfigurationError(f"{path}, {located}.") from error


def wheels_in(folder: Path, allowed: AllowedPackages) -> dict[str, bytes]:
    """Read the listed wheels of a folder by their file names; others are left alone."""
    names = {wheel.file for wheel in allowed.wheels}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in names}


def download(allowed: AllowedPackages) -> dict[str, bytes]:
    """Take the listed wheels from the package index that pip is set to, and only these.

    Raises
    ------
    ConfigurationError
        If a wheel is not there or has another hash.
    """
    with tempfile.TemporaryDirectory(prefix="codec-lab-wheels-") as folder:
        for wheel in allowed.wheels:
            _download(wheel, Path(folder))
        return wheels_in(Path(folder), allowed)


def _download(wheel: Wheel, folder: Path) -> None:
    pythons, abi, platforms = wheel.file.removesuffix(".whl").split("-")[-3:]
    python_version = pythons.split(".")[-1][2:]  # the 3 of py2.py3
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.requirement}\n", encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"),
        *("--implementation=cp", f"--python-version={python_version}", f"--abi={abi}"),
        *(f"--platform={platform}" for platform in platforms.split(".")),
        *(f"--dest={folder}", f"--requirement={requirements}"),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        fault = (finished.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise ConfigurationError(f"{wheel.file} cannot be fetched: {fault}")
