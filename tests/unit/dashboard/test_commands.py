"""Orders: each is carried out once, of what was seen, and written down."""

from decimal import Decimal
from typing import Any

import pytest

from codec_lab.errors import StoreUnavailableError
from codec_lab.experiment import ExperimentChanges
from codec_lab.phase import Phase, Status
from tests.unit.builders import FAILED_FIVE_TIMES, FAILED_VALIDATION, NOON, experiment, opened

ANSWER = "/api/experiments/default-0001/answer"


@pytest.fixture
def lab(api: Any) -> Any:
    opened(api.records, api.objects, api.clock)
    return api


@pytest.fixture
def asking(lab: Any) -> Any:
    """An experiment that waits for a person."""
    one = experiment(status=Status.RUNNING, phase=Phase.VALIDATION)
    lab.records.create_experiment(one)
    lab.records.put_attempt(FAILED_VALIDATION)
    lab.records.flag_human(one, FAILED_FIVE_TIMES)
    return lab


def test_pause_and_resume(lab: Any) -> None:
    paused = lab.order("/api/campaigns/default/pause", {"version": 0})
    assert (paused.data["state"], paused.data["version"]) == ("paused", 1)
    resumed = lab.order("/api/campaigns/default/resume", {"version": 1}, key="key-00000002")
    assert (resumed.data["state"], resumed.data["version"]) == ("running", 2)
    assert lab.runs.by_campaign == {"default": "arn:default"}


def test_what_was_changed_since_is_a_conflict_that_shows_how_things_stand(lab: Any) -> None:
    lab.order("/api/campaigns/default/pause", {"version": 0})
    late = lab.order(
        "/api/campaigns/default/budgets", {"version": 0, "budget_usd": "5"}, key="k" * 8
    )
    assert (late.status, late.data["error"]) == (409, "conflict")
    assert late.data["current"]["state"] == "paused"
    assert late.data["current"]["version"] == 1
    assert lab.records.control("default").budget_usd is None


def test_start_does_not_go_round_a_pause(lab: Any) -> None:
    assert lab.order("/api/campaigns/default/start", {"version": 0}).data["state"] == "running"
    lab.order("/api/campaigns/default/pause", {"version": 0}, key="key-00000002")
    refused = lab.order("/api/campaigns/default/start", {"version": 1}, key="key-00000003")
    assert (refused.status, refused.data["message"]) == (
        409,
        "Campaign default is paused; resume it instead.",
    )


def test_stop_ends_what_runs(lab: Any) -> None:
    lab.runs.start("default")
    lab.executions.running |= {"default-0001-1", "default-0002-1"}
    for number in (1, 2, 3):  # the campaign's, one that was answered, and one that was lost
        one = experiment(number, status=Status.RUNNING, phase=Phase.EXECUTION)
        lab.records.create_experiment(one)
    stopped = lab.order("/api/campaigns/default/stop", {"version": 0})
    assert (stopped.data["state"], stopped.data["counts"]["queued"]) == ("paused", 3)
    assert lab.runs.stopped == ["arn:default"]
    assert lab.executions.ended == {"default-0001-1", "default-0002-1"}
    for one in lab.records.experiments("default"):
        assert (one.status, one.run, one.resume_from) == (Status.QUEUED, 2, Phase.EXECUTION)


def test_stop_ends_what_has_just_been_started(lab: Any) -> None:
    lab.executions.running.add("default-0001-1")
    for number in (1, 2):  # the second has not been started
        lab.records.create_experiment(experiment(number))
    stopped = lab.order("/api/campaigns/default/stop", {"version": 0})
    assert stopped.data["counts"]["queued"] == 2
    assert (lab.executions.running, lab.executions.ended) == (set(), {"default-0001-1"})


