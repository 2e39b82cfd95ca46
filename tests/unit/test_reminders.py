"""A question that nobody answers is asked once more, after a day."""

from datetime import timedelta

import pytest

from codec_lab.experiment import ExperimentChanges, HumanReason
from codec_lab.notice import HumanNotice
from codec_lab.phase import Phase, Status
from codec_lab.reminding import REMIND_AFTER, remind
from tests.fakes import KeptNotices, ManualClock, MemoryRecords
from tests.unit.builders import NOON, experiment

REASON = HumanReason(
    phase=Phase.VALIDATION,
    reason="All 5 validation attempts failed.",
    error_type="ContractError",
    message="decode returned 3 frames of 4",
    attempts=5,
    asked_at=NOON,
    execution_arn="arn:run-1",
)
ADDRESS = "https://lab.example/admin/"


@pytest.fixture
def asked(records: MemoryRecords) -> MemoryRecords:
    records.create_experiment(experiment(1))
    records.flag_human(records.experiment("default-0001"), REASON)
    return records


def reminded(
    records: MemoryRecords, clock: ManualClock, waited: timedelta, url: str | None = ADDRESS
) -> list[HumanNotice]:
    clock.time = NOON + waited
    notices = KeptNotices()
    sent = list(
        remind(["default"], records=records, notifier=notices, dashboard_url=url, clock=clock)
    )
    assert notices.sent == sent
    return sent


def test_a_day_later_there_is_one_reminder(asked: MemoryRecords, clock: ManualClock) -> None:
    assert reminded(asked, clock, REMIND_AFTER - timedelta(minutes=1)) == []
    (notice,) = reminded(asked, clock, REMIND_AFTER + timedelta(minutes=59))
    assert notice.subject == "default-0001 still needs a human (validation)"
    assert notice.text.startswith(
        "It has waited for an answer for 24 hours. There is no further reminder.\n"
        "- validation: All 5 validation attempts failed.\n\n"
        f"Answer: {ADDRESS}experiments/default-0001?campaign=default&question=open\n"
    )
    assert reminded(asked, clock, 3 * REMIND_AFTER) == []
    assert asked.experiment("default-0001").updated_at == NOON


def test_an_answered_question_is_not_reminded_of(asked: MemoryRecords, clock: ManualClock) -> None:
    resumed = ExperimentChanges(updated_at=NOON, run=2, status=Status.RUNNING)
    asked.update_experiment("default-0001", resumed)
    assert reminded(asked, clock, 2 * REMIND_AFTER) == []


def test_the_next_question_has_a_reminder_of_its_own(
    asked: MemoryRecords, clock: ManualClock
) -> None:
    assert len(reminded(asked, clock, REMIND_AFTER)) == 1
    asked.update_experiment("default-0001", ExperimentChanges(updated_at=NOON, run=2))
    later = REASON.model_copy(update={"asked_at": NOON + 2 * REMIND_AFTER})
    asked.flag_human(asked.experiment("default-0001"), later)
    assert reminded(asked, clock, 2 * REMIND_AFTER) == []
    assert len(reminded(asked, clock, 4 * REMIND_AFTER)) == 1


def test_an_answer_amid_the_look_wins(asked: MemoryRecords, clock: ManualClock) -> None:
    stale = asked.experiment("default-0001")
    asked.update_experiment("default-0001", ExperimentChanges(updated_at=NOON, run=2))
    asked.open_experiments = lambda campaign_id, status: [stale]  # type: ignore[method-assign]
    assert reminded(asked, clock, 2 * REMIND_AFTER) == []


def test_without_a_dashboard_the_command_is_named(asked: MemoryRecords, clock: ManualClock) -> None:
    (notice,) = reminded(asked, clock, REMIND_AFTER, url=None)
    assert "\n\nAnswer: lab answer default-0001 --hint TEXT\n" in notice.text
