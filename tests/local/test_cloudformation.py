"""What CloudFormation makes of the resources and properties the seams add."""

from __future__ import annotations

import json
from typing import Any

import pytest

ROLE = "arn:aws:iam::000000000000:role/lab"


def template(revision: int = 1, definition: str = "") -> dict[str, Any]:
    machine = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": revision, "End": True}}}
    return {
        "Resources": {
            "Environment": {
                "Type": "AWS::Batch::ComputeEnvironment",
                "Properties": {
                    "Type": "MANAGED",
                    "State": "ENABLED",
                    "ComputeResources": {"Type": "SPOT", "MaxvCpus": 4, "Subnets": ["subnet-1"]},
                },
            },
            "Queue": {
                "Type": "AWS::Batch::JobQueue",
                "Properties": {
                    "Priority": 1,
                    "ComputeEnvironmentOrder": [
                        {"Order": 1, "ComputeEnvironment": {"Ref": "Environment"}}
                    ],
                },
            },
            "Definition": {
                "Type": "AWS::Batch::JobDefinition",
                "Properties": {
                    "Type": "container",
                    "Parameters": {"action": "say", "argument": f"revision {revision}"},
                    "RetryStrategy": {"Attempts": "2"},
                    "Timeout": {"AttemptDurationSeconds": "60"},
                    "ContainerProperties": {
                        "Image": "worker",
                        "Command": ["Ref::action", "Ref::argument"],
                        "Environment": [{"Name": "COLOUR", "Value": "green"}],
                        "LogConfiguration": {
                            "LogDriver": "awslogs",
                            "Options": {
                                "awslogs-group": "/lab/worker",
                                "awslogs-stream-prefix": "w",
                            },
                        },
                    },
                },
            },
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"Tags": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]},
            },
            "Api": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {
                    "Name": "api",
                    "ProtocolType": "HTTP",
                    "CorsConfiguration": {
                        "AllowOrigins": ["http://127.0.0.1:1"],
                        "AllowMethods": ["GET"],
                    },
                },
            },
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": ROLE,
                    "DefinitionString": definition or json.dumps(machine),
                },
            },
        },
        "Outputs": {
            name: {"Value": {"Ref": name}}
            for name in ("Environment", "Queue", "Definition", "Bucket", "Api", "Machine")
        },
    }


def outputs(aws: Any, name: str) -> dict[str, str]:
    (stack,) = aws.cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def wait(aws: Any, name: str, waiter: str) -> None:
    aws.cloudformation.get_waiter(waiter).wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def run_job(aws: Any, out: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    job = aws.job(
        aws.batch.submit_job(jobName="j", jobQueue=out["Queue"], jobDefinition=out["Definition"])[
            "jobId"
        ]
    )
    stream = job["container"]["logStreamName"]
    events = aws.logs.get_log_events(logGroupName="/lab/worker", logStreamName=stream)["events"]
    return job, [event["message"] for event in events]


def test_a_stack_is_created_updated_and_deleted(aws):
    cloudformation = aws.cloudformation
    cloudformation.create_stack(StackName="seams", TemplateBody=json.dumps(template()))
    wait(aws, "seams", "stack_create_complete")
    out = outputs(aws, "seams")

    job, lines = run_job(aws, out)
    assert lines == ["say revision 1"]
    assert job["container"]["logStreamName"].startswith("w/default/")
    assert job["retryStrategy"]["attempts"] == 2
    assert job["timeout"] == {"attemptDurationSeconds": 60}
    assert {"name": "COLOUR", "value": "green"} in job["container"]["environment"]
    tags = aws.s3.get_bucket_tagging(Bucket=out["Bucket"])["TagSet"]
    assert {"Key": "aws-cdk:auto-delete-objects", "Value": "true"} in tags
    cors = aws.apigatewayv2.get_api(ApiId=out["Api"])["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["http://127.0.0.1:1"]
    assert aws.finished(aws.start(out["Machine"]))["result"] == 1

    cloudformation.update_stack(StackName="seams", TemplateBody=json.dumps(template(2)))
    wait(aws, "seams", "stack_update_complete")
    updated = outputs(aws, "seams")
    assert updated["Queue"] == out["Queue"]
    assert updated["Definition"] == out["Definition"].removesuffix(":1") + ":2"
    assert run_job(aws, updated)[1] == ["say revision 2"]
    assert aws.finished(aws.start(updated["Machine"]))["result"] == 2

    cloudformation.delete_stack(StackName="seams")
    wait(aws, "seams", "stack_delete_complete")
    queues = [queue["jobQueueArn"] for queue in aws.batch.describe_job_queues()["jobQueues"]]
    assert out["Queue"] not in queues
    active = aws.batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    assert updated["Definition"] not in [one["jobDefinitionArn"] for one in active]


@pytest.mark.parametrize("definition", ['{"States": {}}', '{"StartAt": "A", "States": {"A": {}}}'])
def test_a_definition_that_cannot_run_fails_the_stack(aws, definition):
    name = f"bad-{abs(hash(definition))}"
    body = json.dumps(template(definition=definition))
    aws.cloudformation.create_stack(StackName=name, TemplateBody=body)
    stack = aws.until(
        lambda: (
            (found := aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0])[
                "StackStatus"
            ]
            == "ROLLBACK_COMPLETE"
            and found
        )
    )
    events = aws.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("Invalid State Machine Definition" in reason for reason in reasons)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
