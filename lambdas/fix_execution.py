"""The state ``FixExecution``."""

from lambdas.fix import handler

__all__ = ["handler"]
