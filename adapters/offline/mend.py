"""A changed candidate and why it was changed."""

import ast
import warnings
from typing import NamedTuple

from codec_lab.candidate import Candidate


class Mend(NamedTuple):
    """What a rule proposes."""

    candidate: Candidate
    reason: str

    @property
    def parses(self) -> bool:
        """Whether every file is Python."""
        return all(parsed(text) is not None for text in self.candidate.files.values())


def parsed(source: str) -> ast.Module | None:
    """Parse a source; None if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
