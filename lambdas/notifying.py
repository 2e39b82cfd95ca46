"""What the functions that write to a person share."""

from functools import cache

import boto3

from adapters.dashboard_address import read_dashboard_url
from adapters.sns import SnsNotifier
from lambdas.environment import FunctionEnvironment


class NotifyingEnvironment(FunctionEnvironment):
    """What these functions are told."""

    table: str
    topic_arn: str


@cache
def notifier(topic_arn: str) -> SnsNotifier:
    """Connect to a topic."""
    return SnsNotifier(topic_arn, boto3.client("sns"))


def dashboard_url() -> str | None:
    """Read where the dashboard is; it may be deployed after this function."""
    return read_dashboard_url(boto3.client("ssm"))
