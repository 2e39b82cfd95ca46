"""Differences of sources as the dashboard shows them."""

from collections.abc import Iterator, Mapping

from codec_lab.dashboard.evidence_views import DiffLine, FileDiff, LineKind
from codec_lab.source_diffs import FileChange, changes

_CONTEXT_LINES = 4


def file_diffs(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileDiff, ...]:
    """Compare two sets of files, by path; those that are equal are left out."""
    return tuple(
        FileDiff(
            path=change.path,
            added=change.added,
            removed=change.removed,
            lines=tuple(_lines(change)),
        )
        for change in changes(old, new, _CONTEXT_LINES)
    )


def _lines(change: FileChange) -> Iterator[DiffLine]:
    if change.too_large:
        yield DiffLine(kind=LineKind.GAP, old=None, new=None, text=change.too_large)
    for hunk in change.hunks:
        if hunk[0][1] > 0 or hunk[0][3] > 0:
            yield DiffLine(kind=LineKind.GAP, old=None, new=None, text="")
        for tag, old_start, old_end, new_start, new_end in hunk:
            if tag == "equal":
                for old, new in zip(
                    range(old_start, old_end), range(new_start, new_end), strict=True
                ):
                    text = change.before[old]
                    yield DiffLine(kind=LineKind.CONTEXT, old=old + 1, new=new + 1, text=text)
                continue
            for old in range(old_start, old_end):
                text = change.before[old]
                yield DiffLine(kind=LineKind.REMOVED, old=old + 1, new=None, text=text)
            for new in range(new_start, new_end):
                text = change.after[new]
                yield DiffLine(kind=LineKind.ADDED, old=None, new=new + 1, text=text)
