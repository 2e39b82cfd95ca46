"""The state ``FixValidation``."""

from lambdas.fix import handler

__all__ = ["handler"]
