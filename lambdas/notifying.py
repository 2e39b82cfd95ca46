"""What the functions that write to a person share."""

from functools import cache

import boto3

from adapters.dashboard_address import read_dashboard_url
from adapters.sns import SnsNotifier
from codec_lab import notifying
from codec_lab.experiment import Experiment, HumanReason
from codec_lab.notifying import AskHuman
from lambdas.connections import records
from lambdas.environment import FunctionEnvironment
from lambdas.observability import logger


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


def human_asked_by(environment: NotifyingEnvironment) -> AskHuman:
    """Give what puts a question to a person, with the lines that operators search for."""

    def ask(experiment: Experiment, reason: HumanReason) -> None:
        notified = notifying.ask_human(
            experiment,
            reason,
            records=records(environment.table),
            notifier=notifier(environment.topic_arn),
            dashboard_url=dashboard_url(),
        )
        for line in notified.lines:
            logger.error(line)

    return ask
