"""The state ``JudgeExecution``."""

from lambdas.judge import handler

__all__ = ["handler"]
