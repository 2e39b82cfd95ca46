"""requirements.txt is what pyproject.toml asks for: no more, no less, and at the same versions."""

import re
import tomllib
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for line in chain.from_iterable(lists)]


def pinned() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return {canonicalize_name(name): version for name, version in (x.split("==") for x in lines)}


def closure(requirements: list[Requirement]) -> set[str]:
    """Follow the metadata of the installed packages to everything they need."""
    seen: set[tuple[str, str]] = set()
    waiting = [(one, extra) for one in requirements for extra in ("", *one.extras)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(needed, wanted) for wanted in ("", *needed.extras)]
    return {name for name, _ in seen}


def test_pyproject_pins_exactly() -> None:
    assert [
        str(one) for one in declared() if not re.fullmatch(r"==[\w.]+", str(one.specifier))
    ] == []


def test_requirements_have_pyprojects_pins() -> None:
    pins = pinned()
    asked = {canonicalize_name(one.name): str(one.specifier) for one in declared()}
    assert {name: f"=={pins.get(name)}" for name in asked} == asked


def test_requirements_are_complete_and_have_nothing_over() -> None:
    assert set(pinned()) == closure(declared())
