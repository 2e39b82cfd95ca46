"""The state ``JudgeValidation``."""

from lambdas.judge import handler

__all__ = ["handler"]
