"""The search space that a codec's source declares, and the source with other values.

A codec declares two dict literals at the top level of ``codec.py``::

    PARAMETERS = {"gop_size": 8, "deblocking": True}
    SEARCH_SPACE = {"gop_size": [4, 8, 16], "deblocking": [True, False]}

A list in the space holds the choices; a pair ``(low, high)`` is a range of its numbers' type.
"""

import ast
import json
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator

from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.errors import DesignRejectedError


def _number(value: object) -> object:
    """Read a number of the table, which has one type for all numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


Value = bool | int | float | str
Values = dict[str, Annotated[Value, BeforeValidator(_number)]]
"""Parameters with their values, as a record keeps them."""


class Declared(NamedTuple):
    """What a source declares."""

    parameters: dict[str, Value]
    space: dict[str, list[Value] | tuple[float, float]]


def read(source: str) -> Declared:
    """Find the declarations in a source.

    Raises
    ------
    DesignRejectedError
        If the source has none, or they are no literals of that form.
    """
    literals = {}
    for name in ("PARAMETERS", "SEARCH_SPACE"):
        value = _assignment(source, name).value
        try:
            literals[name] = ast.literal_eval(value)
        except ValueError as error:
            raise DesignRejectedError(f"{name} of codec.py is no literal: {error}.") from error
    parameters, space = literals["PARAMETERS"], literals["SEARCH_SPACE"]
    if not isinstance(parameters, dict) or not isinstance(space, dict):
        raise DesignRejectedError("PARAMETERS and SEARCH_SPACE of codec.py must be dict literals.")
    unknown = sorted(space.keys() - parameters.keys())
    if unknown:
        raise DesignRejectedError(f"SEARCH_SPACE names {unknown[0]}, which is not in PARAMETERS.")
    return Declared(parameters, space)


def of_candidate(candidate: Candidate) -> dict[str, Value] | None:
    """Give the values that a candidate declares; None if it declares none."""
    try:
        return read(candidate.files[ENTRY_FILE]).parameters
    except DesignRejectedError:
        return None


def write(source: str, parameters: Mapping[str, Value]) -> str:
    """Give the source with other PARAMETERS, one a line; all else stays to the letter."""
    node = _assignment(source, "PARAMETERS")
    entries = "".join(f"    {_literal(key)}: {_literal(parameters[key])},\n" for key in parameters)
    lines = source.splitlines(keepends=True)
    if node.end_lineno is None:
        raise DesignRejectedError("PARAMETERS of codec.py has no end.")
    before, after = lines[: node.lineno - 1], lines[node.end_lineno :]
    return "".join([*before, "PARAMETERS = {\n", entries, "}\n", *after])


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
        return round(generator.uniform(low, high), 4)
    others = [choice for choice in choices if choice != value]
    return generator.choice(others) if others else value


def _assignment(source: str, name: str) -> ast.Assign:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise DesignRejectedError(f"codec.py does not parse: line {error.lineno}.") from error
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
