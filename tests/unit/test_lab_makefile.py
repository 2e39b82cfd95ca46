"""``make run`` hands its options to ``lab run`` as they were typed."""

import os
import shlex
import subprocess

from local.settings import REPOSITORY_ROOT


def options(**given: str) -> list[str]:
    """Give the words that ``make run`` would hand to ``lab run``."""
    assignments = [f"{name}={value}" for name, value in given.items()]
    said = subprocess.run(
        ["make", "--dry-run", "run", *assignments],
        cwd=REPOSITORY_ROOT,
        env={"PATH": os.environ["PATH"]},  # neither a person's options nor those of `make test`
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    words = shlex.split(said.splitlines()[-1])
    assert words[:2] == [".venv/bin/lab", "run"]
    return words[2:]


def test_only_what_is_given_is_handed_on() -> None:
    assert options() == ["--experiments", "3"]
    assert options(EXPERIMENTS="", SERVE="0", PORT="0") == ["--no-serve", "--port", "0"]
    assert options(EXPERIMENTS="", FRAMES="0") == ["--frames", "0"]


def test_no_character_of_a_value_is_lost_in_the_shell() -> None:
    goal, clips = """it's "less" than $5 & `no` more""", "my clips/it's"
    handed = options(GOAL=goal, CLIPS=clips, SEED="x;y.py")
    given = ["--clips", clips, "--seed", "x;y.py", "--goal", goal]
    assert handed == ["--experiments", "3", *given]
