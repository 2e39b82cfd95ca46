"""Where a candidate differs from its parent, and the candidate with some of that undone.

Works on lines and their indentation alone, because a source with a fault may not parse.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapters.offline.evidence import Evidence
from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.source_lines import lines_of

_OPENING = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*(?::[^=]+)?=[^=]")
_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINITION = re.compile(
    r"^\s*(?:def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=[^=]"
    r"|^\s*self\.(\w+)(?:, self\.(\w+))*\s*=[^=]"
    r"|^\s*(?:from [\w.]+ )?import .*?(\w+)$",
    re.MULTILINE,
)
_SUSPECTS = {
    "RoundTripError": re.compile(r"random|time\(|\bid\(|hash\(|\bempty|set\(|environ|global |uuid"),
    "LimitExceededError": re.compile(
        r"while |for |sleep|print\(|zeros|ones|repeat|tile|PARAMETERS"
    ),
}


class Change(NamedTuple):
    """A stretch of lines that differs.

    Attributes
    ----------
    file : str
        In which file.
    place : str
        The function, with its class, or the assignment that holds it; empty at the top level.
    before, after : tuple of int
        The lines of the parent and of the candidate, from 0, the end excluded.
    text : str
        What the candidate has there, or the parent had if it is gone.
    """

    file: str
    place: str
    before: tuple[int, int]
    after: tuple[int, int]
    text: str

    def holds(self, file: str, line: int) -> bool:
        """Tell whether a line of the candidate, from 1, is in it or next to what is gone."""
        start, end = self.after
        return file == self.file and start < line <= max(end, start + 1)


def changes(candidate: Candidate, parent: Candidate) -> list[Change]:
    """List what differs, file by file in the order of lines."""
    found = []
    for name in sorted(candidate.files.keys() | parent.files.keys()):
        old, new = (_lines(one, name) for one in (parent, candidate))
        matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
        for tag, i, j, start, end in matcher.get_opcodes():
            if tag == "equal":
                continue
            if start == end:
                first = _first_text(old, i, j)
                found.append(
                    Change(name, _place(old, first), (i, j), (start, end), "".join(old[i:j]))
                )
            before = i, j
            for k, n in _by_function(new, start, end):
                first = _first_text(new, k, n)
                found.append(Change(name, _place(new, first), before, (k, n), "".join(new[k:n])))
                before = j, j  # what the parent had comes back once
    return found


def _first_text(lines: list[str], start: int, end: int) -> int:
    return next((index for index in range(start, end) if lines[index].strip()), start)


def _by_function(lines: list[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Part a stretch where functions begin, for a new one often stands beside a changed line."""
    opens = re.compile(r"\s*(?:@|def |class )")
    marks = [start]
    marks += [
        index
        for index in range(start + 1, end)
        if opens.match(lines[index]) and not lines[index - 1].lstrip().startswith("@")
    ]
    yield from (pair for pair in zip(marks, [*marks[1:], end], strict=True) if pair[0] < pair[1])


def reverted(candidate: Candidate, parent: Candidate, undone: Iterable[Change]) -> Candidate:
    """Give the candidate with some of its changes undone; a file with no line left goes."""
    files = dict(candidate.files)
    for change in sorted(undone, key=lambda change: change.after, reverse=True):
        lines = lines_of(files.get(change.file, ""))
        lines[slice(*change.after)] = _lines(parent, change.file)[slice(*change.before)]
        files[change.file] = "".join(lines)
    for name in files.keys() - parent.files.keys() - {ENTRY_FILE}:
        if not files[name].strip():
            del files[name]
    return candidate.with_files(files)


def ranked(found: Iterable[Change], evidence: Evidence) -> list[list[Change]]:
    """Gather changes by the function they are in, the most suspect function first.

    Suspect is what holds a line that the fault names, the inner call before the outer; then what
    names an identifier of its message; then what is known for such faults; then what comes last.
    """
    places: dict[tuple[str, str], list[Change]] = {}
    for number, change in enumerate(found):
        place = change.place or f"{number}"
        places.setdefault((change.file, place), []).append(change)
    groups = list(places.values())
    order = {id(group): number for number, group in enumerate(groups)}
    return sorted(
        groups, key=lambda group: (_suspicion(group, evidence), order[id(group)]), reverse=True
    )


def at_fault(group: list[Change], evidence: Evidence) -> list[Change]:
    """Give those changes of a function that hold a line which the fault names."""
    return [change for change in group if any(change.holds(*place) for place in evidence.places)]


def with_dependents(
    candidate: Candidate, parent: Candidate, found: Iterable[Change], undone: Iterable[Change]
) -> list[Change]:
    """Add the changes that would name what is gone once some are undone."""
    left, together = list(found), list(undone)
    while True:
        left = [change for change in left if change not in together]
        after = reverted(candidate, parent, together)
        gone = (_defined(candidate) | _defined(parent)) - _defined(after)
        used = {word for text in after.files.values() for word in _WORD.findall(text)}
        broken = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(gone & used)))})\b")
        more = [
            change
            for change in left
            if gone & used
            and (
                broken.search(change.text)
                or broken.search("".join(_lines(parent, change.file)[slice(*change.before)]))
            )
        ]
        if not more:
            return together
        together += more


def _defined(candidate: Candidate) -> set[str]:
    return {
        name
        for text in candidate.files.values()
        for groups in _DEFINITION.findall(text)
        for name in groups
        if name
    } | {name.removesuffix(".py") for name in candidate.files}


def names_of(group: Iterable[Change]) -> str:
    """Say where changes are, for people."""
    places = dict.fromkeys(change.place or f"the top level of {change.file}" for change in group)
    return " and ".join(places)


def place_of(source: str, line: int) -> str:
    """Name the function or assignment that holds a line, from 1."""
    lines = lines_of(source)
    return _place(lines, line - 1) if 0 < line <= len(lines) else ""


def _suspicion(group: list[Change], evidence: Evidence) -> int:
    fault, text = evidence.fault, "".join(change.text for change in group)
    score = 0
    for depth, (file, line) in enumerate(evidence.places):
        if any(change.holds(file, line) for change in group):
            score = max(score, 1000 - depth)
    if any(re.search(rf"\b{re.escape(name)}\b", text) for name in evidence.names):
        score += 100
    known = _SUSPECTS.get(fault.error_type)
    if known and known.search(text):
        score += 50
    if fault.direction and fault.direction in group[0].place:
        score += 200 if fault.error_type == "ContractError" else 20
    return score


def _lines(candidate: Candidate, name: str) -> list[str]:
    return lines_of(candidate.files.get(name, ""))


def _place(lines: list[str], index: int) -> str:
    if index >= len(lines):
        return ""
    while lines[index].lstrip().startswith("@") and index + 1 < len(lines):
        index += 1  # a decorator belongs to what follows
    names: list[str] = []
    indent = _indent(lines[index]) + lines[index].lstrip().startswith((")", "]", "}"))
    opening = _OPENING.match(lines[index].lstrip())
    if opening and (opening[1] or not _indent(lines[index])):
        names.append(opening[1] or opening[2])
    for line in reversed(lines[:index]):
        if not line.strip() or _indent(line) >= indent:
            continue
        indent = _indent(line) + line.lstrip().startswith((")", "]", "}"))
        opening = _OPENING.match(line.lstrip())
        if opening and (opening[1] or not indent):
            names.append(opening[1] or opening[2])
        if not indent:
            break
    return ".".join(reversed(names))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
