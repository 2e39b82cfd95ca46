"""The lab's own measuring code is part of what a number was found with."""

import ast
import shutil
from importlib import resources
from pathlib import Path

import pytest

import codec_worker
from codec_lab.limits import Limits
from codec_worker import environment, measuring_code
from codec_worker.imports import imports

WORKER = Path(codec_worker.__path__[0])


def made_of(module: str) -> set[str]:
    """Name the worker's modules that a module imports, and those that they import."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name in found or not (WORKER / f"{name}.py").is_file():
            continue
        found.add(name)
        tree = ast.parse((WORKER / f"{name}.py").read_text("utf-8"))
        parts = [imported.split(".") for _, imported in imports(tree)]
        waiting += [part[1] for part in parts if part[0] == "codec_worker" and len(part) > 1]
    return found


def test_all_that_makes_rate_points_is_hashed() -> None:
    everything = made_of("anchors") | made_of("metrics")

    assert {"quality_filters", "vmaf", "vvenc"} <= everything
    assert everything - {"measuring_code"} == set(measuring_code.MODULES)


@pytest.mark.parametrize("name", measuring_code.MODULES)
def test_another_text_is_other_code(name: str, tmp_path: Path) -> None:
    for module in measuring_code.MODULES:
        shutil.copy(WORKER / f"{module}.py", tmp_path)
    assert measuring_code.sha256_of(tmp_path) == measuring_code.SHA256

    text = (tmp_path / f"{name}.py").read_text("utf-8")
    (tmp_path / f"{name}.py").write_text(f"{text}\n_OFFSET_DB = 0.5\n", "utf-8")

    assert measuring_code.sha256_of(tmp_path) != measuring_code.SHA256


def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = measuring_code.sha256_of(resources.files("codec_worker"))
    assert environment.describe(Limits())["measuring_code"] == installed[:12]

    monkeypatch.setattr(measuring_code, "SHA256", "5" * 64)

    assert environment.describe(Limits())["measuring_code"] == "5" * 12
