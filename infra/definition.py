"""The state machines' files, which AWS, the one-machine cloud and the tests read unchanged."""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


class Definition:
    """A state machine as its file has it.

    Parameters
    ----------
    name : str
        ``experiment`` or ``campaign``.

    Attributes
    ----------
    text : str
        The file's text, in the Amazon States Language.
    """

    def __init__(self, name: str) -> None:
        self.text = (_FOLDER / f"{name}.asl.json").read_text(encoding="utf-8")

    @cached_property
    def states(self) -> dict[str, dict[str, Any]]:
        """The states by name, those inside of a Map among them."""
        states: dict[str, dict[str, Any]] = json.loads(self.text)["States"]
        for state in list(states.values()):
            states |= state.get("ItemProcessor", {}).get("States", {})
        return states

    @property
    def substitutions(self) -> frozenset[str]:
        """The names in ``${…}`` that the deployment fills in."""
        return frozenset(_SUBSTITUTION.findall(self.text))

    def timeout_s(self, state: str) -> int:
        """Give the time after which a state is given up."""
        return int(self.states[state]["TimeoutSeconds"])
