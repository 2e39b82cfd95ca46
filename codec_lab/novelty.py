"""Whether a candidate is new: what its source says and what it writes."""

import ast
import warnings
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

from codec_lab.candidate import Candidate, canonical_sha256
from codec_lab.model import Sha256
from codec_lab.verdict import ClipResult


def source_sha256(candidate: Candidate) -> Sha256:
    """Hash what a source says: comments, docstrings and formatting do not make it new."""
    said = {name: _said(text) for name, text in candidate.files.items()}
    return canonical_sha256({"files": said, **candidate.needs})


def is_new(candidate: Candidate, parent: Candidate, known: AbstractSet[Sha256]) -> bool:
    """Tell whether a candidate differs from its parent and all that is known by more than form.

    Parameters
    ----------
    known : set of str
        Hashes of candidates, and of what their sources say.
    """
    said = source_sha256(candidate)
    return not {said, candidate.sha256} & known and said != source_sha256(parent)


def outputs_sha256(results: Iterable[ClipResult]) -> Sha256 | None:
    """Hash all bitstreams of a measurement; None if one was not kept."""
    written = {
        f"{result.clip_sha256}/{point.quality}": point.bitstream_sha256
        for result in results
        for point in result.points
    }
    return canonical_sha256(written) if all(written.values()) else None


@lru_cache(maxsize=64)
def _said(source: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(
                node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ) and ast.get_docstring(node, clean=False):
                node.body[:1] = []
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
