"""Functions of the dashboard, evaluated by Node without a browser."""

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_SCRIPT = """
import { readFileSync } from "node:fs";
import { transformWithOxc } from "vite";
const file = process.argv[1];
const { code } = await transformWithOxc(readFileSync(file, "utf8"), file);
const m = await import(`data:text/javascript,${encodeURIComponent(code)}`);
const evaluate = new Function("m", `return [${process.argv.slice(2).join(", ")}]`);
console.log(JSON.stringify(evaluate(m)));
"""


def evaluate(module: str, *expressions: str) -> list[Any]:
    """Evaluate expressions in which ``m`` is a module of ``dashboard/src`` that imports no other.

    Raises
    ------
    AssertionError
        With what Node said, if it failed.
    """
    path = ROOT / "dashboard" / "src" / module
    finished = subprocess.run(
        ["node", "--input-type=module", "--eval", _SCRIPT, str(path), *expressions],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert finished.returncode == 0, finished.stderr
    return list(json.loads(finished.stdout))
