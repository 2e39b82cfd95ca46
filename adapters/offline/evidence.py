"""What a fault tells about the source: places, names and words."""

import re
from typing import NamedTuple

from codec_lab.verdict import Fault

_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_SCREENED = re.compile(r"^(?P<file>\w+\.py), line (?P<line>\d+): (?P<said>.*)$", re.DOTALL)
_QUOTED = re.compile(r"['`]([A-Za-z_][\w.]*)['`]")
_SUGGESTED = re.compile(r"Did you mean: '(?P<name>[^']+)'\?")


class Place(NamedTuple):
    """A line of a file, from 1."""

    file: str
    line: int


class Evidence(NamedTuple):
    """A fault, read.

    Attributes
    ----------
    fault : Fault
        As it was found.
    places : tuple of Place
        Lines that it names, the innermost call first.
    names : tuple of str
        Identifiers that its message quotes, in their order.
    suggestion : str or None
        The name that Python proposes instead of one that does not exist.
    """

    fault: Fault
    places: tuple[Place, ...]
    names: tuple[str, ...]
    suggestion: str | None

    @classmethod
    def of(cls, fault: Fault) -> "Evidence":
        """Read a fault."""
        places = [
            Place(match["file"], int(match["line"])) for match in _FRAME.finditer(fault.traceback)
        ]
        if fault.limit is None or "most recent call first" not in fault.traceback:
            places.reverse()  # a dump of stacks has the innermost call first already
        screened = _SCREENED.match(fault.message)
        if screened:
            places.insert(0, Place(screened["file"], int(screened["line"])))
        suggested = _SUGGESTED.search(fault.traceback)
        return cls(
            fault,
            tuple(dict.fromkeys(places)),
            tuple(dict.fromkeys(_QUOTED.findall(fault.message))),
            suggested["name"] if suggested else None,
        )

    @property
    def said(self) -> str:
        """The message, of the screen's without the place."""
        screened = _SCREENED.match(self.fault.message)
        return screened["said"] if screened else self.fault.message
