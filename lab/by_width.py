"""Pictures that depend on how many columns a terminal has."""

from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


class ByWidth(NamedTuple):
    """One picture for wide terminals, another for narrow ones.

    Attributes
    ----------
    columns : int
        What the wide picture needs, in characters.
    wide, narrow : RenderableType
        The pictures.
    """

    columns: int
    wide: RenderableType
    narrow: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the picture that fits."""
        yield self.wide if options.max_width >= self.columns else self.narrow
