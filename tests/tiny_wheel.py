"""Wheels made by tests: no index is needed to install them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping

from codec_lab.packages import AllowedPackage, AllowedPackages
from codec_lab.wheel import Wheel

SOURCE = '"""Halves and doubles."""\n\nfrom tinystep.steps import STEP\n\n__all__ = ["STEP"]\n'
FILES = {
    "tinystep/__init__.py": SOURCE,
    "tinystep/steps.py": "STEP = 3\n",
    "tinystep-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinystep\nVersion: 1.0\n",
    "tinystep-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    "tinystep-1.0.dist-info/RECORD": "",
}


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Write a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def pinned(data: bytes, **changes: object) -> Wheel:
    """Pin a wheel to its bytes."""
    fields = {
        "name": "tinystep",
        "version": "1.0",
        "file": "tinystep-1.0-py3-none-any.whl",
        "sha256": hashlib.sha256(data).hexdigest(),
        "modules": ("tinystep",),
    }
    return Wheel.model_validate({**fields, **changes})


DATA = zipped(FILES)
WHEEL = pinned(DATA)
ALLOWED = AllowedPackages(packages=(AllowedPackage(wheel=WHEEL, purpose="tests"),))


def as_toml(allowed: AllowedPackages) -> str:
    """Write a list as a person would."""
    return "".join(
        f'[[packages]]\npurpose = "{one.purpose}"\n[packages.wheel]\n'
        f'name = "{one.wheel.name}"\nversion = "{one.wheel.version}"\nfile = "{one.wheel.file}"\n'
        f'sha256 = "{one.wheel.sha256}"\nmodules = {list(one.wheel.modules)}\n'
        for one in allowed.packages
    )
