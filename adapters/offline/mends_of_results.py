"""Mends of what is returned, of what differs from run to run, and of endless printing."""

import ast
import re
from collections.abc import Callable, Iterator

from adapters.offline.evidence import Evidence
from adapters.offline.mend import Mend, parsed
from adapters.offline.mends_of_imports import imported
from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.source_lines import replaced

_PRINT = re.compile(r"^(\s*)(?:print|sys\.std(?:out|err)\.write)\(.*\)[ \t]*$", re.MULTILINE)
_UNCERTAIN: tuple[tuple[str, str, str], ...] = (
    (r"\bdefault_rng\(\s*\)", "default_rng(0)", "Seeds the random generator."),
    (r"\bRandomState\(\s*\)", "RandomState(0)", "Seeds the random generator."),
    (r"\brandom\.Random\(\s*\)", "random.Random(0)", "Seeds the random generator."),
    (
        r"\bnp\.empty(_like)?\(",
        r"np.zeros\1(",
        "Clears arrays that were left as the memory happened to be.",
    ),
    (r",?\s*\bfastmath\s*=\s*True", "", "Keeps the order of floating-point operations."),
    (r",?\s*\bparallel\s*=\s*True", "", "Runs the loops in one order."),
    (r"\btime\.(time|time_ns|perf_counter|monotonic)\(\)", "0", "Leaves the clock out."),
)


def mends(
    candidate: Candidate,
    parent: Candidate,  # noqa: ARG001 (a rule's form)
    evidence: Evidence,
) -> Iterator[Mend]:
    """Give what the contract asks for, where the value only has another form."""
    said = evidence.fault.message
    returned = re.search(r"(encode|decode) returned (.+?)(?: as [yuv])?; it must", said)
    if not returned:
        return
    function, kind = returned[1], returned[2]
    if function == "encode":
        for shape, what in _BITSTREAMS.get(kind, ()):
            yield from _returning(candidate, function, shape, what)
        return
    planes = re.search(r"returned (\w+) (\(.+?\)) as [yuv]; it must be uint8 (\(.+?\))", said)
    if planes and planes[1] != "uint8" and planes[2] == planes[3]:
        yield from _returning(
            candidate,
            function,
            lambda text: (
                f"tuple(np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in ({text}))"
            ),
            "Rounds and clips the decoded planes to 8 bits.",
        )
    if kind == "ndarray" or kind.endswith("items"):
        yield from _returning(
            candidate, function, lambda text: f"tuple({text})[:3]", "Returns the three planes."
        )
        yield from _returning(
            candidate, function, lambda text: f"({text})[1]", "Returns the planes of the pair."
        )
        yield from _returning(
            candidate, function, lambda text: f"({text})[0]", "Returns the planes of the pair."
        )


_BITSTREAMS: dict[str, tuple[tuple[Callable[[str], str], str], ...]] = {
    "tuple": ((lambda text: f"({text})[0]", "Returns the bitstream of the pair."),),
    "list": (
        (lambda text: f"bytes({text})", "Returns bytes, not a list."),
        (lambda text: f'b"".join({text})', "Joins the parts of the bitstream."),
    ),
    "ndarray": ((lambda text: f"bytes({text})", "Returns bytes, not an array."),),
    "memoryview": ((lambda text: f"bytes({text})", "Returns bytes, not a view."),),
    "BytesIO": ((lambda text: f"({text}).getvalue()", "Returns what was written."),),
    "str": ((lambda text: f'({text}).encode("latin-1")', "Returns bytes, not text."),),
}


def repeatable(
    candidate: Candidate,
    parent: Candidate,  # noqa: ARG001 (a rule's form)
    evidence: Evidence,
) -> Iterator[Mend]:
    """Take chance out of a decoder that differs from run to run."""
    if "second time" not in evidence.fault.message:
        return
    for pattern, right, reason in _UNCERTAIN:
        files = {name: re.sub(pattern, right, text) for name, text in candidate.files.items()}
        yield Mend(candidate.with_files(files), reason)


def quiet(
    candidate: Candidate,
    parent: Candidate,  # noqa: ARG001 (a rule's form)
    evidence: Evidence,
) -> Iterator[Mend]:
    """Print nothing."""
    if evidence.fault.limit == "log_bytes":
        files = {name: _PRINT.sub(r"\1pass", text) for name, text in candidate.files.items()}
        yield Mend(candidate.with_files(files), "Prints nothing.")


def _returning(
    candidate: Candidate, function: str, shape: Callable[[str], str], reason: str
) -> Iterator[Mend]:
    """Rewrite what the function of the entry file returns."""
    source = candidate.files[ENTRY_FILE]
    tree = parsed(source)
    if tree is None:
        return
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name != function:
            continue
        values = [
            inner.value
            for inner in ast.walk(node)
            if isinstance(inner, ast.Return) and inner.value is not None
        ]
        text = source
        for value in sorted(values, key=lambda value: value.lineno, reverse=True):
            shown = ast.get_source_segment(source, value) or ""
            text = replaced(text, value, shape(shown))
        if "np." in text and not re.search(r"^import numpy as np", text, re.MULTILINE):
            text = imported(text, "import numpy as np")
        yield Mend(candidate.with_file(ENTRY_FILE, text), reason)
