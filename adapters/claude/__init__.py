"""The mind that is Claude: designs and repairs by tool use, through the ``anthropic`` SDK."""
