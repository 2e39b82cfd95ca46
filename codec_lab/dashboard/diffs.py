"""Differences of sources, line by line, by ``difflib``."""

import difflib
from collections.abc import Mapping

from codec_lab.dashboard.evidence_views import DiffLine, FileDiff, LineKind

_CONTEXT_LINES = 4


def file_diffs(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileDiff, ...]:
    """Compare two sets of files, by path; those that are equal are left out."""
    return tuple(
        _file_diff(path, old.get(path, ""), new.get(path, ""))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    )


def unified_diff(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Write the differences of two sets of files as one unified diff."""
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path, "").splitlines(), new.get(path, "").splitlines()
        lines += difflib.unified_diff(before, after, f"parent/{path}", path, lineterm="")
    return "\n".join(lines)


def _file_diff(path: str, old: str, new: str) -> FileDiff:
    before, after = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    lines: list[DiffLine] = []
    for group in matcher.get_grouped_opcodes(_CONTEXT_LINES):
        if group[0][1] > 0 or group[0][3] > 0:
            lines.append(DiffLine(kind=LineKind.GAP, old=None, new=None, text=""))
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                lines += (
                    DiffLine(
                        kind=LineKind.CONTEXT,
                        old=old_start + offset + 1,
                        new=new_start + offset + 1,
                        text=before[old_start + offset],
                    )
                    for offset in range(old_end - old_start)
                )
                continue
            lines += (
                DiffLine(kind=LineKind.REMOVED, old=index + 1, new=None, text=before[index])
                for index in range(old_start, old_end)
            )
            lines += (
                DiffLine(kind=LineKind.ADDED, old=None, new=index + 1, text=after[index])
                for index in range(new_start, new_end)
            )
    return FileDiff(
        path=path,
        added=sum(line.kind is LineKind.ADDED for line in lines),
        removed=sum(line.kind is LineKind.REMOVED for line in lines),
        lines=tuple(lines),
    )
