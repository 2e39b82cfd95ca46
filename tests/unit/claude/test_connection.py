"""Where the key comes from, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from adapters.claude.connection import connect
from codec_lab.errors import ConfigurationError

ABSENT_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:absent-AbCdEf"


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with mock_aws():
        yield


def secret(**value: str) -> str:
    return boto3.client("secretsmanager").create_secret(Name="anthropic", **value)["ARN"]


def test_the_secret_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-environment")
    client = connect(secret(SecretString="sk-secret\n"))
    assert client.api_key == "sk-secret"
    assert client.max_retries == 0


@pytest.mark.parametrize("make", [lambda: None, lambda: ABSENT_ARN, secret], ids=repr)
def test_the_environment_is_next(monkeypatch: pytest.MonkeyPatch, make: object) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-environment")
    assert callable(make)
    assert connect(make()).api_key == "sk-environment"


def test_no_key_is_one_clear_sentence() -> None:
    with pytest.raises(ConfigurationError, match=r"no API key\. Set ANTHROPIC_API_KEY"):
        connect(None)
    arn = secret()
    with pytest.raises(ConfigurationError, match=f"no API key. Put one into secret {arn}"):
        connect(arn)


@pytest.mark.parametrize("key", ["sk-a sk-b", "sk-ü", "sk\x07", '{"key": "sk"}'])
def test_what_is_no_key_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    with pytest.raises(ConfigurationError, match="characters that no key has") as raised:
        connect(None)
    assert key not in str(raised.value)
