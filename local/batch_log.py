"""Log streams of Batch jobs, written into MiniStack 1.5.33's CloudWatch Logs as they grow."""

from __future__ import annotations

from ministack.services import batch, cloudwatch_logs

DEFAULT_GROUP = "/aws/batch/job"


class JobLog:
    """The log stream of one attempt.

    Parameters
    ----------
    group
        Name of the log group; created when missing.
    stream
        Name of the new log stream.
    """

    def __init__(self, group: str, stream: str) -> None:
        now_ms = batch._now_ms()
        if group not in cloudwatch_logs._log_groups:
            cloudwatch_logs._log_groups[group] = {
                "arn": cloudwatch_logs._make_group_arn(group),
                "creationTime": now_ms,
                "retentionInDays": None,
                "tags": {},
                "subscriptionFilters": {},
                "streams": {},
            }
        self._stream = cloudwatch_logs._log_groups[group]["streams"].setdefault(
            stream,
            {
                "events": [],
                "uploadSequenceToken": "1",
                "creationTime": now_ms,
                "firstEventTimestamp": None,
                "lastEventTimestamp": None,
                "lastIngestionTime": None,
            },
        )

    def append(self, lines: list[str]) -> None:
        """Append lines; empty ones are left out, as CloudWatch Logs does."""
        now_ms = batch._now_ms()
        cloudwatch_logs._append_log_events(
            self._stream,
            [
                {"timestamp": now_ms, "message": line, "ingestionTime": now_ms}
                for line in lines
                if line
            ],
        )
