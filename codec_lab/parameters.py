"""The search space that a codec's source declares, and the source with other values.

A codec declares two dict literals at the top level of ``codec.py``::

    PARAMETERS = {"gop_size": 8, "deblocking": True}
    SEARCH_SPACE = {"gop_size": [4, 8, 16], "deblocking": [True, False]}

A list in the space holds the choices; a pair ``(low, high)`` is a range of its numbers' type.
What can be searched is plain: a truth value, a number or a short text. Any other entry of
PARAMETERS is the codec's own constant: it is neither searched nor recorded, and stays as written.
"""

import ast
import json
import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import floor, log10
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.errors import DesignRejectedError
from codec_lab.source_lines import replaced

MAX_ENTRIES = 200
"""Entries of PARAMETERS, and choices of one parameter."""

MAX_CHARACTERS = 200
"""Of a name, and of a text."""

LARGEST = 2**53
"""The largest number: below it every integer is a float too, as the estimator has it."""

SMALLEST = 1e-30
"""The least magnitude beside 0; the table holds none below 1e-128."""


def _number(value: object) -> object:
    """Read a number of the table, which has one type for all numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


Value = bool | int | float | str
Values = dict[str, Annotated[Value, BeforeValidator(_number)]]
"""Parameters with their values, as a record keeps them."""


def _large_enough(value: float) -> float:
    if 0 < abs(value) < SMALLEST:
        raise ValueError(f"is closer to 0 than {SMALLEST}")
    return value


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("begins above its end")
    return pair


_Text = Annotated[str, StringConstraints(max_length=MAX_CHARACTERS)]
_Name = Annotated[_Text, StringConstraints(min_length=1)]
_Integer = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
_Real = Annotated[float, Field(ge=-LARGEST, le=LARGEST), AfterValidator(_large_enough)]
_Plain = bool | _Integer | _Real | _Text
_Listed = Annotated[list[_Plain], Field(min_length=1, max_length=MAX_ENTRIES)]
_Range = Annotated[tuple[_Integer | _Real, _Integer | _Real], AfterValidator(_ascending)]

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_ENTRY: TypeAdapter[Any] = TypeAdapter(tuple[_Name, _Plain], config=_STRICT)
_CHOICES: TypeAdapter[Any] = TypeAdapter(_Listed | _Range, config=_STRICT)


class Declared(NamedTuple):
    """What a source declares: all plain values of PARAMETERS, and SEARCH_SPACE."""

    parameters: dict[str, Value]
    space: dict[str, list[Value] | tuple[float, float]]


def read(source: str) -> Declared:
    """Find the declarations in a source.

    Raises
    ------
    DesignRejectedError
        If the source has none, or they are no literals of that form.
    """
    tree = _parsed(source)
    written, space = (_dict(tree, name) for name in ("PARAMETERS", "SEARCH_SPACE"))
    if len(written) > MAX_ENTRIES:
        raise DesignRejectedError(
            f"PARAMETERS of codec.py has {len(written)} entries; declare {MAX_ENTRIES} at most."
        )
    parameters = {name: value for name, value in written.items() if _fits(_ENTRY, (name, value))}
    for name, choices in space.items():
        shown = name[:MAX_CHARACTERS] if isinstance(name, str) else f"a {type(name).__name__}"
        if name not in written:
            raise DesignRejectedError(f"SEARCH_SPACE names {shown}, which is not in PARAMETERS.")
        if name not in parameters:
            raise DesignRejectedError(
                f"PARAMETERS of codec.py has a value for {shown} that cannot be searched: make it "
                "True or False, a number or a short text, or take it out of SEARCH_SPACE."
            )
        if not _fits(_CHOICES, choices):
            raise DesignRejectedError(
                f"SEARCH_SPACE of codec.py needs for {shown} a list of choices, each True or "
                "False, a number or a short text, or a pair (low, high) of numbers."
            )
    return Declared(parameters, space)


def _fits(form: TypeAdapter[Any], value: object) -> bool:
    try:
        form.validate_python(value)
    except ValidationError:
        return False
    return True


def _dict(tree: ast.Module, name: str) -> dict[Any, Any]:
    try:
        value = ast.literal_eval(_assignment(tree, name).value)
    except (TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise DesignRejectedError(
            f"{name} of codec.py is no literal: {str(error)[:MAX_CHARACTERS]}."
        ) from error
    if not isinstance(value, dict):
        raise DesignRejectedError("PARAMETERS and SEARCH_SPACE of codec.py must be dict literals.")
    return value


def of_candidate(candidate: Candidate) -> dict[str, Value] | None:
    """Give the values that a candidate declares; None if it declares none."""
    try:
        return read(candidate.files[ENTRY_FILE]).parameters
    except DesignRejectedError:
        return None


def write(source: str, parameters: Mapping[str, Value]) -> str:
    """Give the source with other PARAMETERS, one a line; all else stays to the letter.

    Raises
    ------
    DesignRejectedError
        If the source has none.
    """
    written = _assignment(_parsed(source), "PARAMETERS").value
    entries = [f"    {_literal(key)}: {_literal(parameters[key])},\n" for key in parameters]
    entries += [f"    {entry},\n" for entry in _entries_beside(parameters, written, source)]
    return replaced(source, written, "".join(["{\n", *entries, "}"]))


def _entries_beside(
    parameters: Mapping[str, Value], written: ast.expr, source: str
) -> Iterator[str]:
    """Give the source of those entries that are no parameters but the codec's own constants."""
    if isinstance(written, ast.Dict):
        for key, value in zip(written.keys, written.values, strict=True):
            if key and not (isinstance(key, ast.Constant) and key.value in parameters):
                parts = (ast.get_source_segment(source, part) or "" for part in (key, value))
                yield ": ".join(parts)


