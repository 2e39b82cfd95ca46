"""The versions the seams fit.

The seams replace private functions, so another version may break them silently; the server
refuses to start on any other.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from local.errors import PinError

PINS = {"ministack": "1.5.33", "moto": "5.2.5", "jsonata-python": "0.7.1"}


def check_pins() -> None:
    """Compare the installed emulator packages with the pinned versions.

    Raises
    ------
    PinError
        When a package is missing or has another version.
    """
    for package, pinned in PINS.items():
        try:
            installed = version(package)
        except PackageNotFoundError:
            installed = "no version"
        if installed != pinned:
            message = (
                f"The one-machine cloud fits {package} {pinned} but {installed} is installed; "
                f"run: pip install {package}=={pinned}"
            )
            raise PinError(message)
