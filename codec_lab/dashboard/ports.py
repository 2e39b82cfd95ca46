"""What the dashboard needs from outside beside the ports of the experiments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from codec_lab.dashboard.campaign_views import AlarmView
from codec_lab.dashboard.command_models import AuditEntry
from codec_lab.dashboard.evidence_views import LogLevel, LogPage, SignedUrl
from codec_lab.dashboard.roster import Roster
from codec_lab.ports import ObjectStore
from codec_lab.state_visit import StateVisit


class Listing(Protocol):
    """Every experiment in short."""

    def campaign_ids(self) -> Sequence[str]:
        """Name every campaign, the last created first."""

    def rows(self, campaign_id: str) -> Roster:
        """Give a campaign's experiments: the same roster until one of them moves."""


class Histories(Protocol):
    """What executions did."""

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        """Give every state visited so far."""


class Evidence(ObjectStore, Protocol):
    """The store of evidence with what a download needs."""

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Give the size in bytes of every object under a prefix, by key."""

    def signed_url(self, key: str, file_name: str, lifetime_s: int) -> SignedUrl:
        """Give an address that downloads an object until it expires."""


class LogRequest(NamedTuple):
    """Which log lines are wanted.

    Attributes
    ----------
    containing : str
        Lines with this text.
    since, before : datetime
        Not older than the one and older than the other.
    """

    containing: str
    level: LogLevel
    since: datetime
    before: datetime
    limit: int


class Logs(Protocol):
    """What functions and jobs logged."""

    def page(self, request: LogRequest) -> LogPage:
        """Give the latest lines that are wanted."""


class JobCounts(NamedTuple):
    """Jobs of the bench."""

    waiting: int
    running: int


class Operations(Protocol):
    """How the deployment works."""

    def alarms(self) -> Sequence[AlarmView]:
        """Give the alarms."""

    def jobs(self) -> JobCounts | None:
        """Count the bench's jobs; None where they cannot be counted."""


class CommandLog(Protocol):
    """Every command that a person gave."""

    def begin(self, entry: AuditEntry) -> AuditEntry | None:
        """Write a command down; give the earlier one of its key instead if there is one."""

    def finish(self, entry: AuditEntry) -> None:
        """Write down what became of a command."""

    def entries(self, campaign_id: str) -> Sequence[AuditEntry]:
        """Give a campaign's commands, in no order."""
