"""The executions of experiments: each run is started once."""

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from adapters.step_functions import StepFunctionsExecutions
from tests.unit.builders import experiment

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


def test_a_machine_that_does_not_exist_is_an_error(stub: Stubber) -> None:
    stub.add_client_error("start_execution", "StateMachineDoesNotExist", http_status_code=400)
    with stub, pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        StepFunctionsExecutions(MACHINE, stub.client).start(experiment())
