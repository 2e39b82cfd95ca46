"""A campaign's machine is started once, followed to its end and judged by what it left."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import pytest

from adapters.campaign_executions import ExecutionEnd
from adapters.execution_history import state_visits
from codec_lab.errors import StoreUnavailableError
from codec_lab.experiment import ExperimentChanges
from codec_lab.phase import Status
from codec_lab.state_visit import StateVisit
from lab.following import Follower, Outcome
from lab.observation import CampaignView
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords
from tests.unit.builders import NOON, experiment
from tests.unit.histories import HistoryBuilder
from tests.unit.test_lab_observation import choice


class ScriptedMachine:
    """Has executions that end after some looks, each with one experiment."""

    def __init__(self, records: MemoryRecords, *results: Status, looks: int = 3) -> None:
        self._records, self._results, self._looks = records, results, looks
        self.started: list[str] = []
        self.at = -1
        self.unavailable = 0
        self._looked = 0

    def running(self, campaign_id: str) -> str | None:
        assert campaign_id == "default"
        if 0 <= self.at < len(self._results) - 1 and self._looked >= self._looks:
            self._begin()
            return str(self.at)
        return str(self.at) if self.at >= 0 and self._looked < self._looks else None

    def start(self, campaign_id: str) -> str:
        self.started.append(campaign_id)
        self._begin()
        return str(self.at)

    def _begin(self) -> None:
        self.at, self._looked = self.at + 1, 0
        self._records.create_experiment(experiment(self.at + 1, status=Status.QUEUED))

    def end(self, execution_arn: str) -> ExecutionEnd:
        assert execution_arn == str(self.at)
        if self.unavailable:
            self.unavailable -= 1
            raise StoreUnavailableError("Step Functions cannot be reached.")
        self._looked += 1
        if self._looked < self._looks:
            return ExecutionEnd("RUNNING", "")
        changes = ExperimentChanges(updated_at=NOON, status=self._results[self.at])
        self._records.update_experiment(f"default-{self.at + 1:04}", changes)
        return ExecutionEnd("SUCCEEDED", "All experiments have been run.")

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        history = HistoryBuilder().visit("ChooseExperiment", choice(int(execution_arn) + 1))
        return state_visits(history.events)


class KeptViews:
    def __init__(self) -> None:
        self.views: list[CampaignView] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, view: CampaignView) -> None:
        self.views.append(view)


@pytest.fixture
def kept() -> Iterator[KeptViews]:
    with KeptViews() as display:
        yield display


def follow(machine: ScriptedMachine, records: MemoryRecords, kept: KeptViews) -> Outcome:
    follower = Follower(
        records, MemoryObjects(), machine, ManualClock(), poll_s=0, sleep=lambda _: None
    )
    return follower.follow("default", kept)


def test_every_look_is_shown_until_the_machine_stops(
    records: MemoryRecords, kept: KeptViews
) -> None:
    machine = ScriptedMachine(records, Status.COMPLETED, looks=4)
    outcome = follow(machine, records, kept)
    assert [view.end.status for view in kept.views] == [*["RUNNING"] * 3, "SUCCEEDED"]
    assert outcome.succeeded
    assert outcome.end.reason == "All experiments have been run."
    assert machine.started == ["default"]


def test_a_running_machine_is_followed_not_started_again(
    records: MemoryRecords, kept: KeptViews
) -> None:
    machine = ScriptedMachine(records, Status.COMPLETED)
    machine.start("default")
    follow(machine, records, kept)
    assert machine.started == ["default"]


def test_a_machine_that_continues_as_new_is_followed_on(
    records: MemoryRecords, kept: KeptViews
) -> None:
    outcome = follow(ScriptedMachine(records, Status.COMPLETED, Status.COMPLETED), records, kept)
    assert [one.experiment_id for one in outcome.experiments] == ["default-0001", "default-0002"]


def test_a_question_to_a_person_is_no_loss(records: MemoryRecords, kept: KeptViews) -> None:
    outcome = follow(ScriptedMachine(records, Status.NEEDS_HUMAN), records, kept)
    assert outcome.succeeded
    assert len(outcome.waiting) == 1


def test_an_experiment_left_running_is_lost(records: MemoryRecords, kept: KeptViews) -> None:
    outcome = follow(ScriptedMachine(records, Status.RUNNING), records, kept)
    assert not outcome.succeeded
    assert [one.experiment_id for one in outcome.lost] == ["default-0001"]


def test_a_machine_that_failed_is_no_success(records: MemoryRecords) -> None:
    assert not Outcome(ExecutionEnd("FAILED", "why"), ()).succeeded


def test_a_short_absence_is_waited_out(records: MemoryRecords, kept: KeptViews) -> None:
    machine = ScriptedMachine(records, Status.COMPLETED)
    machine.unavailable = 19
    assert follow(machine, records, kept).succeeded


def test_a_long_absence_is_an_error(records: MemoryRecords, kept: KeptViews) -> None:
    machine = ScriptedMachine(records, Status.COMPLETED)
    machine.unavailable = 20
    with pytest.raises(StoreUnavailableError):
        follow(machine, records, kept)
