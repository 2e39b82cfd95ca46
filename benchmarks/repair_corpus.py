"""Broken candidates: designs on the small codec, each with a mistake that generated code makes.

A case of ``repair_corpus.toml`` is a sound design, made by exact replacements in the small codec,
and a mistake on top of it. Healed means that the repaired candidate passes validation; whether
the design survived is told apart.
"""

import random
import tomllib
from pathlib import Path

from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.limits import MIB, Limits
from codec_lab.model import Model

SPLIT_SEED = 2026
LIMITS = Limits(cpu_s=5, wall_s=20, memory_bytes=256 * MIB)
HARD_LIMITS = Limits(cpu_s=10, wall_s=40, memory_bytes=512 * MIB)

SMALL = Path(__file__).resolve().parent.parent / "codec_worker/codecs/small.py"
_FILE = Path(__file__).with_suffix(".toml")

Edits = tuple[tuple[str, str], ...]
"""Replacements of texts that occur exactly once."""


class Design(Model):
    """A sound change of the small codec."""

    name: str
    edits: Edits


class Case(Model):
    """A mistake of a class, the design that it spoils, and what the candidate asks for."""

    kind: str
    name: str
    design: str
    edits: Edits
    packages: tuple[str, ...] = ()


class Corpus(Model):
    """All designs and mistakes."""

    designs: tuple[Design, ...]
    cases: tuple[Case, ...]

    @classmethod
    def read(cls) -> "Corpus":
        """Read the file."""
        return cls.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))

    def designed(self, name: str) -> Candidate:
        """Make a sound design."""
        design = next(design for design in self.designs if design.name == name)
        return _candidate(_edited(SMALL.read_text(encoding="utf-8"), design.edits), ())

    def broken(self, case: Case) -> Candidate:
        """Make the broken candidate of a case."""
        sound = self.designed(case.design).files[ENTRY_FILE]
        return _candidate(_edited(sound, case.edits), case.packages)

    def halves(self) -> tuple[list[Case], list[Case]]:
        """Split within each class: for developing rules, and for testing them."""
        generator = random.Random(SPLIT_SEED)  # noqa: S311
        development: list[Case] = []
        test: list[Case] = []
        for kind in dict.fromkeys(case.kind for case in self.cases):
            cases = [case for case in self.cases if case.kind == kind]
            generator.shuffle(cases)
            fewer, more = sorted((development, test), key=len)
            fewer += cases[::2]
            more += cases[1::2]
        return development, test


def _candidate(source: str, packages: tuple[str, ...]) -> Candidate:
    return Candidate(files={ENTRY_FILE: source}, packages=packages)


def _edited(source: str, edits: Edits) -> str:
    """Make replacements.

    Raises
    ------
    ValueError
        If a text does not occur exactly once: the codec has changed.
    """
    for old, new in edits:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} occurs {source.count(old)} times")
        source = source.replace(old, new)
    return source
