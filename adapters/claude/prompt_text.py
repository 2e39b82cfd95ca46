"""A prompt as text for people: the conversation first, the long part that never changes last."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anthropic.types import MessageParam, TextBlockParam


def written(system: TextBlockParam, messages: Sequence[MessageParam]) -> str:
    """Write everything that a model is told, its own earlier answers included."""
    parts = [f"[{message['role']}]\n{_text(message['content'])}" for message in messages]
    return "\n\n".join([*parts, f"[system, sent before all of this]\n{system['text']}\n"])


def _text(content: str | Iterable[Any]) -> str:
    return content if isinstance(content, str) else "\n".join(map(_block, content))


def _block(block: Mapping[str, Any]) -> str:
    if block["type"] == "tool_use":
        return f"({block['name']}) {block['input']}"
    return str(block.get("text") or block.get("content") or block.get("thinking") or "")
