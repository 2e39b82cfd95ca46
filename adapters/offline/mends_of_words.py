"""Mends of single words: misspelt names, names that libraries no longer have, decorators."""

import difflib
import re
from collections.abc import Iterator

from adapters.offline.evidence import Evidence
from adapters.offline.mend import Mend
from codec_lab.candidate import Candidate

# Names that NumPy 2 does not have (its migration guide) and what it has instead.
_NUMPY = {
    "Inf": "inf", "NaN": "nan", "NAN": "nan", "alltrue": "all", "asfarray": "asarray",
    "bool8": "bool_", "cumproduct": "cumprod", "float_": "float64", "in1d": "isin",
    "infty": "inf", "int0": "intp", "object": "object_", "product": "prod", "row_stack": "vstack",
    "sometrue": "any", "string_": "bytes_", "trapz": "trapezoid", "uint0": "uintp",
    "unicode_": "str_",
}  # fmt: skip
_BUILTINS = {"bool", "complex", "float", "int", "str"}
_METHODS = {"tostring": "tobytes", "itemset": "__setitem__", "newbyteorder": "byteswap"}
_ABSENT_IN = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
_ABSENT_OF = re.compile(r"object has no attribute '(\w+)'")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined|cannot import name '(\w+)'")
_NUMBA = {"TypingError", "LoweringError", "UnsupportedError", "NumbaValueError", "ParallelError"}
_JIT = re.compile(
    r"^[ \t]*@(?:numba\.|nb\.)?(?:n?jit|vectorize|guvectorize|stencil)\b.*\n", re.MULTILINE
)
_WORD = re.compile(r"[A-Za-z_]\w*")


def mends(candidate: Candidate, parent: Candidate, evidence: Evidence) -> Iterator[Mend]:
    """Exchange or remove the word that the fault names."""
    said = evidence.fault.message
    absent = _ABSENT_IN.search(said)
    if absent and absent[1] == "numpy":
        yield from _numpy(candidate, absent[2])
    of_object, undefined = _ABSENT_OF.search(said), _UNDEFINED.search(said)
    if of_object and of_object[1] in _METHODS:
        yield _spelt(candidate, f".{of_object[1]}", f".{_METHODS[of_object[1]]}")
    wrong = (
        absent[2]
        if absent
        else of_object[1]
        if of_object
        else (undefined[1] or undefined[2])
        if undefined
        else evidence.names[0]
        if evidence.fault.exception == "KeyError" and evidence.names
        else None
    )
    if wrong is not None:
        for right in _alternatives(wrong, candidate, parent, evidence):
            yield _spelt(candidate, wrong, right)
    if evidence.fault.exception in _NUMBA:
        yield from _interpreted(candidate, evidence)
    if "cannot cache function" in said or "read-only" in said or "not writeable" in said:
        yield from _known(candidate, said)


def _numpy(candidate: Candidate, name: str) -> Iterator[Mend]:
    if name in _BUILTINS:
        yield _spelt(candidate, f"np.{name}", name)
    elif name in _NUMPY:
        yield _spelt(candidate, f"np.{name}", f"np.{_NUMPY[name]}")


def _alternatives(
    wrong: str, candidate: Candidate, parent: Candidate, evidence: Evidence
) -> Iterator[str]:
    """Give what Python suggests, then words of the sources that look alike, the likest first."""
    if evidence.suggestion:
        yield evidence.suggestion
    sources = [*parent.files.values(), *candidate.files.values()]
    words = {word for source in sources for word in _WORD.findall(source)} - {wrong}
    yield from difflib.get_close_matches(wrong, sorted(words), n=2, cutoff=0.8)


def _spelt(candidate: Candidate, wrong: str, right: str) -> Mend:
    pattern = re.compile(rf"(?<!\w){re.escape(wrong)}(?!\w)")
    files = {name: pattern.sub(right, text) for name, text in candidate.files.items()}
    return Mend(candidate.with_files(files), f"Writes {right} instead of {wrong}.")


def _interpreted(candidate: Candidate, evidence: Evidence) -> Iterator[Mend]:
    """Let Python run a function that numba cannot compile."""
    for name in evidence.names:
        for file, source in candidate.files.items():
            named = re.compile(
                rf"{_JIT.pattern}(?=(?:[ \t]*@.*\n)*[ \t]*def {re.escape(name)}\b)", re.MULTILINE
            )
            if named.search(source):
                yield Mend(
                    candidate.with_file(file, named.sub("", source)),
                    f"Leaves {name} to the interpreter: numba cannot compile it.",
                )
    for file, source in candidate.files.items():
        if _JIT.search(source):
            yield Mend(
                candidate.with_file(file, _JIT.sub("", source)),
                f"Leaves the functions of {file} to the interpreter: numba cannot compile one.",
            )


def _known(candidate: Candidate, said: str) -> Iterator[Mend]:
    if "cannot cache" in said:
        files = {
            name: re.sub(r",?\s*cache\s*=\s*True", "", text)
            for name, text in candidate.files.items()
        }
        yield Mend(
            candidate.with_files(files),
            "Asks numba for no cache: a candidate has no place to keep one.",
        )
        return
    for file, source in candidate.files.items():
        for name in ("encode_with_reconstruction", "encode"):
            head = re.search(
                rf"^def {name}\((\w+).*?:\n(?:    \"\"\".*?\"\"\"\n)?", source, re.MULTILINE
            )
            if head:
                clip = head[1]
                copy = f"    {clip} = type({clip})(*map(np.copy, {clip}[:3]), {clip}.fps)\n"
                yield Mend(
                    candidate.with_file(file, source[: head.end()] + copy + source[head.end() :]),
                    f"Copies the planes that {name} gets, because they are read-only.",
                )
