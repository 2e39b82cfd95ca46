"""Texts without the key, and foreign texts marked as data."""

import hashlib
import re
from collections.abc import Callable

Redact = Callable[[str], str]

EXCERPT_CHARACTERS = 300
MAX_REFUSAL_CHARACTERS = 2_000
"""Of why an answer is refused: it goes into the record of an attempt and into the next prompt."""


def redactor(key: str | None) -> Redact:
    r"""Give the function that takes a key out of a text, also as JSON may spell it.

    JSON has ``\u002d`` for ``-`` and so on; what reads the text would make the key of that.
    """
    if not key:
        return lambda text: text
    spelt = "".join(rf"(?:{re.escape(sign)}|\\+(?i:u{ord(sign):04x}))" for sign in key)
    found = re.compile(spelt)
    return lambda text: found.sub("[key]", text)


def excerpt(text: str, characters: int = EXCERPT_CHARACTERS) -> str:
    """Cut a text, saying so."""
    if len(text) <= characters:
        return text
    return f"{text[:characters]} … ({len(text) - characters} more characters)"


def as_data(kind: str, text: str) -> str:
    """Delimit a text that is no instruction.

    The mark is the text's own hash: no text can hold it, hence none can end its block.
    """
    mark = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
    return f'<data kind="{kind}" mark="{mark}">\n{text}\n</data mark="{mark}">'
