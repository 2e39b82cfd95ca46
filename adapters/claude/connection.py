"""The client of Anthropic's API, or of Amazon Bedrock, and where its key comes from."""

import os

import anthropic
import boto3
from botocore.exceptions import ClientError

from adapters.service_errors import code_of, store_errors
from codec_lab.errors import ConfigurationError

KEY_VARIABLE = "ANTHROPIC_API_KEY"
TIMEOUT = anthropic.Timeout(connect=10, read=120, write=60, pool=10)
"""Seconds; ``read`` is the longest silence within a stream, which the service breaks by pings."""

Client = anthropic.Anthropic | anthropic.AnthropicBedrock
"""One service or the other; they answer alike."""


def connect_to_bedrock(region: str) -> anthropic.AnthropicBedrock:
    """Make a client of Amazon Bedrock, which signs by the role of its process: there is no key.

    The SDK's own retries are off: the state machine retries, and counts it.

    Parameters
    ----------
    region : str
        The AWS region that is asked.
    """
    return anthropic.AnthropicBedrock(aws_region=region, max_retries=0, timeout=TIMEOUT)


def connect(secret_arn: str | None) -> anthropic.Anthropic:
    """Make a client.

    The SDK's own retries are off: the state machine retries, and counts it.

    Parameters
    ----------
    secret_arn : str or None
        The Secrets Manager secret whose text is the key; without it, or while it holds no
        value, the key is read from ``ANTHROPIC_API_KEY``.

    Raises
    ------
    ConfigurationError
        If there is no key, or one that cannot be a key.
    StoreUnavailableError
        If Secrets Manager is busy or away.
    """
    key = (_secret(secret_arn) if secret_arn else None) or os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        place = f"Put one into secret {secret_arn}" if secret_arn else f"Set {KEY_VARIABLE}"
        raise ConfigurationError(
            f"The mind claude has no API key. {place}, or choose the mind offline."
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigurationError(
            f"The API key in {secret_arn or KEY_VARIABLE} holds characters that no key has; "
            "store the key alone, as plain text."
        )
    return anthropic.Anthropic(api_key=key, max_retries=0, timeout=TIMEOUT)


def _secret(secret_arn: str) -> str | None:
    try:
        with store_errors(f"Secret {secret_arn}"):
            answer = boto3.client("secretsmanager").get_secret_value(SecretId=secret_arn)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":  # also a secret without any value yet
            return None
        raise ConfigurationError(
            f"Secret {secret_arn} cannot be read ({code_of(error)}); "
            "allow the function secretsmanager:GetSecretValue on it."
        ) from error
    return answer.get("SecretString", "").strip() or None
