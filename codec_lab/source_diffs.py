"""Differences of sources, line by line, found by ``difflib`` in bounded time."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

MAX_PAIRS = 4_000_000
"""Pairs of a removed and an added line that are looked at, such as 2,000 by 2,000.

``difflib``'s time grows with them; these take it a second or two at worst.
"""

Opcode = tuple[str, int, int, int, int]
"""As of ``difflib.SequenceMatcher.get_opcodes``."""


class FileChange(NamedTuple):
    """What changed in one file.

    Attributes
    ----------
    path : str
        Which.
    before, after : list of str
        All its lines, without their ends.
    hunks : list of list of tuple
        The changes, each with the lines around it; none if the change is too large.
    removed, added : int
        Numbers of lines; if the change is too large, from its first to its last line.
    too_large : str
        Says so, if it is.
    """

    path: str
    before: list[str]
    after: list[str]
    hunks: list[list[Opcode]]
    removed: int
    added: int
    too_large: str = ""


def changes(
    old: Mapping[str, str], new: Mapping[str, str], context_lines: int = 3
) -> Iterator[FileChange]:
    """Compare two sets of files, by path; those that are equal are left out.

    Parameters
    ----------
    old, new : mapping of str to str
        Sources by path.
    context_lines : int
        Equal lines that are shown around a change.
    """
    pairs_left = MAX_PAIRS
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        before, after = (files.get(path, "").splitlines(keepends=True) for files in (old, new))
        start = _equal_lines(before, after)
        end = _equal_lines(before[start:][::-1], after[start:][::-1])
        removed, added = (len(lines) - start - end for lines in (before, after))
        hunks: list[list[Opcode]] = []
        too_large = ""
        if removed * added > pairs_left:
            too_large = f"{removed} lines became {added}: too large a change to show line by line."
        else:
            pairs_left -= removed * added
            hunks = _hunks(before, after, start, end, context_lines)
            removed, added = _count(hunks)
        yield FileChange(path, _bare(before), _bare(after), hunks, removed, added, too_large)


def unified_diff(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Write the differences of two sets of files as one unified diff."""
    return "".join(f"{line}\n" for change in changes(old, new) for line in _unified(change))


def _equal_lines(before: Sequence[str], after: Sequence[str]) -> int:
    """Count the lines up to the first that differ."""
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    return next((number for number, (old, new) in pairs if old != new), shorter)


def _hunks(
    before: Sequence[str], after: Sequence[str], start: int, end: int, context_lines: int
) -> list[list[Opcode]]:
    """Compare what lies between the equal lines at both ends."""
    skipped, left_out = (max(0, lines - context_lines) for lines in (start, end))
    matcher = difflib.SequenceMatcher(
        None, before[skipped : len(before) - left_out], after[skipped : len(after) - left_out]
    )
    return [
        [
            (tag, skipped + old_start, skipped + old_end, skipped + new_start, skipped + new_end)
            for tag, old_start, old_end, new_start, new_end in group
        ]
        for group in matcher.get_grouped_opcodes(context_lines)
    ]


def _count(hunks: Iterable[Iterable[Opcode]]) -> tuple[int, int]:
    changed = [opcode for hunk in hunks for opcode in hunk if opcode[0] != "equal"]
    removed = sum(old_end - old_start for _, old_start, old_end, _, _ in changed)
    return removed, sum(new_end - new_start for _, _, _, new_start, new_end in changed)


def _bare(lines: Iterable[str]) -> list[str]:
    return [line.splitlines()[0] for line in lines]


def _unified(change: FileChange) -> Iterator[str]:
    if change.hunks or change.too_large:
        yield f"--- before/{change.path}"
        yield f"+++ after/{change.path}"
    if change.too_large:
        yield change.too_large
    for hunk in change.hunks:
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = hunk[0], hunk[-1]
        yield f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@"
        for tag, old_from, old_to, new_from, new_to in hunk:
            if tag == "equal":
                yield from (f" {line}" for line in change.before[old_from:old_to])
            else:
                yield from (f"-{line}" for line in change.before[old_from:old_to])
                yield from (f"+{line}" for line in change.after[new_from:new_to])


def _range(start: int, end: int) -> str:
    """Write the lines of a hunk as the unified format of GNU diffutils counts them."""
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"
