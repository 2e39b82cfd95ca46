"""The executions of experiments: each run is started once."""

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from adapters.step_functions import StepFunctionsExecutions
from tests.unit.builders import NOON, experiment

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Experiment"


@pytest.fixture
def stub() -> Stubber:
    client = boto3.client(
        "stepfunctions",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    return Stubber(client)


def test_a_run_that_has_been_started_is_not_started_again(stub: Stubber) -> None:
    stub.add_client_error("start_execution", "ExecutionAlreadyExists", http_status_code=400)
    with stub:
        StepFunctionsExecutions(MACHINE, stub.client).start(experiment())
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("status", ["RUNNING", "FAILED"])
def test_a_run_is_asked_for_by_its_name(status: str, stub: Stubber) -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:Experiment:default-0001-1"
    told = {"executionArn": arn, "stateMachineArn": MACHINE, "startDate": NOON, "status": status}
    stub.add_response("describe_execution", told, {"executionArn": arn})
    with stub:
        executions = StepFunctionsExecutions(MACHINE, stub.client)
        assert executions.is_running(experiment()) is (status == "RUNNING")


def test_a_run_that_was_never_started_does_not_run(stub: Stubber) -> None:
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist", http_status_code=400)
    with stub:
        assert not StepFunctionsExecutions(MACHINE, stub.client).is_running(experiment())


def test_a_machine_that_does_not_exist_is_an_error(stub: Stubber) -> None:
    stub.add_client_error("start_execution", "StateMachineDoesNotExist", http_status_code=400)
    with stub, pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        StepFunctionsExecutions(MACHINE, stub.client).start(experiment())
