"""The executions of experiments: each run is started once."""

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from adapters.step_functions import StepFunctionsExecutions
from tests.unit.builders import NOON, experiment

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Experiment"
ARN = "arn:aws:states:eu-west-1:123456789012:execution:Experiment:default-0001-1"


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
    told = {"executionArn": ARN, "stateMachineArn": MACHINE, "startDate": NOON, "status": status}
    for _ in range(2):
        stub.add_response("describe_execution", told, {"executionArn": ARN})
    with stub:
        executions = StepFunctionsExecutions(MACHINE, stub.client)
        assert executions.is_running(experiment()) is (status == "RUNNING")
        assert executions.has_ended(experiment()) is (status != "RUNNING")


def test_a_run_that_was_never_started_neither_runs_nor_has_ended(stub: Stubber) -> None:
    for _ in range(3):
        stub.add_client_error("describe_execution", "ExecutionDoesNotExist", http_status_code=400)
    with stub:
        executions = StepFunctionsExecutions(MACHINE, stub.client)
        assert not executions.is_running(experiment())
        assert not executions.has_ended(experiment())
        executions.stop(experiment())


def test_a_run_is_stopped_by_its_name(stub: Stubber) -> None:
    told = {"executionArn": ARN, "stateMachineArn": MACHINE, "startDate": NOON, "status": "RUNNING"}
    why = {"executionArn": ARN, "cause": "A person stopped the campaign."}
    stub.add_response("describe_execution", told, {"executionArn": ARN})
    stub.add_response("stop_execution", {"stopDate": NOON}, why)
    with stub:
        StepFunctionsExecutions(MACHINE, stub.client).stop(experiment())
    stub.assert_no_pending_responses()


def test_a_machine_that_does_not_exist_is_an_error(stub: Stubber) -> None:
    stub.add_client_error("start_execution", "StateMachineDoesNotExist", http_status_code=400)
    with stub, pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        StepFunctionsExecutions(MACHINE, stub.client).start(experiment())
