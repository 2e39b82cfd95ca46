"""The terminal that the commands speak to."""

import sys

from rich.console import Console

_WIDTH_OF_LOGS = 140
"""Columns of tables where there is no terminal that has a width."""

console = Console(
    highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_LOGS, markup=False
)
