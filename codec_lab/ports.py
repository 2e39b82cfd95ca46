"""What the domain needs from outside, as protocols that adapters keep."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from codec_lab.campaign import Campaign, CampaignChanges, Control, ControlChanges
from codec_lab.change_sets import ChangeSet
from codec_lab.charge import Charge, Statement
from codec_lab.experiment import Attempt, Evaluation, Experiment, ExperimentChanges, HumanReason
from codec_lab.minds import Analysis, AnalysisTask, DesignTask, FixTask
from codec_lab.notice import HumanNotice
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Fix, Proposal

if TYPE_CHECKING:
    from codec_lab.charge import Reserved
    from codec_lab.spending import Refused, Spending


class ObjectStore(Protocol):
    """Bytes by key.

    Every method raises ``StoreUnavailableError`` when the store is busy or away.
    """

    def put(self, key: str, data: bytes) -> None:
        """Store bytes; an object of the same key is replaced."""

    def get(self, key: str) -> bytes:
        """Give the bytes of a key.

        Raises
        ------
        ConfigurationError
            If there is no such object.
        """

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""


class Records(Protocol):
    """The table of campaigns, experiments, attempts and evaluations.

    Every method raises ``StoreUnavailableError`` when the table is busy or away, and
    ``UnknownRecordError`` when a record that is asked for by name does not exist. An update
    writes the attributes that its changes name and no others.
    """

    def campaign(self, campaign_id: str) -> Campaign:
        """Read a campaign."""

    def create_campaign(self, campaign: Campaign, control: Control) -> bool:
        """Write a new campaign; False, and nothing written, if there is one of that name."""

    def update_campaign(self, campaign_id: str, changes: CampaignChanges) -> None:
        """Write some attributes of a campaign."""

    def control(self, campaign_id: str) -> Control:
        """Read what a person set."""

    def update_control(
        self, campaign_id: str, changes: ControlChanges, *, version: int | None = None
    ) -> bool:
        """Write some settings; False, and nothing written, if ``version`` is not theirs."""

    def create_experiment(self, experiment: Experiment) -> bool:
        """Write a new experiment; False, and nothing written, if there is one of that name."""

    def experiment(self, experiment_id: str) -> Experiment:
        """Read an experiment."""

    def update_experiment(self, experiment_id: str, changes: ExperimentChanges) -> None:
        """Write some attributes of an experiment."""

    def update_seen_experiment(self, seen: Experiment, changes: ExperimentChanges) -> bool:
        """Write some attributes; False, and nothing written, if run or status have changed.

        Changes of ``reminded_run`` are written by one of several writers alone.
        """

    def flag_human(self, seen: Experiment, reason: HumanReason) -> None:
        """Append a reason and set ``needs_human``; touches nothing else of the record.

        Nothing is written if run or status have changed: who is asked is asked once.
        """

    def add_model_cost(self, experiment: Experiment, cost_usd: Decimal) -> None:
        """Add to what the experiment and its campaign spent on a model."""

    def add_campaign_cost(self, campaign_id: str, cost_usd: Decimal) -> None:
        """Add to what the campaign spent on a model beside its experiments."""

    def add_aws_cost(self, experiment: Experiment, cost_usd: Decimal, reservation_id: str) -> None:
        """Add to what the experiment spent on AWS; a reservation's cost counts once."""

    def experiments(self, campaign_id: str, count: int | None = None) -> Sequence[Experiment]:
        """List a campaign's experiments, or ``count`` of them, the last updated first."""

    def open_experiments(
        self, campaign_id: str, status: Status, count: int | None = None
    ) -> Sequence[Experiment]:
        """List the experiments that are queued, running or wait, the longest untouched first."""

    def best_experiments(self, campaign_id: str, count: int) -> Sequence[Experiment]:
        """List the experiments of the lowest BD-rate."""

    def put_attempt(self, attempt: Attempt) -> None:
        """Write an attempt; the same attempt again is replaced."""

    def attempts(self, experiment_id: str, phase: Phase | None = None) -> Sequence[Attempt]:
        """List attempts by run, phase and number."""

    def put_evaluation(self, evaluation: Evaluation) -> None:
        """Write what was measured on one clip."""

    def evaluations(self, experiment_id: str) -> Sequence[Evaluation]:
        """List what was measured, clip by clip."""


