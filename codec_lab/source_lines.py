r"""Source by the lines and columns that Python counts, in which ``ast`` and tracebacks speak.

``str.splitlines`` counts otherwise: to it a form feed and Unicode's separators end a line too,
to Python only ``\n``, ``\r`` and ``\r\n`` do.
"""

import ast
import io


def lines_of(source: str) -> list[str]:
    """Part a source into the lines that Python counts, each with its end."""
    return io.StringIO(source, newline="").readlines()


def replaced(source: str, node: ast.expr, text: str) -> str:
    """Give a source with another text in the place of an expression; all else stays."""
    lines = lines_of(source)
    start = _offset(lines, node.lineno, node.col_offset)
    end = _offset(lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
    return f"{source[:start]}{text}{source[end:]}"


def _offset(lines: list[str], line: int, column_bytes: int) -> int:
    """Find a place: ``ast`` counts lines from 1 and within them the bytes of UTF-8."""
    before = lines[line - 1].encode()[:column_bytes].decode()
    return sum(map(len, lines[: line - 1])) + len(before)
