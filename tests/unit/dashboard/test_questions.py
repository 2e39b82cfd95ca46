"""People ask the lab, and the lab takes their questions."""

from datetime import timedelta
from typing import Any

import pytest

from codec_lab.asking.asking import ANSWER_TIMEOUT_S, MAX_WAITING
from codec_lab.asking.question import MAX_QUESTION, QuestionStatus
from codec_lab.errors import StoreUnavailableError
from tests.unit.builders import opened

PATH = "/api/campaigns/default/questions"
ASKED = {"question": "Which experiment is best?"}


@pytest.fixture
def begun(api: Any) -> Any:
    opened(api.records, api.objects, api.clock)
    return api


def test_a_question_is_taken_once_and_written_down(begun: Any) -> None:
    first, again = begun.order(PATH, ASKED), begun.order(PATH, ASKED)
    assert (first.status, first.data) == (200, again.data)
    assert first.data["status"] == "asked"
    assert begun.answering.started == [("default", "key-00000001")]
    (entry,) = begun.log.by_key.values()
    assert (entry.user, entry.command, entry.done) == ("ada", "ask", True)
    assert "Which experiment is best?" in entry.request


def test_a_viewer_reads_answers_and_asks_nothing(begun: Any) -> None:
    begun.order(PATH, ASKED)
    read = begun.ask(PATH, groups="[viewer]")
    assert read.data["available"] is True
    assert [one["question"] for one in read.data["questions"]] == ["Which experiment is best?"]
    refused = begun.order(PATH, ASKED, key="key-00000002", groups="[viewer]")
    assert refused.status == 403
    assert len(begun.answering.started) == 1


def test_without_a_key_nobody_is_asked(begun: Any) -> None:
    begun.answering.has_key = False
    assert begun.ask(PATH).data == {"available": False, "questions": []}
    refused = begun.order(PATH, ASKED)
    assert (refused.status, refused.data["error"]) == (422, "invalid")
    assert begun.questions.by_key == {}


@pytest.mark.parametrize(
    "body", [{}, {"question": " "}, {"question": "x" * (MAX_QUESTION + 1)}, {**ASKED, "more": 1}]
)
def test_what_is_no_question_is_refused(begun: Any, body: Any) -> None:
    assert begun.order(PATH, body).status == 422
    assert begun.answering.started == []


def test_few_questions_wait_at_once(begun: Any) -> None:
    for number in range(MAX_WAITING):
        assert begun.order(PATH, ASKED, key=f"key-0000000{number}").status == 200
    refused = begun.order(PATH, ASKED, key="key-00000009")
    assert (refused.status, refused.data["error"]) == (409, "conflict")


def test_an_answer_that_never_came_is_a_failure(begun: Any) -> None:
    begun.order(PATH, ASKED)
    begun.clock.time += timedelta(seconds=ANSWER_TIMEOUT_S + 61)
    (question,) = begun.ask(PATH).data["questions"]
    assert (question["status"], question["failure"]) == ("failed", "No answer came in time.")


def test_a_question_that_nothing_takes_up_has_failed(begun: Any) -> None:
    begun.answering.fault = StoreUnavailableError("Function ask is busy.")
    assert begun.order(PATH, ASKED).status == 503
    (question,) = begun.questions.by_key.values()
    assert (question.status, question.failure) == (QuestionStatus.FAILED, "Function ask is busy.")


def test_a_campaign_that_nobody_knows_has_no_questions(begun: Any) -> None:
    assert begun.ask("/api/campaigns/other/questions").status == 404
    assert begun.order("/api/campaigns/other/questions", ASKED).status == 404
