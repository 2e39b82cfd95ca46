"""The parts of the lab that a mind may change: an overlay of a few text files.

What is not on the list below cannot be changed from within, least of all the sandbox, the metrics,
the anchors, the attestation and these rules. The overlay lies in the object store and never
becomes a file of the lab: prompts are quoted, thresholds are bounded numbers, and modules run
where candidates run.
"""

import ast
import keyword
import posixpath
import warnings
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from codec_lab.candidate import MAX_PATH_BYTES
from codec_lab.model import Model, located_refusal
from codec_lab.plan import EvaluationPlan, Screen

PROMPTS = ("prompts/design.md", "prompts/fix.md", "prompts/analyze.md")
"""Guidance that is added to the prompt of that name."""

LESSONS = "lessons.md"
"""Lessons that stay when the notebook is rewritten."""

SCREENING = "screening.json"
"""Thresholds of the screen: a ``Screening``."""

TOOLBOX = "toolbox"
"""The folder of modules that candidates import as ``toolbox.<name>``."""

ALLOWED = f"{', '.join(PROMPTS)}, {LESSONS}, {SCREENING} and {TOOLBOX}/<module>.py"

MAX_FILES = 16
MAX_FILE_BYTES = 16_000
MAX_BYTES = 64_000

_ROOT = "/overlay"


class Screening(Model):
    """Thresholds of the screen.

    Attributes
    ----------
    margin_percent : float
        As in ``Screen``. Below 2 points the screen would stop what it cannot tell apart.
    """

    margin_percent: Annotated[float, Field(ge=2, le=50)]


class Framework(Model):
    """The overlay of one version.

    Attributes
    ----------
    version : int
        Counts the change sets of a campaign; 0 is the lab as it was deployed.
    files : dict of str to str
        Texts by path.
    """

    version: Annotated[int, Field(ge=0)] = 0
    files: dict[str, str] = Field(default_factory=dict)

    @field_validator("files")
    @classmethod
    def _sizes_are_bounded(cls, files: dict[str, str]) -> dict[str, str]:
        sizes = {path: len(text.encode(errors="surrogatepass")) for path, text in files.items()}
        if len(files) > MAX_FILES or sum(sizes.values()) > MAX_BYTES:
            raise ValueError(
                f"the overlay has {len(files)} files of {sum(sizes.values())} bytes; at most "
                f"{MAX_FILES} of {MAX_BYTES} are kept"
            )
        for path, size_bytes in sizes.items():
            if size_bytes > MAX_FILE_BYTES:
                raise ValueError(
                    f"{path[:80]} has {size_bytes} bytes; at most {MAX_FILE_BYTES} are kept"
                )
        return files

    @field_validator("files")
    @classmethod
    def _locations_are_allowed(cls, files: dict[str, str]) -> dict[str, str]:
        _refuse_paths(files)
        return files

    @model_validator(mode="after")
    def _content_is_of_its_form(self) -> Self:
        for path, text in self.files.items():
            try:
                text.encode()
                if path == SCREENING:
                    Screening.model_validate_json(text)
                elif path.endswith(".py"):
                    _parse(text, path)
            except ValidationError as error:
                raise ValueError(f"{path}: {located_refusal(error)}") from None
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise ValueError(f"{path} cannot be read: {error}") from None
        return self

    @property
    def toolbox(self) -> dict[str, str]:
        """The modules that travel with every candidate."""
        return {path: text for path, text in self.files.items() if path.endswith(".py")}

    @property
    def lessons(self) -> str:
        """The lessons that stay."""
        return self.files.get(LESSONS, "")

    def guidance(self, role: str) -> str:
        """Give what is added to the prompt ``design``, ``fix`` or ``analyze``."""
        return self.files.get(f"prompts/{role}.md", "")

    def changed(self, files: Mapping[str, str]) -> "Framework":
        """Give the overlay with files added or replaced, and those without text left out.

        Raises
        ------
        ValueError
            If a path is protected, or a text too long or not of its form.
        """
        _refuse_paths(files)  # one that is left out must be allowed too
        merged = {path: text for path, text in {**self.files, **files}.items() if text}
        return Framework(version=self.version, files=merged)

    def applied_to(self, plan: EvaluationPlan) -> EvaluationPlan:
        """Give the plan with this version's thresholds; what is measured stays as it is."""
        if plan.screen is None or SCREENING not in self.files:
            return plan
        chosen = Screening.model_validate_json(self.files[SCREENING])
        screen = Screen(**{**plan.screen.model_dump(), **chosen.model_dump()})
        return plan.model_copy(update={"screen": screen})


SHIPPED = Framework()
"""The lab as it was deployed."""


def is_allowed(path: str) -> bool:
    """Tell whether a path leads to a place of the overlay that may be changed.

    The path is judged by where it leads, and must be written as that place.
    """
    location = PurePosixPath(posixpath.normpath(posixpath.join(_ROOT, path)))
    if not location.is_relative_to(_ROOT) or str(location.relative_to(_ROOT)) != path:
        return False
    if path in {*PROMPTS, LESSONS, SCREENING}:
        return True
    name = location.stem
    return (
        location.parent == PurePosixPath(_ROOT, TOOLBOX)
        and location.suffix == ".py"
        and name.isascii()
        and name.isidentifier()
        and not name.startswith("_")
        and not keyword.iskeyword(name)
    )


def _refuse_paths(paths: Iterable[str]) -> None:
    for path in paths:
        if not is_allowed(path):
            raise ValueError(f"{path[:80]!r} is protected; a change may touch {ALLOWED}")
        if len(path) > MAX_PATH_BYTES:  # an allowed path is ASCII
            raise ValueError(
                f"the path {path[:80]}... has {len(path)} bytes; at most {MAX_PATH_BYTES} are kept"
            )


def _parse(text: str, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(text, path)
