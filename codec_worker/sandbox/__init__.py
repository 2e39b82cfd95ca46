"""Runs ``encode`` and ``decode`` of a candidate, each in its own locked-down process.

See ``docs/security.md`` for what this defends against and how.
"""

from codec_worker.sandbox.outcome import Outcome, Run, SandboxUnavailableError
from codec_worker.sandbox.probe import Layers, probe
from codec_worker.sandbox.readable import Installed
from codec_worker.sandbox.sandbox import Sandbox

__all__ = ["Installed", "Layers", "Outcome", "Run", "Sandbox", "SandboxUnavailableError", "probe"]