def _literal(value: Value) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def step(declared: Declared, generator: random.Random, changes: int) -> dict[str, Value]:
    """Change some parameters at random.

    Parameters
    ----------
    declared : Declared
        The values to start from and the space.
    generator : random.Random
        Where chance comes from.
    changes : int
        How many parameters change, at most as many as there are.

    Returns
    -------
    dict
        All parameters with the new values, in the old order.
    """
    names = generator.sample(sorted(declared.space), min(changes, len(declared.space)))
    changed = {name: _draw(declared, name, generator) for name in names}
    return {**declared.parameters, **changed}


def anywhere(declared: Declared, generator: random.Random) -> dict[str, Value]:
    """Draw every parameter of the space, the present value as likely as any other."""
    drawn = {
        name: generator.choice(choices)
        if isinstance(choices, list)
        else _draw(declared, name, generator)
        for name, choices in declared.space.items()
    }
    return {**declared.parameters, **drawn}


def _draw(declared: Declared, name: str, generator: random.Random) -> Value:
    choices, value = declared.space[name], declared.parameters[name]
    if isinstance(choices, tuple):
        low, high = choices
        if isinstance(low, int) and isinstance(high, int):
            return generator.randint(low, high)
        return rounded(generator.uniform(low, high), low, high)
    others = [choice for choice in choices if choice != value]
    return generator.choice(others) if others else value


def rounded(value: float, low: float, high: float) -> float:
    """Round a number of a range to four decimals, or as many as tell its ends apart.

    Returns
    -------
    float
        Within the range, whose width it resolves to four digits or more.
    """
    width = high - low
    decimals = max(4, 3 - floor(log10(width))) if width > 0 else 4
    return min(max(round(value, decimals), float(low)), float(high))


def as_declared(declared: Declared, name: str, value: Value) -> Value:
    """Give a value the type that the source declares: the table keeps 1.0 as 1."""
    own, choices = declared.parameters[name], declared.space[name]
    if isinstance(choices, list):
        return next((one for one in (own, *choices) if one == value), value)
    if value == own:
        return own
    has_reals = any(isinstance(end, float) for end in choices)
    return float(value) if has_reals and isinstance(value, int) else value


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise DesignRejectedError(f"codec.py does not parse: line {error.lineno}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise DesignRejectedError(
            f"codec.py does not parse: {str(error) or 'it is nested too deeply'}."
        ) from error


def _assignment(tree: ast.Module, name: str) -> ast.Assign:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return node
    raise DesignRejectedError(
        f"codec.py declares no {name}; the offline search needs PARAMETERS and SEARCH_SPACE."
    )


def difference(before: Mapping[str, Value], after: Mapping[str, Value]) -> str:
    """Say in one sentence which values changed."""
    changed = [
        f"{name} from {before[name]!r} to {after[name]!r}"
        for name in after
        if after[name] != before[name]
    ]
    return f"Changes {' and '.join(changed)}."
