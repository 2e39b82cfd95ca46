"""The packages of the handlers, in one layer."""

import contextlib
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.paths import REPOSITORY_ROOT, REQUIREMENTS

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.X86_64
PACKAGES = ("anthropic", "aws-lambda-powertools", "jinja2", "optuna", "pydantic")
"""What the handlers import. boto3 comes with the runtime."""

_BUILD = REPOSITORY_ROOT / "build"
_PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")


class LayerError(Exception):
    """The packages could not be fetched."""


def layer_requirements() -> list[str]:
    """Give the layer's packages with the versions that ``requirements.txt`` pins."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("==")[0] in PACKAGES]


def layer_folder() -> Path:
    """Fetch the packages, and theirs, as wheels for the functions' Python, once for their pins.

    Returns
    -------
    Path
        The folder whose content becomes ``/opt``; its name is the hash of the pins.

    Raises
    ------
    LayerError
        If a pinned version has no wheel, or the registry does not answer.
    """
    folder = _BUILD / f"layer-{_pins_sha256()}"
    if folder.is_dir():
        return folder
    _BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_BUILD) as unfinished:
        packages = Path(unfinished) / "layer"
        _install(packages / "python")
        # Whoever was first wins; both have the same packages.
        with contextlib.suppress(FileExistsError):
            packages.rename(folder)
    return folder


def _install(folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-compile", f"--target={folder}", "--only-binary=:all:"),
        *("--implementation=cp", f"--python-version={RUNTIME.name.removeprefix('python')}"),
        *(f"--platform={platform}" for platform in _PLATFORMS),
        f"--constraint={REQUIREMENTS}",
        *layer_requirements(),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        fault = (finished.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise LayerError(f"The handlers' packages cannot be fetched: {fault}")


def _pins_sha256() -> str:
    named_by = (RUNTIME.name, _PLATFORMS, PACKAGES, REQUIREMENTS.read_text(encoding="utf-8"))
    return hashlib.sha256(repr(named_by).encode()).hexdigest()


class DependenciesLayer(lambda_.LayerVersion):
    """The layer under every function."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        folder = layer_folder()
        super().__init__(
            scope,
            construct_id,
            code=lambda_.Code.from_asset(str(folder), asset_hash=_pins_sha256()),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            description="Packages of Codec Lab's handlers",
        )
