"""What a function is made of, and that it is enough.

The one-machine cloud runs handlers in its own interpreter, where every package can be imported;
so a package that is missing from the layer shows only here.
"""

import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from infra.dependencies_layer import PACKAGES, RUNTIME, layer_requirements
from infra.lab_function import SOURCES
from infra.paths import REPOSITORY_ROOT, REQUIREMENTS, only
from tests.infrastructure.templates import Assembly

HANDLERS = sorted(
    f"lambdas.{path.stem}"
    for path in (REPOSITORY_ROOT / "lambdas").glob("*.py")
    if path.stem != "__init__"
)
LAZY = (
    "adapters.claude.designer",
    "adapters.claude.fixer",
    "adapters.claude.respondent",
    "adapters.offline.designer",
    "adapters.offline.search",
    "jinja2",
)
"""Modules that a handler imports only when they are needed."""


def sources_of(*packages: str) -> set[str]:
    return {
        path.relative_to(REPOSITORY_ROOT).as_posix()
        for package in packages
        for path in (REPOSITORY_ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def content(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def code(one_machine: Assembly) -> Path:
    (folder,) = one_machine.asset("CodecLab-Pipeline", "zip")
    return folder


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the layer's pins and the runtime's boto3, and nothing else."""
    folder = tmp_path_factory.mktemp("venv") / "venv"
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", REQUIREMENTS]
    subprocess.run([*install, *layer_requirements(), "boto3"], check=True)
    return python


def test_functions_are_made_of_their_sources_alone(code: Path) -> None:
    assert content(code) == sources_of(*SOURCES)


def test_the_image_is_built_of_the_worker_alone(aws: Assembly) -> None:
    expected = sources_of("adapters", "codec_lab", "codec_worker") | {"requirements.txt"}
    assert content(aws.image()) == expected


def test_the_same_sources_have_the_same_hash(aws: Assembly, one_machine: Assembly) -> None:
    (code,) = one_machine.asset("CodecLab-Pipeline", "zip")
    assert code.name in {path.name for path in aws.asset("CodecLab-Pipeline", "zip")}


def test_an_asset_leaves_out_what_python_leaves_behind() -> None:
    assert only("lambdas") == ["/*", "!/lambdas", "__pycache__", "*.pyc"]


def test_the_layer_has_the_pinned_versions_for_the_functions_python(aws: Assembly) -> None:
    (layer,) = [
        path for path in aws.asset("CodecLab-Pipeline", "zip") if (path / "python").is_dir()
    ]
    pinned = set(REQUIREMENTS.read_text().split())
    installed = {
        f"{package.name.lower().replace('_', '-')}=={package.version}"
        for package in distributions(path=[str(layer / "python")])
    }
    assert set(layer_requirements()) <= installed <= pinned
    tag = RUNTIME.name.removeprefix("python").replace(".", "")
    (core,) = (layer / "python" / "pydantic_core").glob("*.so")
    assert f"cpython-{tag}-x86_64-linux" in core.name


def test_the_layer_is_small_enough_for_lambda(aws: Assembly) -> None:
    folders = aws.asset("CodecLab-Pipeline", "zip")
    size_bytes = sum(path.stat().st_size for folder in folders for path in folder.rglob("*"))
    assert size_bytes < 250 << 20


def test_every_package_of_the_layer_is_pinned() -> None:
    assert [line.partition("==")[0] for line in layer_requirements()] == sorted(PACKAGES)


@pytest.mark.parametrize("module", [*HANDLERS, *LAZY])
def test_a_handler_imports_with_the_layers_packages_alone(
    module: str, code: Path, clean_python: Path
) -> None:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(code),
        "PYTHONPYCACHEPREFIX": str(clean_python.parent.parent / "bytecode"),
        "AWS_DEFAULT_REGION": "us-east-1",
        **{f"CODEC_LAB_{name}": "x" for name in ("TABLE", "BUCKET", "SITE_BUCKET", "TOPIC_ARN")},
        "CODEC_LAB_EXPERIMENT_STATE_MACHINE_ARN": "x",
    }
    imported = subprocess.run(
        [clean_python, "-c", f"import {module}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=code,
    )
    assert imported.returncode == 0, imported.stderr


def test_what_is_missing_from_the_layer_would_show(code: Path, clean_python: Path) -> None:
    imported = subprocess.run(
        [clean_python, "-c", "import numba"], capture_output=True, text=True, check=False, cwd=code
    )
    assert "No module named 'numba'" in imported.stderr
