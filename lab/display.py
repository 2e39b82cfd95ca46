"""What shows a running campaign: a live screen at a terminal, lines everywhere else."""

from types import TracebackType
from typing import Protocol, Self

from lab.observation import CampaignView


class Display(Protocol):
    """Shows view after view."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def show(self, view: CampaignView) -> None:
        """Show what was seen."""
