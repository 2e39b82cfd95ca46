"""What the tools take: the models behind ``tools/*.json``."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from adapters.claude.secrecy import excerpt
from codec_lab.framework import Framework
from codec_lab.limits import Limits
from codec_lab.model import Model, place_of, refusal

_Sentence = Annotated[str, Field(min_length=1, max_length=2000)]
_Percent = Annotated[
    float, Field(ge=-100, le=1000), AfterValidator(lambda percent: round(percent, 4))
]
"""A prediction; the table holds no number below 1e-128."""
_Answer = TypeVar("_Answer", bound=Model)


class AnswerError(Exception):
    """An answer is not usable."""


class MendableAnswerError(AnswerError):
    """An answer misses by little: the model is told and asked again."""


class SourceFile(Model):
    """A whole file."""

    name: str
    source: str


class Edit(Model):
    """A replacement in one file; ``old`` must occur exactly once."""

    file: str
    old: str
    new: str


class Changes(Model):
    """Whole files to add or replace, then edits."""

    files: tuple[SourceFile, ...]
    edits: tuple[Edit, ...]


class WriteCandidate(Model):
    """A design by full source."""

    files: tuple[SourceFile, ...]
    change: _Sentence
    hypothesis: _Sentence
    expected_bd_rate_percent: _Percent | None


class EditParent(Changes):
    """A design by changes of the parent."""

    change: _Sentence
    hypothesis: _Sentence
    expected_bd_rate_percent: _Percent | None


class EditCandidate(Changes):
    """A fix of the source."""

    reason: _Sentence
    change: _Sentence


class LimitChange(Model):
    """A limit's new value."""

    limit: Literal["cpu_s", "wall_s", "memory_bytes", "threads", "output_bytes", "log_bytes"]
    value: int


class AdjustLimits(Model):
    """A fix of the limits."""

    limits: Annotated[tuple[LimitChange, ...], Field(min_length=1)]
    reason: _Sentence

    def applied(self, limits: Limits, hard_limits: Limits) -> Limits:
        """Give the changed limits.

        Raises
        ------
        MendableAnswerError
            If they contradict each other or go beyond the hard limits.
        """
        changed = {change.limit: change.value for change in self.limits}
        for name, value in changed.items():
            most = getattr(hard_limits, name)
            if value > most:
                raise MendableAnswerError(
                    f"{name} is {excerpt(str(value), 40)}; the campaign allows {most} at most."
                )
        try:
            return Limits.model_validate({**limits.model_dump(), **changed})
        except ValidationError as error:
            raise MendableAnswerError(f"The limits are not possible: {fault_of(error)}") from error


class FrameworkFile(Model):
    """A whole text of the framework; empty to remove it."""

    path: str
    text: str


class ModifyFramework(Model):
    """A fix by another version of the framework."""

    files: Annotated[tuple[FrameworkFile, ...], Field(min_length=1)]
    reason: _Sentence

    def applied(self, framework: Framework) -> Framework:
        """Give the changed overlay.

        Raises
        ------
        AnswerError
            If a path is protected or given twice, or a text too long or not of its form.
        MendableAnswerError
            If nothing changes.
        """
        files = {file.path: file.text for file in self.files}
        if len(files) != len(self.files):
            raise AnswerError("A file of the framework is given twice.")
        try:
            changed = framework.changed(files)
        except ValidationError as error:
            raise AnswerError(f"That is no change of the framework: {fault_of(error)}") from None
        except ValueError as error:
            raise AnswerError(f"That is no change of the framework: {error}.") from None
        if changed.files == framework.files:
            raise MendableAnswerError("That leaves the framework as it is.")
        return changed


class RollbackFramework(Model):
    """A fix by the version before."""

    reason: _Sentence


class InstallPackage(Model):
    """A fix of what the candidate can import."""

    package: Annotated[str, Field(min_length=1, max_length=100)]
    reason: _Sentence


class AskHuman(Model):
    """The end of the model's own means."""

    question: _Sentence


class WriteAnalysis(Model):
    """What measurements mean, and the lessons."""

    analysis: Annotated[str, Field(min_length=1, max_length=6000)]
    lessons: str


def parse(answer: type[_Answer], json_text: str) -> _Answer:
    """Read a tool's input strictly.

    Raises
    ------
    AnswerError
        If it is no JSON or of another form.
    """
    try:
        return answer.model_validate_json(json_text)
    except ValidationError as error:
        raise AnswerError(f"The tool's input is not valid: {fault_of(error)}") from None


def fault_of(error: ValidationError) -> str:
    """Say the first fault in one sentence, without repeating the input."""
    place = place_of(error)
    return f"{place}: {refusal(error)}." if place else f"{refusal(error)}."
