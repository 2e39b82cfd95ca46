"""Texts as the public may read them."""

import re
from collections.abc import Iterable

_KEPT_BACK = (
    (re.compile(r"\b(?:sk-ant-[\w-]+|(?:AKIA|ASIA)[A-Z0-9]{16})"), "[key]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\bhttps?://\S*(?:[?&#](?:X-Amz-|token=|Signature=)|@)\S*"), "[address]"),
    (re.compile(r"\barn:[\w-]+:\S+"), "[address]"),
    (re.compile(r"(?<![\d.])\d{12}(?![\d.])"), "[account]"),
    (
        re.compile(
            r"(?<![\w.:/])/(?:dev|etc|home|mnt|opt|private|proc|root|run|srv|tmp|Users|usr|var|work"
            r"|workspace)/[^\s'\"`,;:()<>]*"
        ),
        "[path]",
    ),
)
_HIDDEN = "a hidden clip"


class Redaction:
    """Takes out of texts what is not for the public.

    That is names of hidden clips, keys and tokens, signed addresses, names and numbers of an
    account's resources, and paths of a machine.

    Parameters
    ----------
    hidden_clips : iterable of str
        Names that must not be known.
    """

    def __init__(self, hidden_clips: Iterable[str]) -> None:
        names = sorted(hidden_clips, key=len, reverse=True)  # the longest of those that overlap
        either = "|".join(map(re.escape, names))
        self._hidden = (
            re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE)
            if names
            else None
        )

    def __call__(self, text: str) -> str:
        """Give a text without them; each leaves a word that says what stood there."""
        if self._hidden is not None:
            text = self._hidden.sub(_HIDDEN, text)
        for pattern, instead in _KEPT_BACK:
            text = pattern.sub(instead, text)
        return text

    def finds_something(self, text: str) -> bool:
        """Tell whether a text has anything to keep back."""
        return self(text) != text
