"""Task states: Lambda with typed errors, Retry and Catch, and the service integrations."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

REPOSITORY_ROOT = Path(__file__).parents[2]


def invoke(payload: Any, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "phase", "Payload": payload},
        "Output": "{% $states.result.Payload.echo %}",
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def task(resource: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def machine(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


CAUGHT = {"Type": "Pass", "Output": {"caught": "{% $states.input %}"}, "End": True}


# -- Lambda ----------------------------------------------------------------------------------


def test_lambda_payload_and_history(aws):
    done = aws.run(machine(L=invoke({"echo": "{% $states.input.n %}"})), {"n": 5})
    assert done["result"] == 5
    events = aws.history(done["executionArn"])
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["previousEventId"] for event in events] == [0, 0, 2, 3, 4, 5, 6]
    assert json.loads(events[1]["stateEnteredEventDetails"]["input"]) == {"n": 5}
    assert events[1]["stateEnteredEventDetails"]["name"] == "L"
    parameters = json.loads(events[2]["taskScheduledEventDetails"]["parameters"])
    assert parameters["Payload"] == {"echo": 5}


def test_a_python_exception_is_an_error_of_its_class(aws):
    done = aws.run(machine(L=invoke({"error": "DesignError"})))
    assert (done["status"], done["error"]) == ("FAILED", "DesignError")
    cause = json.loads(done["cause"])
    assert cause["errorMessage"] == "boom"
    assert cause["errorType"] == "DesignError"
    assert any("in handler" in line for line in cause["stackTrace"])


def test_catch_by_class_with_assign_and_output(aws):
    done = aws.run(
        machine(
            L=invoke(
                {"error": "DesignError"},
                Catch=[
                    {
                        "ErrorEquals": ["DesignError"],
                        "Assign": {"error": "{% $states.errorOutput.Error %}"},
                        "Output": "{% $parse($states.errorOutput.Cause).errorMessage %}",
                        "Next": "Z",
                    }
                ],
            ),
            Z={
                "Type": "Pass",
                "Output": {"e": "{% $error %}", "m": "{% $states.input %}"},
                "End": True,
            },
        )
    )
    assert done["result"] == {"e": "DesignError", "m": "boom"}


@pytest.mark.parametrize("name", ["States.TaskFailed", "States.ALL"])
def test_catch_all_names_match_a_class(aws, name):
    done = aws.run(
        machine(
            L=invoke({"error": "DesignError"}, Catch=[{"ErrorEquals": [name], "Next": "Z"}]),
            Z=CAUGHT,
        )
    )
    assert done["result"]["caught"]["Error"] == "DesignError"


def test_a_worker_survives_its_handlers_exceptions(aws):
    pids = set()
    for _ in range(3):
        aws.run(machine(L=invoke({"error": "DesignError"})))
        done = aws.run(machine(L=invoke({}, Output="{% $states.result.Payload.pid %}")))
        pids.add(done["result"])
    assert len(pids) == 1


def test_lambda_environment_holds_nothing_of_the_host(aws):
    done = aws.run(machine(L=invoke({}, Output="{% $states.result.Payload.environment %}")))
    environment = done["result"]
    assert environment["TABLE"] == "things"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "phase"
    assert environment["AWS_ENDPOINT_URL"] == aws.cloud.endpoint_url
    assert "of the host" not in environment.values()


def test_lambda_logs_and_time_out(aws):
    function = aws.__getattr__("lambda")
    mark = uuid.uuid4().hex
    function.invoke(FunctionName="phase", Payload=json.dumps({"print": mark}))
    group = "/aws/lambda/phase"
    found = aws.logs.filter_log_events(logGroupName=group, filterPattern=f'"{mark}"')["events"]
    assert [event["message"] for event in found] == [mark]
    done = aws.run(machine(L=invoke({"sleep": 9})))
    assert done["error"] == "Sandbox.Timedout"


def test_missing_function(aws):
    state = invoke({})
    state["Arguments"]["FunctionName"] = "nope"
    assert aws.run(machine(L=state))["error"] == "Lambda.ResourceNotFoundException"


# -- Retry and time-outs ---------------------------------------------------------------------


def retry(**fields: Any) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["TransientError"], "IntervalSeconds": 1, "BackoffRate": 1, **fields}]


def test_retry_until_success_and_count(aws):
    done = aws.run(
        machine(
            L=invoke(
                {
                    "error": "TransientError",
                    "failures": 2,
                    "counter": uuid.uuid4().hex,
                    "echo": "{% $states.context.State.RetryCount %}",
                },
                Retry=retry(MaxAttempts=3),
            )
        )
    )
    assert done["result"] == 2
    types = [event["type"] for event in aws.history(done["executionArn"])]
    assert types.count("TaskFailed") == 2


@pytest.mark.parametrize(
    ("fields", "attempts"),
    [
        ({"MaxAttempts": 2, "MaxDelaySeconds": 2, "BackoffRate": 10}, 3),
        ({"MaxAttempts": 2, "JitterStrategy": "FULL"}, 3),
        ({"MaxAttempts": 0}, 1),
    ],
)
def test_retries_are_counted_and_then_caught(aws, fields, attempts):
    done = aws.run(
        machine(
            L=invoke(
                {"error": "TransientError"},
                Retry=retry(**fields),
                Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Z"}],
            ),
            Z=CAUGHT,
        )
    )
    assert done["result"]["caught"]["Error"] == "TransientError"
    types = [event["type"] for event in aws.history(done["executionArn"])]
    assert types.count("TaskScheduled") == attempts


def test_retry_does_not_match_another_class(aws):
    done = aws.run(machine(L=invoke({"error": "DesignError"}, Retry=retry(MaxAttempts=5))))
    types = [event["type"] for event in aws.history(done["executionArn"])]
    assert types.count("TaskScheduled") == 1


def test_task_time_out(aws):
    done = aws.run(
        machine(
            L=invoke(
                {"sleep": 2.5},
                TimeoutSeconds="{% $states.input.limit %}",
                Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Z"}],
            ),
            Z=CAUGHT,
        ),
        {"limit": 1},
    )
    assert done["result"]["caught"]["Error"] == "States.Timeout"


def test_machine_time_out(aws):
    definition = machine(W={"Type": "Wait", "Seconds": 1000, "End": True})
    done = aws.run({**definition, "TimeoutSeconds": 1})
    assert done["status"] == "TIMED_OUT"
    assert aws.history(done["executionArn"])[-1]["type"] == "ExecutionTimedOut"


# -- Waits and stops -------------------------------------------------------------------------


def test_wait_scale_is_live(aws):
    definition = machine(
        W={"Type": "Wait", "Seconds": "{% $states.input.s %}", "Next": "R"},
        R=invoke(
            {"error": "TransientError"},
            Retry=retry(MaxAttempts=1, IntervalSeconds=60),
            Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Z"}],
        ),
        Z={"Type": "Succeed"},
    )
    try:
        aws.cloud.set_wait_scale(0)
        assert aws.run(definition, {"s": 86400})["status"] == "SUCCEEDED"
        aws.cloud.set_wait_scale(1)
        done = aws.run(machine(W={"Type": "Wait", "Seconds": 1, "End": True}))
        assert done["status"] == "SUCCEEDED"
        _, entered, exited, _ = aws.history(done["executionArn"])
        assert exited["timestamp"] - entered["timestamp"] >= timedelta(seconds=1)
    finally:
        aws.cloud.set_wait_scale(0.01)


def test_stop_execution(aws):
    execution = aws.start(
        aws.state_machine(machine(W={"Type": "Wait", "Seconds": 100000, "End": True}))
    )
    aws.until(lambda: len(aws.history(execution)) == 2)
    aws.stepfunctions.stop_execution(executionArn=execution, error="Stopped", cause="by a test")
    done = aws.finished(execution)
    assert (done["status"], done["error"], done["cause"]) == ("ABORTED", "Stopped", "by a test")
    assert [event["type"] for event in aws.history(execution)] == [
        "ExecutionStarted",
        "WaitStateEntered",
        "ExecutionAborted",
    ]


# -- Nested executions -----------------------------------------------------------------------


def test_nested_execution_waits_for_its_output(aws):
    child = aws.state_machine(
        machine(P={"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True})
    )
    done = aws.run(
        machine(
            N=task(
                "states:startExecution.sync:2",
                {"StateMachineArn": child, "Input": {"n": "{% $states.input.n %}"}},
                Output="{% [$states.result.Output, $states.result.Status] %}",
            )
        ),
        {"n": 5},
    )
    assert done["result"] == [10, "SUCCEEDED"]


def test_nested_failure_is_caught_with_the_childs_error(aws):
    child = aws.state_machine(machine(F={"Type": "Fail", "Error": "ChildError", "Cause": "why"}))
    done = aws.run(
        machine(
            N=task(
                "states:startExecution.sync:2",
                {"StateMachineArn": child, "Input": {}},
                Catch=[
                    {
                        "ErrorEquals": ["States.TaskFailed"],
                        "Output": "{% $parse($states.errorOutput.Cause).Error %}",
                        "Next": "Z",
                    }
                ],
            ),
            Z=CAUGHT,
        )
    )
    assert done["result"] == {"caught": "ChildError"}


def test_fire_and_forget_and_describe(aws):
    child = aws.state_machine(machine(W={"Type": "Wait", "Seconds": 30, "End": True}))
    name = uuid.uuid4().hex
    done = aws.run(
        machine(
            N=task(
                "states:startExecution",
                {"StateMachineArn": child, "Name": name, "Input": {"a": 1}},
                Output="{% $states.result.ExecutionArn %}",
                Next="D",
            ),
            D=task(
                "aws-sdk:sfn:describeExecution",
                {"ExecutionArn": "{% $states.input %}"},
                Output="{% {'status': $states.result.Status, 'name': $states.result.Name} %}",
            ),
        )
    )
    assert done["result"] == {"status": "RUNNING", "name": name}
    assert aws.finished(child.replace("stateMachine", "execution") + f":{name}")["status"] == (
        "SUCCEEDED"
    )


def test_a_taken_name_is_an_error_of_step_functions(aws):
    child = aws.state_machine(machine(S={"Type": "Succeed"}))
    aws.stepfunctions.start_execution(stateMachineArn=child, name="taken", input="{}")
    done = aws.run(
        machine(N=task("states:startExecution", {"StateMachineArn": child, "Name": "taken"}))
    )
    assert "ExecutionAlreadyExists" in done["error"]


def test_stopping_the_parent_stops_the_child(aws):
    child = aws.state_machine(machine(W={"Type": "Wait", "Seconds": 100000, "End": True}))
    parent = aws.start(
        aws.state_machine(
            machine(
                N=task(
                    "states:startExecution.sync:2",
                    {"StateMachineArn": child, "Name": "c", "Input": {}},
                )
            )
        )
    )
    execution = child.replace("stateMachine", "execution") + ":c"
    listed = lambda: aws.stepfunctions.list_executions(stateMachineArn=child)["executions"]  # noqa: E731
    aws.until(listed)
    aws.stepfunctions.stop_execution(executionArn=parent)
    assert aws.finished(execution)["status"] == "ABORTED"


# -- DynamoDB, S3, SNS -----------------------------------------------------------------------


def update(**arguments: Any) -> dict[str, Any]:
    return task(
        "dynamodb:updateItem",
        {
            "TableName": "things",
            "Key": {"pk": {"S": "{% $states.input.pk %}"}, "sk": {"S": "s"}},
            "ReturnValues": "ALL_NEW",
            **arguments,
        },
        Output="{% $states.result.Attributes %}",
    )


APPEND = {
    "UpdateExpression": (
        "SET needs_human = :yes, reasons = list_append(if_not_exists(reasons, :none), :reason)"
    ),
    "ExpressionAttributeValues": {
        ":yes": {"BOOL": True},
        ":none": {"L": []},
        ":reason": {"L": [{"M": {"phase": {"S": "{% $states.input.phase %}"}, "n": {"N": "1"}}}]},
    },
}


def test_update_item_appends_and_touches_nothing_else(aws):
    key = uuid.uuid4().hex
    aws.dynamodb.put_item(
        TableName="things",
        Item={"pk": {"S": key}, "sk": {"S": "s"}, "price": {"N": "0.123456789012345678901"}},
    )
    for phase in ("validation", "execution"):
        done = aws.run(machine(U=update(**APPEND)), {"pk": key, "phase": phase})
    assert done["result"]["needs_human"] == {"BOOL": True}
    item = aws.dynamodb.get_item(TableName="things", Key={"pk": {"S": key}, "sk": {"S": "s"}})[
        "Item"
    ]
    assert [one["M"]["phase"]["S"] for one in item["reasons"]["L"]] == ["validation", "execution"]
    assert item["price"] == {"N": "0.123456789012345678901"}


def test_failed_condition_has_dynamodbs_name(aws):
    condition = {
        "UpdateExpression": "SET a = :a",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":a": {"N": "1"}},
    }
    state = update(**condition)
    state["Catch"] = [{"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "Z"}]
    done = aws.run(machine(U=state, Z=CAUGHT), {"pk": uuid.uuid4().hex})
    assert done["result"]["caught"]["Error"] == "DynamoDB.ConditionalCheckFailedException"


def flagging() -> dict[str, Any]:
    """The experiment's state that asks for a person, on the table of the tests."""
    text = (REPOSITORY_ROOT / "infra" / "experiment.asl.json").read_text()
    flag = json.loads(text.replace("${TableName}", "things"))["States"]["FlagHuman"]
    known = {
        "experiment_id": "{% $states.input.experiment_id %}",
        "campaign_id": "default",
        "run": "{% $states.input.run %}",
        "fixes": [],
        "flag": {
            "phase": "design",
            "reason": "The design failed.",
            "attempts": 1,
            "error": {"Error": "States.Timeout", "Cause": "late"},
        },
    }
    end = {"Type": "Pass", "Output": "{% $states.context.State.Name %}", "End": True}
    return machine(
        Begin={"Type": "Pass", "Assign": known, "Next": "FlagHuman"},
        FlagHuman=flag,
        NotifyHuman=end,
        FlagLost=end,
    )


