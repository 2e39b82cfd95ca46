"""The worker's image installs what pyproject.toml says, at the pinned versions."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_image_installs_the_workers_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    pinned = [*project["dependencies"], *extras["worker"], *extras["vmaf"]]
    elsewhere = {"anthropic", "jinja2", "optuna"}  # the minds and the report are not the worker's
    wanted = {line.split("==")[0] for line in pinned} - elsewhere

    text = (ROOT / "codec_worker" / "Dockerfile").read_text()
    command = re.search(r"pip install (.+?)\n\n", text, re.DOTALL)

    assert command is not None
    words = command[1].replace("\\\n", " ").split()
    assert words[:3] == ["--no-cache-dir", "--constraint", "requirements.txt"]
    assert set(words[3:]) == wanted
    requirements = (ROOT / "requirements.txt").read_text()
    for name in wanted:
        assert re.search(rf"^{name}==", requirements, re.MULTILINE), name
