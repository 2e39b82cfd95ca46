"""In-memory keepers of the domain's ports."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from codec_lab.campaign import Campaign, CampaignChanges, Control, ControlChanges
from codec_lab.change_sets import ChangeSet
from codec_lab.charge import Charge, Reserved, Statement, summed
from codec_lab.errors import ConfigurationError, StoreUnavailableError, UnknownRecordError
from codec_lab.experiment import Attempt, Evaluation, Experiment, ExperimentChanges, HumanReason
from codec_lab.minds import DesignTask, FixTask
from codec_lab.notice import HumanNotice
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Fix, Proposal
from codec_lab.spending import Refused, Spending


class ManualClock:
    """Moves by a second each time it is read."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


class MemoryObjects:
    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        self.data[key] = data

    def get(self, key: str) -> bytes:
        if key not in self.data:
            raise ConfigurationError(f"There is no object {key}.")
        return self.data[key]

    def exists(self, key: str) -> bool:
        return key in self.data


class MemoryRecords:
    def __init__(self) -> None:
        self.campaigns: dict[str, Campaign] = {}
        self.controls: dict[str, Control] = {}
        self.by_id: dict[str, Experiment] = {}
        self.attempt_rows: dict[tuple[str, int, int, int], Attempt] = {}
        self.evaluation_rows: dict[tuple[str, str, str], Evaluation] = {}
        self.paid: set[tuple[str, str]] = set()

    def campaign(self, campaign_id: str) -> Campaign:
        if campaign_id not in self.campaigns:
            raise UnknownRecordError(f"There is no campaign {campaign_id!r}.")
        return self.campaigns[campaign_id]

    def create_campaign(self, campaign: Campaign, control: Control) -> bool:
        if campaign.campaign_id in self.campaigns:
            return False
        self.campaigns[campaign.campaign_id] = campaign
        self.controls[campaign.campaign_id] = control
        return True

    def update_campaign(self, campaign_id: str, changes: CampaignChanges) -> None:
        written = {name: getattr(changes, name) for name in changes.model_fields_set}
        self.campaigns[campaign_id] = self.campaign(campaign_id).model_copy(update=written)

    def control(self, campaign_id: str) -> Control:
        if campaign_id not in self.controls:
            raise UnknownRecordError(f"There is no campaign {campaign_id!r}.")
        return self.controls[campaign_id]

    def update_control(
        self, campaign_id: str, changes: ControlChanges, *, version: int | None = None
    ) -> bool:
        control = self.control(campaign_id)
        if version not in {None, control.version}:
            return False
        written = {name: getattr(changes, name) for name in changes.model_fields_set}
        written["version"] = control.version + 1
        self.controls[campaign_id] = control.model_copy(update=written)
        return True

    def create_experiment(self, experiment: Experiment) -> bool:
        if experiment.experiment_id in self.by_id:
            return False
        self.by_id[experiment.experiment_id] = experiment
        return True

    def experiment(self, experiment_id: str) -> Experiment:
        if experiment_id not in self.by_id:
            raise UnknownRecordError(f"There is no experiment {experiment_id!r}.")
        return self.by_id[experiment_id]

    def update_experiment(self, experiment_id: str, changes: ExperimentChanges) -> None:
        written = {name: getattr(changes, name) for name in changes.model_fields_set}
        self.by_id[experiment_id] = self.experiment(experiment_id).model_copy(update=written)

    def update_seen_experiment(self, seen: Experiment, changes: ExperimentChanges) -> bool:
        stored = self.experiment(seen.experiment_id)
        seen_of = {"run", "status"} | ({"reminded_run"} & changes.model_fields_set)
        if any(getattr(stored, name) != getattr(seen, name) for name in seen_of):
            return False
        self.update_experiment(seen.experiment_id, changes)
        return True

    def flag_human(self, seen: Experiment, reason: HumanReason) -> None:
        stored = self.experiment(seen.experiment_id)
        if (stored.run, stored.status) != (seen.run, seen.status):
            return
        self.by_id[seen.experiment_id] = stored.model_copy(
            update={
                "needs_human": True,
                "status": Status.NEEDS_HUMAN,
                "phase": reason.phase,
                "human_intervention_reasons": (*stored.human_intervention_reasons, reason),
            }
        )

    def add_model_cost(self, experiment: Experiment, cost_usd: Decimal) -> None:
        stored = self.experiment(experiment.experiment_id)
        cost = {"model_cost_usd": stored.model_cost_usd + cost_usd}
        self.by_id[stored.experiment_id] = stored.model_copy(update=cost)
        self.add_campaign_cost(stored.campaign_id, cost_usd)

    def add_campaign_cost(self, campaign_id: str, cost_usd: Decimal) -> None:
        campaign = self.campaign(campaign_id)
        cost = {"model_cost_usd": campaign.model_cost_usd + cost_usd}
        self.campaigns[campaign.campaign_id] = campaign.model_copy(update=cost)

    def add_aws_cost(self, experiment: Experiment, cost_usd: Decimal, reservation_id: str) -> None:
        stored = self.experiment(experiment.experiment_id)
        if (stored.experiment_id, reservation_id) in self.paid:
            return
        self.paid.add((stored.experiment_id, reservation_id))
        cost = {"aws_cost_usd": (stored.aws_cost_usd or Decimal(0)) + cost_usd}
        self.by_id[stored.experiment_id] = stored.model_copy(update=cost)

    def experiments(self, campaign_id: str, count: int | None = None) -> Sequence[Experiment]:
        found = [e for e in self.by_id.values() if e.campaign_id == campaign_id]
        return sorted(found, key=lambda e: e.updated_at, reverse=True)[:count]

    def open_experiments(
        self, campaign_id: str, status: Status, count: int | None = None
    ) -> Sequence[Experiment]:
        found = [e for e in self.experiments(campaign_id) if e.status is status]
        return found[::-1][:count]

    def best_experiments(self, campaign_id: str, count: int) -> Sequence[Experiment]:
        found = [e for e in self.experiments(campaign_id) if e.bd_rate_percent is not None]
        return sorted(found, key=lambda e: e.bd_rate_percent or 0.0)[:count]

    def put_attempt(self, attempt: Attempt) -> None:
        key = (attempt.experiment_id, attempt.run, attempt.phase.number, attempt.attempt)
        self.attempt_rows[key] = attempt

    def attempts(self, experiment_id: str, phase: Phase | None = None) -> Sequence[Attempt]:
        rows = [self.attempt_rows[key] for key in sorted(self.attempt_rows)]
        return [
            row for row in rows if row.experiment_id == experiment_id and phase in {None, row.phase}
        ]

    def put_evaluation(self, evaluation: Evaluation) -> None:
        key = (evaluation.experiment_id, evaluation.result.clip, evaluation.candidate_sha256)
        self.evaluation_rows[key] = evaluation

    def evaluations(self, experiment_id: str) -> Sequence[Evaluation]:
        return [row for key, row in self.evaluation_rows.items() if key[0] == experiment_id]