def test_stop_leaves_what_waits_or_has_ended(asking: Any) -> None:
    asking.records.create_experiment(experiment(2, status=Status.COMPLETED, execution_arn="arn:y"))
    asking.order("/api/campaigns/default/stop", {"version": 0})
    counts = asking.ask("/api/campaigns/default").data["counts"]
    assert (counts["needs_human"], counts["completed"], counts["queued"]) == (1, 1, 0)
    assert asking.runs.stopped == []


def test_one_more_is_one_more(api: Any) -> None:
    opened(api.records, api.objects, api.clock, experiments=0)
    one = api.order("/api/campaigns/default/run-one", {"version": 0})
    assert (one.data["experiment_limit"], one.data["state"]) == (1, "running")
    two = api.order("/api/campaigns/default/run-one", {"version": 1}, key="key-00000002")
    assert two.data["experiment_limit"] == 2


def test_one_more_does_not_take_back_what_was_allowed(api: Any) -> None:
    opened(api.records, api.objects, api.clock, experiments=50)
    one = api.order("/api/campaigns/default/run-one", {"version": 0})
    assert (one.data["experiment_limit"], one.data["state"]) == (50, "running")


def test_one_more_does_not_go_round_a_pause(lab: Any) -> None:
    lab.order("/api/campaigns/default/pause", {"version": 0})
    refused = lab.order("/api/campaigns/default/run-one", {"version": 1}, key="key-00000002")
    assert (refused.status, refused.data["message"]) == (
        409,
        "Campaign default is paused; resume it instead.",
    )
    assert lab.records.control("default").version == 1


def test_budgets_change_what_is_given_alone(lab: Any) -> None:
    path = "/api/campaigns/default/budgets"
    both = lab.order(path, {"version": 0, "experiment_limit": 7, "budget_usd": "12.50"})
    assert (both.data["experiment_limit"], both.data["budget_usd"]) == (7, 12.5)
    none = lab.order(path, {"version": 1, "budget_usd": None}, key="key-00000002")
    assert (none.data["experiment_limit"], none.data["budget_usd"]) == (7, None)
    further = {
        "daily_budget_usd": 2.5,
        "wall_time_limit_s": 86_400,
        "target_bd_rate_percent": -12.5,
    }
    set_ = lab.order(path, {"version": 2, **further}, key="key-00000004").data
    assert {name: set_[name] for name in further} == further
    assert (set_["experiment_limit"], set_["budget_usd"]) == (7, None)
    for unclear in ({"target_bd_rate_percent": "nan"}, {"daily_budget_usd": "-1"}):
        assert lab.order(path, {"version": 3, **unclear}, key="key-00000005").status == 422
    wrong = lab.order(path, {"version": 3, "experiment_limit": None}, key="key-00000003")
    assert (wrong.status, wrong.data["message"]) == (422, "experiment_limit must be a number.")


def test_a_hint_starts_the_experiment_again_where_it_stopped(asking: Any) -> None:
    body = {"version": 1, "action": "resume", "hint": "Mind the last row. <b>"}
    answered = asking.order(ANSWER, body)
    assert answered.data["summary"]["status"] == "queued"
    assert (answered.data["hint"], answered.data["resume_from"]) == (
        "Mind the last row. <b>",
        "validation",
    )
    (started,) = asking.executions.started
    assert (started.run, started.hint) == (2, "Mind the last row. <b>")


def test_of_two_answers_one_wins(asking: Any) -> None:
    first = asking.order(ANSWER, {"version": 1, "action": "retry"})
    second = asking.order(ANSWER, {"version": 1, "action": "abandon"}, key="key-00000002")
    assert (first.status, second.status) == (200, 409)
    assert second.data["current"]["summary"]["status"] == "queued"
    assert len(asking.executions.started) == 1


def test_an_experiment_that_asks_again_is_not_answered_by_an_old_page(asking: Any) -> None:
    asking.order(ANSWER, {"version": 1, "action": "retry"})
    asking.records.flag_human(
        asking.records.experiment("default-0001"),
        asking.records.experiment("default-0001").human_intervention_reasons[0],
    )
    late = asking.order(ANSWER, {"version": 1, "action": "abandon"}, key="key-00000002")
    assert late.status == 409
    assert late.data["message"] == "default-0001 has been answered since, and asks again."


