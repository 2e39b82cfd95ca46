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
        return self._status(experiment) == "RUNNING"

    def has_ended(self, experiment: Experiment) -> bool:
        """Tell whether the execution of the experiment's current run is over: its name is used."""
        return self._status(experiment) not in {None, "RUNNING"}

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

    def stop(self, experiment: Experiment) -> None:
        """End the execution of the experiment's current run, if it is under way."""
        if self.is_running(experiment):
            with store_errors("Step Functions"):
                self._client.stop_execution(
                    executionArn=self._arn(experiment), cause="A person stopped the campaign."
                )

    def _status(self, experiment: Experiment) -> str | None:
        """Give Step Functions' word for where an execution stands; None if there is none."""
        try:
            with store_errors("Step Functions"):
                answer = self._client.describe_execution(executionArn=self._arn(experiment))
        except ClientError as error:
            if code_of(error) == "ExecutionDoesNotExist":
                return None
            raise
        return answer["status"]

    def _arn(self, experiment: Experiment) -> str:
        machine = self._state_machine_arn.replace(":stateMachine:", ":execution:")
        return f"{machine}:{_name_of(experiment)}"


def _name_of(experiment: Experiment) -> str:
    """Name the execution of an experiment's current run, as the campaign's definition does."""
    return f"{experiment.experiment_id}-{experiment.run}"
