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


def _block(block: Any) -> str:
    """Write a block: a model of the SDK in an answer, a mapping in what was said to it."""
    fields: Mapping[str, Any] = block if isinstance(block, Mapping) else block.model_dump()
    if fields["type"] == "tool_use":
        return f"({fields['name']}) {fields['input']}"
    return str(fields.get("text") or fields.get("content") or fields.get("thinking") or "")
