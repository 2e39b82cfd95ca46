"""Whether the lab can be asked, and how its answers are begun."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.answering_function import KEY_VARIABLE, AnsweringFunction
from adapters.claude import connection


class Recorded:
    def __init__(self, answer: Any = None) -> None:
        self.answer, self.calls = answer, []

    def _called(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    invoke = describe_secret = _called


def function(secret: Recorded, arn: str | None = "arn:secret") -> AnsweringFunction:
    return AnsweringFunction("ask", arn, aws_lambda=Recorded(), secretsmanager=secret)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def test_the_key_is_looked_for_where_the_model_looks() -> None:
    assert KEY_VARIABLE == connection.KEY_VARIABLE


@pytest.mark.parametrize(
    ("answer", "available"),
    [
        ({"VersionIdsToStages": {"v1": ["AWSCURRENT"]}}, True),
        ({"VersionIdsToStages": {"v1": ["AWSPREVIOUS"]}}, False),
        ({}, False),
        (ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeSecret"), False),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeSecret"), False),
    ],
)
def test_a_secret_with_a_value_makes_it_available(answer: Any, available: bool) -> None:
    assert function(Recorded(answer)).is_available() is available


def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Recorded()
    assert not function(secret, arn=None).is_available()
    monkeypatch.setenv(KEY_VARIABLE, "sk")
    assert function(secret).is_available()
    assert secret.calls == []


def test_nobody_waits_for_an_answer() -> None:
    aws_lambda = Recorded()
    answering = AnsweringFunction("ask", None, aws_lambda=aws_lambda, secretsmanager=None)
    answering.start("default", "question-1")
    (call,) = aws_lambda.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("ask", "Event")
    assert json.loads(call["Payload"]) == {"campaign_id": "default", "question_id": "question-1"}
