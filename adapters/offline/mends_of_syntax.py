"""Mends of source that does not parse."""

import re
from collections.abc import Callable, Iterator

from adapters.offline.changes import Change, at_fault, changes, names_of, ranked, reverted
from adapters.offline.evidence import Evidence
from adapters.offline.mend import Mend
from codec_lab.candidate import Candidate
from codec_lab.source_lines import lines_of

_FENCE = re.compile(r"^\s*```")
_TYPOGRAPHIC = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00d7": "*",
        "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00a0": " ", "\u2192": "->",
        "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u200b": "", "\ufeff": "",
    }
)  # fmt: skip
_HEADER = re.compile(r"^\s*(?:if|elif|else|for|while|def|class|with|try|except|finally)\b.*[^:\s]$")
_PRINT = re.compile(r"^(\s*)print\s+(.+)$")


def mends(candidate: Candidate, parent: Candidate, evidence: Evidence) -> Iterator[Mend]:
    """Rewrite the line, or take back as few changes as make the source parse."""
    place = next((place for place in evidence.places if place.file in candidate.files), None)
    if place is None:
        return
    source = candidate.files[place.file]
    lines = lines_of(source)
    if "```" in source:
        yield Mend(
            candidate.with_file(place.file, _unfenced(lines)),
            f"Drops the fences and the prose around the code of {place.file}.",
        )
    if not source.isascii():
        yield Mend(
            candidate.with_file(place.file, source.translate(_TYPOGRAPHIC)),
            f"Writes the typographic characters of {place.file} in ASCII.",
        )
    for rewrite, what in _REWRITES:
        if 0 < place.line <= len(lines):
            changed = [*lines]
            changed[place.line - 1] = rewrite(changed[place.line - 1])
            yield Mend(
                candidate.with_file(place.file, "".join(changed)),
                f"{what} in line {place.line} of {place.file}.",
            )
    yield from _reindented(candidate, parent, place.file, place.line)
    yield from _taken_back(candidate, parent, evidence)


def _unfenced(lines: list[str]) -> str:
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    first = fences[0]
    if len(fences) == 1:  # cut off at one end
        before, after = lines[:first], lines[first + 1 :]
        return "".join(before if len(before) > len(after) else after)
    return "".join(lines[first + 1 : fences[-1]])


def _with_colon(line: str) -> str:
    code, hash_sign, comment = line.rstrip("\n").partition("#")
    if not _HEADER.match(code.rstrip()):
        return line
    return f"{code.rstrip()}:{'  #' + comment if hash_sign else ''}\n"


def _comparing(line: str) -> str:
    return re.sub(r"(?<![=!<>])=(?!=)", "==", line, count=1)


def _printing(line: str) -> str:
    return _PRINT.sub(r"\1print(\2)", line)


_REWRITES: tuple[tuple[Callable[[str], str], str], ...] = (
    (_with_colon, "Adds the missing colon"),
    (_comparing, "Compares instead of assigning"),
    (_printing, "Calls print as a function"),
    (lambda line: line.replace("++", "+= 1"), "Adds one as Python does"),
    (lambda line: line.rstrip().rstrip(";{}") + "\n", "Drops the brackets of another language"),
    (lambda line: line.replace("&&", " and ").replace("||", " or "), "Spells the operators"),
    (lambda line: line.rstrip() + ")\n", "Closes the bracket"),
    (lambda line: line.rstrip() + "]\n", "Closes the bracket"),
    (lambda line: line.replace("else if", "elif"), "Spells elif"),
)


def _reindented(candidate: Candidate, parent: Candidate, file: str, line: int) -> Iterator[Mend]:
    """Give a line the indentation of the same line of the parent, or of a line around it."""
    lines = lines_of(candidate.files[file])
    if not 0 < line <= len(lines):
        return
    text = lines[line - 1].lstrip()
    known = lines_of(parent.files.get(file, ""))
    indents = [other[: len(other) - len(text)] for other in known if other.lstrip() == text]
    around = lines[max(line - 3, 0) : line + 2]
    indents += [other[: len(other) - len(other.lstrip())] for other in around if other.strip()]
    for indent in dict.fromkeys(indents):
        changed = [*lines]
        changed[line - 1] = indent + text
        yield Mend(
            candidate.with_file(file, "".join(changed).expandtabs(4)),
            f"Indents line {line} of {file} as the lines around it.",
        )


def _taken_back(candidate: Candidate, parent: Candidate, evidence: Evidence) -> Iterator[Mend]:
    """Undo the change at the line, its function, then one function after the other."""
    groups = ranked(changes(candidate, parent), evidence)
    undone: list[Change] = []
    for group in groups:
        line = at_fault(group, evidence)
        for part in ([line] if line and line != group else []) + [group]:
            together = [*undone, *part]
            yield Mend(
                reverted(candidate, parent, together),
                f"Takes back the change of {names_of(together)}, which does not parse.",
            )
        undone += group
