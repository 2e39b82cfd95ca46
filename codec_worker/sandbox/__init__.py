"""Runs ``encode`` and ``decode`` of a candidate, each in its own locked-down process.

See ``docs/security.md`` for what this defends against and how. Nothing is imported here: a process
can only enter namespaces of its own before numpy starts threads.
"""
