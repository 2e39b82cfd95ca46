"""The time of the machine."""

from datetime import UTC, datetime


class SystemClock:
    """Keeps the port ``Clock``."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)
