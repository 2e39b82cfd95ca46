"""The way to a person through Amazon SNS."""

from typing import TYPE_CHECKING

from adapters.service_errors import store_errors
from codec_lab.notice import HumanNotice

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient


class SnsNotifier:
    """Keeps the port ``Notifier`` with one topic.

    Parameters
    ----------
    topic_arn : str
        The topic.
    client : SNSClient
        How to reach it.
    """

    def __init__(self, topic_arn: str, client: "SNSClient") -> None:
        self._topic_arn = topic_arn
        self._client = client

    def notify(self, notice: HumanNotice) -> None:
        """Publish a notice."""
        with store_errors(f"Topic {self._topic_arn}"):
            self._client.publish(
                TopicArn=self._topic_arn, Subject=notice.subject, Message=notice.text
            )
