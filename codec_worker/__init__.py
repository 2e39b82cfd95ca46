"""The bench: runs candidate codecs in a sandbox and measures what they really do."""