class MemoryChangeSets:
    """The versions of frameworks in memory; which one is in force, the records know."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records
        self.rows: dict[tuple[str, int], ChangeSet] = {}
        self.fails_after_putting_in_force = False

    def of(self, campaign_id: str) -> Sequence[ChangeSet]:
        return [self.rows[key] for key in sorted(self.rows) if key[0] == campaign_id]

    def create(self, change: ChangeSet) -> bool:
        return self.rows.setdefault((change.campaign_id, change.version), change) is change

    def put(self, change: ChangeSet) -> None:
        self.rows[change.campaign_id, change.version] = change

    def put_in_force(self, change: ChangeSet) -> bool:
        campaign = self._records.campaign(change.campaign_id)
        if campaign.framework_version not in {change.base_version, change.version}:
            return False
        self._records.campaigns[change.campaign_id] = campaign.model_copy(
            update={"framework_version": change.version, "framework_key": change.overlay_key}
        )
        if self.fails_after_putting_in_force:
            self.fails_after_putting_in_force = False
            raise StoreUnavailableError("The table is busy.")
        return True


class MemoryLedger:
    """The money of campaigns in memory."""

    def __init__(self) -> None:
        self.open: dict[str, Reserved] = {}
        self.committed: dict[str, Decimal] = defaultdict(Decimal)
        self.days: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        self.refused: dict[str, Refused] = {}
        self.charges: dict[str, tuple[Charge, ...]] = defaultdict(tuple)

    def reserve(self, campaign_id: str, reserved: Reserved, control: Control) -> Reserved | None:
        sums = (
            (self.committed[campaign_id], control.budget_usd),
            (self.days[campaign_id, reserved.day], control.daily_budget_usd),
        )
        if reserved.reservation_id in self.open:
            return self.open[reserved.reservation_id]
        if any(cap is not None and spent + reserved.amount_usd > cap for spent, cap in sums):
            return None
        self.open[reserved.reservation_id] = reserved
        refused = self.refused.get(campaign_id)
        if refused is not None and refused.amount_usd <= reserved.amount_usd:
            del self.refused[campaign_id]
        self._add(campaign_id, reserved.day, reserved.amount_usd)
        return reserved

    def settle(self, campaign_id: str, reserved: Reserved, charges: Sequence[Charge]) -> bool:
        if self.open.pop(reserved.reservation_id, None) is None:
            return False
        self.charges[campaign_id] = summed([*self.charges[campaign_id], *charges])
        cost_usd = sum((charge.usd for charge in charges), Decimal(0))
        self._add(campaign_id, reserved.day, cost_usd - reserved.amount_usd)
        return True

    def statement(self, campaign_id: str) -> Statement:
        charges = self.charges[campaign_id]
        settled_usd = sum((charge.usd for charge in charges), Decimal(0))
        return Statement(
            reserved_usd=self.committed[campaign_id] - settled_usd,
            charges=charges,
            days={day: usd for (name, day), usd in self.days.items() if name == campaign_id},
        )

    def refuse(self, campaign_id: str, refused: Refused) -> None:
        self.refused[campaign_id] = refused

    def spending(self, campaign_id: str, day: date) -> Spending:
        return Spending(
            committed_usd=self.committed[campaign_id],
            today_usd=self.days[campaign_id, day],
            refused=self.refused.get(campaign_id),
        )

    def _add(self, campaign_id: str, day: date, amount_usd: Decimal) -> None:
        self.committed[campaign_id] += amount_usd
        self.days[campaign_id, day] += amount_usd


class FakeExecutions:
    """Runs what it is told: names of an experiment and its run, ``default-0001-1``."""

    def __init__(self, *running: str) -> None:
        self.running = set(running)
        self.ended: set[str] = set()
        self.started: list[Experiment] = []

    def is_running(self, experiment: Experiment) -> bool:
        return self._name_of(experiment) in self.running

    def has_ended(self, experiment: Experiment) -> bool:
        return self._name_of(experiment) in self.ended

    def start(self, experiment: Experiment) -> None:
        self.started.append(experiment)

    def stop(self, experiment: Experiment) -> None:
        if self.is_running(experiment):
            self.running.remove(self._name_of(experiment))
            self.ended.add(self._name_of(experiment))

    @staticmethod
    def _name_of(experiment: Experiment) -> str:
        return f"{experiment.experiment_id}-{experiment.run}"


class KeptListings(list[str]):
    """The campaigns whose experiments were kept in short."""

    def keep(self, campaign_id: str) -> None:
        self.append(campaign_id)


class KeptNotices:
    def __init__(self) -> None:
        self.sent: list[HumanNotice] = []

    def notify(self, notice: HumanNotice) -> None:
        self.sent.append(notice)


class ScriptedMind:
    """Answers design and fix tasks by functions, and keeps the tasks."""

    def __init__(
        self,
        design: Callable[[DesignTask], Proposal] | None = None,
        fix: Callable[[FixTask], Fix] | None = None,
    ) -> None:
        self._design, self._fix = design, fix
        self.design_tasks: list[DesignTask] = []
        self.fix_tasks: list[FixTask] = []

    def design(self, task: DesignTask) -> Proposal:
        assert self._design is not None
        self.design_tasks.append(task)
        return self._design(task)

    def fix(self, task: FixTask) -> Fix:
        assert self._fix is not None
        self.fix_tasks.append(task)
        return self._fix(task)
