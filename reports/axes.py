"""From measured values to places on a drawing."""

import math
from collections.abc import Iterable
from typing import NamedTuple

_STEPS = (1, 2, 2.5, 5, 10)
_MANTISSAS = (1, 2, 5)


class Tick(NamedTuple):
    """A marked value of an axis: where, and what stands there."""

    at: float
    text: str


class Axis(NamedTuple):
    """A scale between two values and two places.

    Attributes
    ----------
    low, high : float
        Values at the ends; on a logarithmic scale their logarithms to base 10.
    start, end : float
        The places of both, in units of the drawing.
    ticks : tuple of Tick
        Round values in between.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> float:
        """Give the place of a value."""
        scaled = math.log10(value) if self.is_log else value
        share = (scaled - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


def linear(values: Iterable[float], start: float, end: float, count: int = 6) -> Axis:
    """Make an axis that holds all values, with about ``count`` ticks."""
    low, high = _widened(values, 1.0)
    step = _step((high - low) / count)
    first, last = math.floor(low / step), math.ceil(high / step)
    axis = Axis(first * step, last * step, start, end, is_log=False, ticks=())
    marked = [round(index * step, 9) for index in range(first, last + 1)]
    digits = next(n for n in range(10) if all(round(v, n) == v for v in marked))
    return axis._replace(ticks=tuple(Tick(axis.at(v), _text(v, digits)) for v in marked))


def whole(values: Iterable[int], start: float, end: float, count: int = 10) -> Axis:
    """Make an axis of whole numbers with half a number of room at its ends."""
    numbers = list(values)
    low, high = min(numbers) - 0.5, max(numbers) + 0.5
    step = max(1, round(_step((high - low) / count)))
    axis = Axis(low, high, start, end, is_log=False, ticks=())
    first = math.ceil(low / step)
    marked = (index * step for index in range(first, math.floor(high / step) + 1))
    return axis._replace(ticks=tuple(Tick(axis.at(v), str(v)) for v in marked))


def logarithmic(values: Iterable[float], start: float, end: float) -> Axis:
    """Make a logarithmic axis that holds all values, with ticks at 1, 2 and 5 of each decade."""
    low, high = _widened((math.log10(value) for value in values), 0.1)
    margin = 0.04 * (high - low)
    axis = Axis(low - margin, high + margin, start, end, is_log=True, ticks=())
    marked = [
        mantissa * 10.0**decade
        for decade in range(math.floor(axis.low), math.ceil(axis.high) + 1)
        for mantissa in _MANTISSAS
    ]
    shown = [value for value in marked if axis.low <= math.log10(value) <= axis.high]
    return axis._replace(ticks=tuple(Tick(axis.at(value), f"{value:g}") for value in shown))


def _widened(values: Iterable[float], least: float) -> tuple[float, float]:
    numbers = list(values)
    low, high = min(numbers), max(numbers)
    return (low, high) if high - low >= least else (low - least / 2, high + least / 2)


def _step(smallest: float) -> float:
    decade = 10.0 ** math.floor(math.log10(smallest))
    return next(step * decade for step in _STEPS if step * decade >= smallest * (1 - 1e-9))


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
