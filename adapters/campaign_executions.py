"""The executions of the campaign's state machine."""

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.execution_history import ExecutionHistory
from adapters.service_errors import store_errors
from codec_lab.state_visit import StateVisit

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

RUNNING: Final = "RUNNING"
SUCCEEDED: Final = "SUCCEEDED"
_SERVICE = "Step Functions"


class ExecutionEnd(NamedTuple):
    """Where an execution stands.

    Attributes
    ----------
    status : str
        Step Functions' word: ``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT``, ``ABORTED``.
    reason : str
        Why it stopped, for people; empty while it runs.
    """

    status: str
    reason: str


class CampaignExecutions:
    """Starts and follows executions.

    Parameters
    ----------
    client : SFNClient
        How to reach Step Functions.
    state_machine_arn : str
        The campaign's state machine.
    """

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn
        self._histories: dict[str, ExecutionHistory] = {}

    def running(self, campaign_id: str) -> str | None:
        """Give the ARN of the execution that runs a campaign, if there is one."""
        with store_errors(_SERVICE):
            pages = self._client.get_paginator("list_executions").paginate(
                stateMachineArn=self._state_machine_arn, statusFilter=RUNNING
            )
            for page in pages:
                for execution in page["executions"]:
                    arn = execution["executionArn"]
                    text = self._client.describe_execution(executionArn=arn).get("input", "{}")
                    if json.loads(text).get("campaign_id") == campaign_id:
                        return arn
        return None

    def start(self, campaign_id: str) -> str:
        """Start a campaign's machine and give the execution's ARN."""
        with store_errors(_SERVICE):
            answer = self._client.start_execution(
                stateMachineArn=self._state_machine_arn,
                input=json.dumps({"campaign_id": campaign_id}),
            )
        return answer["executionArn"]

    def stop(self, execution_arn: str) -> None:
        """End an execution, and with it the experiment's that it waits for."""
        with store_errors(_SERVICE):
            self._client.stop_execution(
                executionArn=execution_arn, cause="A person stopped the campaign."
            )

    def end(self, execution_arn: str) -> ExecutionEnd:
        """Tell whether an execution has ended, and why."""
        with store_errors(_SERVICE):
            answer = self._client.describe_execution(executionArn=execution_arn)
        status = answer["status"]
        if status == RUNNING:
            return ExecutionEnd(status, "")
        if status == SUCCEEDED:
            return ExecutionEnd(status, json.loads(answer["output"]).get("stopped", ""))
        words = (answer.get("error"), answer.get("cause"))
        return ExecutionEnd(status, ": ".join(word for word in words if word) or status.lower())

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        """Give every state that an execution (of either state machine) has visited so far."""
        if execution_arn not in self._histories:
            self._histories[execution_arn] = ExecutionHistory(self._client, execution_arn)
        with store_errors(_SERVICE):
            return self._histories[execution_arn].visits()
