"""The random tokens in the place of a sign-in, made anew at each start of the cloud."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

ROLES = ("operator", "viewer")
"""The groups of the user pool."""

_TOKENS = TypeAdapter(dict[str, str])


def make_tokens() -> dict[str, str]:
    """Return a fresh token for each role."""
    return {role: secrets.token_urlsafe(32) for role in ROLES}


def write_tokens(path: Path, tokens: Mapping[str, str]) -> None:
    """Write the tokens to a file that its owner alone may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_TOKENS.dump_json(dict(tokens)))


def read_tokens(path: Path) -> dict[str, str]:
    """Return the tokens of a running cloud."""
    return _TOKENS.validate_json(path.read_bytes())
