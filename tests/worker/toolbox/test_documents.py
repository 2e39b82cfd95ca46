"""What the map of the toolbox says is so: every module is in it, its example runs."""

import pkgutil
import re
from pathlib import Path

import constriction
import numpy as np

from codec_worker import toolbox

MAP = (Path(__file__).parents[3] / "docs" / "toolbox.md").read_text("utf-8")


def test_every_module_is_on_the_map() -> None:
    first_column = "\n".join(line.split("|")[1] for line in MAP.splitlines() if line[:3] == "| `")
    listed = set(re.findall(r"`(\w+)`", first_column))
    assert listed == {module.name for module in pkgutil.iter_modules(toolbox.__path__)}


def test_the_example_with_constriction_reads_what_it_writes() -> None:
    example = MAP.split("```python\n")[1].split("```")[0]
    levels = np.random.default_rng(0).integers(-300, 300, 500).astype(np.int32)
    names = {
        "np": np,
        "constriction": constriction,
        "levels": levels,
        "neighbour_sums": np.random.default_rng(1).integers(0, 900, 500),
    }
    exec(example, names)  # the document's own code
    assert names["levels"] is not levels
    np.testing.assert_array_equal(names["levels"], levels)
    assert 100 < len(names["payload"]) < 1200
