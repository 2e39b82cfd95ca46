"""The executions of the experiment's state machine on AWS Step Functions."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.service_errors import code_of, store_errors
from codec_lab.events import ExperimentInput
from codec_lab.experiment import Experiment

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsExecutions:
    """Keeps the port ``Executions``.

    Parameters
    ----------
    state_machine_arn : str
        The experiment's state machine.
    client : SFNClient
        How to reach it.
    """

    def __init__(self, state_machine_arn: str, client: "SFNClient") -> None:
        self._state_machine_arn = state_machine_arn
        self._client = client

    def is_running(self, experiment: Experiment) -> bool:
        """Tell whether the execution of the experiment's current run is under way."""
        machine = self._state_machine_arn.replace(":stateMachine:", ":execution:")
        try:
            with store_errors("Step Functions"):
                answer = self._client.describe_execution(
                    executionArn=f"{machine}:{_name_of(experiment)}"
                )
        except ClientError as error:
            if code_of(error) == "ExecutionDoesNotExist":
                return False
            raise
        return answer["status"] == "RUNNING"

    def start(self, experiment: Experiment) -> None:
        """Start the experiment's current run, unless it has been started."""
        try:
            with store_errors("Step Functions"):
                self._client.start_execution(
                    stateMachineArn=self._state_machine_arn,
                    name=_name_of(experiment),
                    input=ExperimentInput.of(experiment).model_dump_json(),
                )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise


def _name_of(experiment: Experiment) -> str:
    """Name the execution of an experiment's current run, as the campaign's definition does."""
    return f"{experiment.experiment_id}-{experiment.run}"