def test_abandon(asking: Any) -> None:
    answered = asking.order(ANSWER, {"version": 1, "action": "abandon"})
    assert answered.data["summary"]["status"] == "abandoned"
    assert answered.data["question"] is None
    assert len(answered.data["reasons"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"version": 1, "action": "resume"},
        {"version": 1, "action": "resume", "hint": "   "},
        {"version": 1, "action": "resume", "hint": "x" * 4001},
        {"version": 1, "action": "abandon", "hint": "no"},
        {"version": 1, "action": "shout"},
    ],
)
def test_an_answer_that_says_nothing_clear_is_refused(asking: Any, body: Any) -> None:
    assert asking.order(ANSWER, body).status == 422
    assert asking.log.by_key == {}


def test_a_hint_of_4000_characters_of_four_bytes_fits(asking: Any) -> None:
    hint = "\U0001f39e" * 4000
    body = {"version": 1, "action": "resume", "hint": hint}
    assert asking.order(ANSWER, body).data["hint"] == hint


def test_rerun_keeps_the_candidate(lab: Any) -> None:
    lab.records.create_experiment(experiment(status=Status.COMPLETED, proposal_key="p"))
    path = "/api/experiments/default-0001/rerun"
    again = lab.order(path, {"version": 1})
    assert (again.data["resume_from"], again.data["summary"]["version"]) == ("deploy", 2)
    assert [one.run for one in lab.executions.started] == [2]
    assert lab.order(path, {"version": 2}, key="key-00000002").status == 409


def test_the_same_order_again_is_carried_out_once(asking: Any) -> None:
    body = {"version": 1, "action": "retry"}
    answers = [asking.order(ANSWER, body) for _ in range(3)]
    assert [one.status for one in answers] == [200, 200, 200]
    assert len(asking.executions.started) == 1
    refused = asking.order(ANSWER, body, key="key-00000002")
    repeated = asking.order(ANSWER, body, key="key-00000002")
    assert (refused.status, repeated.status) == (409, 409)
    assert refused.data["message"] == repeated.data["message"]


def test_a_key_belongs_to_one_order(lab: Any) -> None:
    lab.order("/api/campaigns/default/pause", {"version": 0})
    other = lab.order("/api/campaigns/default/resume", {"version": 1})
    assert other.status == 422
    assert lab.records.control("default").paused is True