class ListingKeeper(Protocol):
    """Every experiment in short, for whoever asks about all of them."""

    def keep(self, campaign_id: str) -> None:
        """Keep a campaign's experiments as they are now for whoever asks first."""


class ChangeSets(Protocol):
    """The versions of the campaigns' frameworks."""

    def of(self, campaign_id: str) -> Sequence[ChangeSet]:
        """List a campaign's change sets by version."""

    def create(self, change: ChangeSet) -> bool:
        """Write a new change set; False, and nothing written, if its version is taken."""

    def put(self, change: ChangeSet) -> None:
        """Write what became of a change set."""

    def put_in_force(self, change: ChangeSet) -> bool:
        """Let the campaign work on a version; False unless it works on its base or on it."""


class Ledger(Protocol):
    """What campaigns spend. Every change is atomic and holds the caps."""

    def reserve(
        self, campaign_id: str, reserved: "Reserved", control: Control
    ) -> "Reserved | None":
        """Commit an amount if it fits under the caps; None, and nothing written, if not.

        An open reservation of the same name is that reservation, with its own amount and day.
        What was refused is forgotten once as much has been reserved.
        """

    def settle(self, campaign_id: str, reserved: "Reserved", charges: Sequence[Charge]) -> bool:
        """Put costs in the place of an open reservation; False if it is settled already."""

    def statement(self, campaign_id: str) -> Statement:
        """Read the whole account."""

    def refuse(self, campaign_id: str, refused: "Refused") -> None:
        """Note a reservation that did not fit, in the place of the last one."""

    def spending(self, campaign_id: str, day: date) -> "Spending":
        """Read what is committed in all and of a day."""


class Designer(Protocol):
    """A mind that writes codec source."""

    def design(self, task: DesignTask) -> Proposal:
        """Propose a candidate.

        Raises
        ------
        DesignRejectedError
            If the answer is no candidate that could be tried.
        ModelUnavailableError
            If the model's service is busy or away.
        ModelRefusedError
            If the service refuses the account.
        """


class Fixer(Protocol):
    """A mind that repairs a candidate."""

    def fix(self, task: FixTask) -> Fix:
        """Propose a changed candidate or changed limits.

        Raises
        ------
        NothingLeftToTryError
            If the mind knows no further fix.
        DesignRejectedError, ModelUnavailableError, ModelRefusedError
            As for a design.
        """


class Analyst(Protocol):
    """A mind that explains measurements."""

    def analyze(self, task: AnalysisTask) -> Analysis:
        """Say what measurements mean and rewrite the lessons.

        Raises
        ------
        DesignRejectedError, ModelUnavailableError, ModelRefusedError
            As for a design.
        """


class Executions(Protocol):
    """The executions of the experiment's state machine."""

    def is_running(self, experiment: Experiment) -> bool:
        """Tell whether the execution of the experiment's current run is under way."""

    def has_ended(self, experiment: Experiment) -> bool:
        """Tell whether the execution of the experiment's current run is over: its name is used."""

    def start(self, experiment: Experiment) -> None:
        """Start the experiment's current run, unless it has been started."""

    def stop(self, experiment: Experiment) -> None:
        """End the execution of the experiment's current run, if it is under way."""


class CampaignRuns(Protocol):
    """The executions of the campaign's state machine."""

    def running(self, campaign_id: str) -> str | None:
        """Give the ARN of the execution that runs a campaign, if there is one."""

    def start(self, campaign_id: str) -> str:
        """Start a campaign's machine and give the execution's ARN."""

    def stop(self, execution_arn: str) -> None:
        """End an execution with what it runs; nothing if it has ended."""


class Notifier(Protocol):
    """The way to a person."""

    def notify(self, notice: HumanNotice) -> None:
        """Send a notice."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Give the time in UTC."""
