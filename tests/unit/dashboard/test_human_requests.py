"""Who waits for a person."""

from datetime import timedelta
from typing import Any

from codec_lab.dashboard.campaign_queries import SHOWN_REQUESTS
from codec_lab.experiment import HumanReason
from codec_lab.phase import Phase
from tests.unit.builders import NOON, experiment, opened


def flag(api: Any, number: int, minutes: int) -> None:
    one = experiment(number, change=f"Change {number}")
    api.records.create_experiment(one)
    reason = HumanReason(
        phase=Phase.VALIDATION,
        reason="All 5 validation attempts failed.",
        error_type="RoundTripError",
        message="<b>no</b>",
        attempts=5,
        asked_at=NOON + timedelta(minutes=minutes),
        execution_arn="arn:x",
    )
    api.records.flag_human(one, reason)


def test_the_longest_waiting_is_first(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    api.records.create_experiment(experiment(1))
    flag(api, 2, minutes=9)
    flag(api, 3, minutes=4)
    answered = api.ask("/api/needs-human", groups="[viewer]").data
    assert answered["total"] == 2
    assert [item["experiment_id"] for item in answered["items"]] == ["default-0003", "default-0002"]
    assert answered["items"][0] == {
        "experiment_id": "default-0003",
        "campaign_id": "default",
        "version": 1,
        "name": "Change 3",
        "phase": "validation",
        "reason": "All 5 validation attempts failed.",
        "attempts": 5,
        "asked_at": "2026-01-01T12:04:00Z",
    }


def test_of_very_many_the_first_are_listed_and_all_are_counted(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    for number in range(1, SHOWN_REQUESTS + 6):
        flag(api, number, minutes=100 - number)
    answered = api.ask("/api/needs-human").data
    assert answered["total"] == SHOWN_REQUESTS + 5
    listed = [item["asked_at"] for item in answered["items"]]
    assert len(listed) == SHOWN_REQUESTS
    assert listed == sorted(listed)
    assert listed[0] == f"2026-01-01T13:{100 - SHOWN_REQUESTS - 5 - 60:02}:00Z"