def test_an_order_that_was_interrupted_is_carried_out_when_it_comes_again(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(campaign_id: str) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(lab.runs, "running", fall)
        assert lab.order("/api/campaigns/default/start", {"version": 0}).status == 500
    assert lab.order("/api/campaigns/default/start", {"version": 0}).status == 200
    assert lab.runs.by_campaign == {"default": "arn:default"}


def busy(*_: object, **__: object) -> None:
    raise StoreUnavailableError("The table is busy.")


@pytest.mark.parametrize(
    ("command", "body", "state"),
    [
        ("pause", {}, "paused"),
        ("resume", {}, "running"),
        ("stop", {}, "paused"),
        ("run-one", {}, "running"),
        ("budgets", {"experiment_limit": 7}, "idle"),
    ],
)
def test_an_order_that_took_effect_is_done_when_it_comes_again(
    lab: Any, monkeypatch: pytest.MonkeyPatch, command: str, body: Any, state: str
) -> None:
    path = f"/api/campaigns/default/{command}"
    with monkeypatch.context() as broken:
        broken.setattr(lab.log, "finish", busy)
        assert lab.order(path, {"version": 0, **body}).status == 503
    again = lab.order(path, {"version": 0, **body})
    assert (again.status, again.data["state"], again.data["version"]) == (200, state, 1)
    (entry,) = lab.log.by_key.values()
    assert (entry.done, entry.refusal) == (True, None)


def test_what_somebody_else_changed_since_an_interruption_stays(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(lab.log, "finish", busy)
        lab.order("/api/campaigns/default/pause", {"version": 0})
    lab.order("/api/campaigns/default/resume", {"version": 1}, key="key-00000002")
    assert lab.order("/api/campaigns/default/pause", {"version": 0}).status == 409
    assert lab.records.control("default").paused is False


@pytest.mark.parametrize("action", ["retry", "abandon"])
@pytest.mark.parametrize("broken_port", ["executions.start", "log.finish"])
def test_an_answer_that_took_effect_is_done_when_it_comes_again(
    asking: Any, monkeypatch: pytest.MonkeyPatch, action: str, broken_port: str
) -> None:
    body = {"version": 1, "action": action}
    starts = action == "retry"
    with monkeypatch.context() as broken:
        port, method = broken_port.split(".")
        broken.setattr(getattr(asking, port), method, busy)
        interrupted = starts or port == "log"
        assert asking.order(ANSWER, body).status == (503 if interrupted else 200)
    again = asking.order(ANSWER, body)
    assert again.status == 200
    assert again.data["summary"]["status"] == ("queued" if starts else "abandoned")
    assert {one.run for one in asking.executions.started} == ({2} if starts else set())
    assert [entry.done for entry in asking.log.by_key.values()] == [True]
    other = asking.order(ANSWER, body, key="key-00000002")
    assert other.status == 409


def test_an_answer_whose_run_is_under_way_starts_nothing_when_it_comes_again(
    asking: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"version": 1, "action": "retry"}
    with monkeypatch.context() as broken:
        broken.setattr(asking.log, "finish", busy)
        asking.order(ANSWER, body)
    running = ExperimentChanges(updated_at=NOON, status=Status.RUNNING)
    asking.records.update_experiment("default-0001", running)
    assert asking.order(ANSWER, body).status == 200
    assert len(asking.executions.started) == 1


def test_a_rerun_whose_execution_did_not_start_is_started_when_it_comes_again(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.records.create_experiment(experiment(status=Status.COMPLETED, proposal_key="p"))
    path = "/api/experiments/default-0001/rerun"
    with monkeypatch.context() as broken:
        broken.setattr(lab.executions, "start", busy)
        assert lab.order(path, {"version": 1}).status == 503
    assert lab.order(path, {"version": 1}).status == 200
    assert [one.run for one in lab.executions.started] == [2]


def test_who_when_and_what_is_written_down(asking: Any) -> None:
    asking.order(ANSWER, {"version": 1, "action": "resume", "hint": "Shorter GOP."})
    asking.order(ANSWER, {"version": 1, "action": "retry"}, key="key-00000002")
    late, first = asking.ask("/api/campaigns/default/audit").data["entries"]
    assert (first["user"], first["command"], first["subject_id"]) == (
        "ada",
        "answer",
        "default-0001",
    )
    assert first["request"] == '{"version":1,"action":"resume","hint":"Shorter GOP."}'
    assert (first["done"], first["refusal"]) == (True, None)
    assert (late["done"], late["refusal"]) == (
        False,
        "default-0001 waits for no answer: it is queued.",
    )
    assert late["at"] > first["at"]


def test_what_does_not_exist_cannot_be_ordered(api: Any) -> None:
    assert api.order("/api/campaigns/absent/pause", {"version": 0}).status == 404
    assert api.order("/api/experiments/absent-0001/rerun", {"version": 1}).status == 404
    assert api.log.by_key == {}


def test_money_is_kept_exactly(lab: Any) -> None:
    path = "/api/campaigns/default/budgets"
    lab.order(path, {"version": 0, "budget_usd": "0.10"})
    assert lab.records.control("default").budget_usd == Decimal("0.10")