def test_a_request_for_a_person_that_is_written_again_stands_once(aws):
    experiment_id = uuid.uuid4().hex
    key = {"pk": {"S": f"EXPERIMENT#{experiment_id}"}, "sk": {"S": "EXPERIMENT"}}

    def flag_again(*, run: int, status: str) -> tuple[int, str]:
        """Have run 1 ask twice; give how often it stands in the record, and the status then."""
        row = {"run": {"N": str(run)}, "status": {"S": status}}
        aws.dynamodb.put_item(TableName="things", Item={**key, **row})
        for _ in range(2):
            done = aws.run(flagging(), {"experiment_id": experiment_id, "run": 1})
            assert done["result"] == "NotifyHuman"
        item = aws.dynamodb.get_item(TableName="things", Key=key)["Item"]
        return len(item.get("human_intervention_reasons", {"L": []})["L"]), item["status"]["S"]

    assert flag_again(run=1, status="running") == (1, "needs_human")
    assert flag_again(run=1, status="queued") == (1, "needs_human")  # its begin had failed
    assert flag_again(run=2, status="queued") == (0, "queued")  # somebody has answered meanwhile


def test_s3_objects_by_the_sdk_integration(aws):
    key = f"{uuid.uuid4().hex}.json"
    done = aws.run(
        machine(
            P=task(
                "aws-sdk:s3:putObject",
                {"Bucket": "bucket", "Key": key, "Body": {"a": [1, "ü"]}},
                Next="G",
            ),
            G=task(
                "aws-sdk:s3:getObject",
                {"Bucket": "bucket", "Key": key},
                Output="{% $parse($states.result.Body) %}",
            ),
        )
    )
    assert done["result"] == {"a": [1, "ü"]}


def test_missing_object_has_s3s_name(aws):
    done = aws.run(machine(G=task("aws-sdk:s3:getObject", {"Bucket": "bucket", "Key": "nope"})))
    assert done["error"] == "S3.NoSuchKeyException"


def test_sns_publish(aws):
    done = aws.run(
        machine(
            N=task(
                "sns:publish",
                {
                    "TopicArn": "arn:aws:sns:us-east-1:000000000000:topic",
                    "Subject": "s",
                    "Message": {"a": 1},
                },
                Output="{% $states.result.MessageId %}",
            )
        )
    )
    assert len(done["result"]) == 36
