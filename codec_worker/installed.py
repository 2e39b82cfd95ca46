"""A bundle's packages, unpacked for its sandboxes."""

import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from codec_lab.bundle import Bundle
from codec_lab.errors import WheelError
from codec_lab.wheel import Wheel
from codec_worker.runner import MakeBox
from codec_worker.sandbox.readable import Installed
from codec_worker.sandbox.sandbox import Sandbox


@contextmanager
def sandboxes(bundle: Bundle) -> Iterator[MakeBox]:
    """Unpack a bundle's wheels, each into a folder of its own, for as long as the context lasts.

    Yields
    ------
    callable
        Makes sandboxes in which the bundle's packages, and no others, can be imported.

    Raises
    ------
    WheelError
        If a wheel cannot be unpacked safely, or is for another Python or machine.
    """
    if not bundle.manifest.wheels:
        yield Sandbox
        return
    with tempfile.TemporaryDirectory(prefix="codec-lab-packages-") as folder:
        root = Path(folder)
        installed = [
            _unpack(wheel, bundle.wheel_files[wheel.file], root / wheel.sha256)
            for wheel in bundle.manifest.wheels
        ]
        for path in (root, *root.rglob("*")):  # candidates run as users of their own
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield partial(Sandbox, installed=installed)


def _unpack(wheel: Wheel, data: bytes, folder: Path) -> Installed:
    if not fits(wheel.file):
        raise WheelError(
            f"{wheel.file} is not for Python {platform.python_version()} on {platform.machine()}; "
            "publish a list of packages that are."
        )
    for name, content in wheel.unpacked(data).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Installed(str(folder.resolve()), wheel.modules)


def fits(wheel_file: str) -> bool:
    """Tell by its name whether a wheel is for this Python and machine (PEP 425, PEP 491)."""
    pythons, abis, platforms = (
        part.split(".") for part in wheel_file.removesuffix(".whl").split("-")[-3:]
    )
    major, minor = sys.version_info[:2]
    own = f"cp{major}{minor}"
    stable = "abi3" in abis and any(
        tag.startswith(f"cp{major}") and tag[3:].isdigit() and int(tag[3:]) <= minor
        for tag in pythons
    )
    plain = "none" in abis and f"py{major}" in pythons
    right_python = stable or plain or (own in pythons and own in abis)
    machine = f"_{platform.machine()}"
    right_machine = "any" in platforms or any(
        tag.startswith("manylinux") and tag.endswith(machine) for tag in platforms
    )
    return right_python and right_machine
