"""A candidate from the files and edits of an answer."""

from collections.abc import Sequence

from pydantic import ValidationError

from adapters.claude.answers import (
    AnswerError,
    Changes,
    MendableAnswerError,
    SourceFile,
    fault_of,
)
from adapters.claude.secrecy import excerpt
from codec_lab.candidate import Candidate

MAX_SOURCE_CHARACTERS = 400_000


def written(files: Sequence[SourceFile], base: Candidate) -> Candidate:
    """Make a candidate of whole files, with the packages of another.

    Raises
    ------
    AnswerError
        If a file is given twice, a name is no plain module name, or the source is too long.
    """
    return _candidate(_by_name(files), base)


def changed(base: Candidate, changes: Changes) -> Candidate:
    """Add or replace whole files, then make the edits one after the other.

    Raises
    ------
    MendableAnswerError
        If an edit's old text does not occur exactly once.
    AnswerError
        If an edit names an unknown file, or the result is no candidate.
    """
    files = {**base.files, **_by_name(changes.files)}
    for number, edit in enumerate(changes.edits, 1):
        if edit.file not in files:
            raise AnswerError(
                f"Edit {number} names {excerpt(edit.file, 80)!r}; "
                f"there are only {excerpt(', '.join(sorted(files)))}."
            )
        text = files[edit.file]
        first = text.find(edit.old) if edit.old else -1
        if first < 0 or text.find(edit.old, first + 1) >= 0:  # the second may overlap the first
            times = "0 times" if first < 0 else "more than once"
            raise MendableAnswerError(
                f"Edit {number}: its old text occurs {times} in {edit.file}, not exactly "
                f"once: {excerpt(edit.old, 200)!r}. None of the edits was made."
            )
        files[edit.file] = text.replace(edit.old, edit.new)
    return _candidate(files, base)


def _by_name(files: Sequence[SourceFile]) -> dict[str, str]:
    named = {file.name: file.source for file in files}
    if len(named) != len(files):
        raise AnswerError("A file is given twice.")
    if folder := next((name for name in named if "/" in name), None):
        raise AnswerError(
            f"That is no candidate: {excerpt(folder, 80)!r} is not in its one folder."
        )
    return named


def _candidate(files: dict[str, str], base: Candidate) -> Candidate:
    length = sum(map(len, files.values()))
    if length > MAX_SOURCE_CHARACTERS:
        raise AnswerError(
            f"The source has {length} characters; at most {MAX_SOURCE_CHARACTERS} are taken."
        )
    try:
        return base.with_files(files)
    except ValidationError as error:
        raise AnswerError(f"That is no candidate: {excerpt(fault_of(error))}") from None
