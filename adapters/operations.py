"""How the deployment works: its alarms and the jobs of its bench."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adapters.service_errors import store_errors
from codec_lab.dashboard.campaign_views import AlarmView
from codec_lab.dashboard.ports import JobCounts

if TYPE_CHECKING:
    from mypy_boto3_batch.client import BatchClient
    from mypy_boto3_batch.literals import JobStatusType

_WAITING: "tuple[JobStatusType, ...]" = ("SUBMITTED", "PENDING", "RUNNABLE")
_RUNNING: "tuple[JobStatusType, ...]" = ("STARTING", "RUNNING")


class AwsOperations:
    """Keeps the port ``Operations``.

    Parameters
    ----------
    alarm_prefix : str
        How the names of the deployment's alarms begin.
    on_aws : bool
        Whether AWS evaluates the alarms: the one-machine cloud only keeps them.
    job_queue_arn : str
        The bench's queue.
    cloudwatch, batch
        How to reach them.
    """

    def __init__(
        self,
        *,
        alarm_prefix: str,
        on_aws: bool,
        job_queue_arn: str,
        cloudwatch: Any,
        batch: "BatchClient",
    ) -> None:
        self._alarm_prefix = alarm_prefix
        self._on_aws = on_aws
        self._job_queue_arn = job_queue_arn
        self._cloudwatch = cloudwatch
        self._batch = batch

    def alarms(self) -> Sequence[AlarmView]:
        """Give the alarms, those that ring first."""
        with store_errors("CloudWatch"):
            pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=self._alarm_prefix
            )
            found = [
                AlarmView(
                    name=alarm["AlarmName"],
                    description=alarm.get("AlarmDescription", ""),
                    state=alarm["StateValue"] if self._on_aws else "NOT_EVALUATED",
                    since=alarm.get("StateUpdatedTimestamp") if self._on_aws else None,
                )
                for page in pages
                for alarm in page["MetricAlarms"]
            ]
        return sorted(found, key=lambda alarm: (alarm.state != "ALARM", alarm.name))

    def jobs(self) -> JobCounts:
        """Count the bench's jobs."""
        return JobCounts(waiting=self._count(_WAITING), running=self._count(_RUNNING))

    def _count(self, statuses: "Sequence[JobStatusType]") -> int:
        with store_errors("Batch"):
            return sum(
                len(page["jobSummaryList"])
                for status in statuses
                for page in self._batch.get_paginator("list_jobs").paginate(
                    jobQueue=self._job_queue_arn, jobStatus=status
                )
            )
