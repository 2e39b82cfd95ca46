"""What is there after the server was killed, and what is told about work it interrupted."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.cloud import OneMachineCloud

WAITING = {
    "QueryLanguage": "JSONata",
    "StartAt": "W",
    "States": {"W": {"Type": "Wait", "Seconds": 10_000_000, "End": True}},
}
PASSING = {
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}},
}
TEMPLATE = {
    "Resources": {
        "Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {"JobQueueName": "of-the-stack", "Priority": 1},
        }
    },
    "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}},
}


def server_process(cloud: OneMachineCloud) -> psutil.Process:
    note = json.loads((cloud.settings.state_dir / "server.json").read_text())
    return psutil.Process(note["pid"])


def kill_server(cloud: OneMachineCloud) -> list[psutil.Process]:
    """Kill the server as the kernel would and return what it had started."""
    server = server_process(cloud)
    family = server.children(recursive=True)
    os.kill(server.pid, signal.SIGKILL)
    return family


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, make_cloud, make_aws) -> Any:
    """Fill a cloud, kill it in the middle of its work, start it again on the same folder."""
    state_dir: Path = tmp_path_factory.mktemp("durable")
    cloud = make_cloud(state_dir, wait_scale=1.0)
    cloud.start()
    facts: dict[str, Any] = {}
    try:
        aws = make_aws(cloud)
        aws.dynamodb.create_table(
            TableName="things",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.s3.create_bucket(Bucket="bucket")
        aws.deploy_function("phase")
        aws.deploy_batch()
        aws.cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(TEMPLATE))
        aws.cloudformation.get_waiter("stack_create_complete").wait(
            StackName="stack", WaiterConfig={"Delay": 1}
        )
        aws.events.put_rule(Name="rule", ScheduleExpression="rate(30 minutes)", State="DISABLED")
        facts["passing"] = aws.start(aws.state_machine(PASSING), {"n": 1})
        aws.finished(facts["passing"])
        facts["passing_history"] = aws.history(facts["passing"])
        facts["machines"] = {
            one["name"] for one in aws.stepfunctions.list_state_machines()["stateMachines"]
        }
        facts["done_job"] = aws.job(submit(aws, "say", "done"))
        facts["running_job"] = submit(aws, "child", "600")
        aws.until(lambda: len(aws.job_log(facts["running_job"])) == 2)  # its child's line came
        facts["waiting_job"] = submit(aws, "sleep", "600")
        facts["waiting_job_2"] = submit(aws, "sleep", "600")
        time.sleep(2)  # what is saved in the background has been
        # From here on everything must be on disk when the call returns.
        waiting = aws.state_machine(WAITING, prefix="passing")
        time.sleep(1)
        facts["waiting"] = aws.start(waiting)
        aws.until(lambda: len(aws.history(facts["waiting"])) == 2)
        aws.s3.put_object(Bucket="bucket", Key="a/b.txt", Body=b"body", Metadata={"m": "1"})
        for number in range(20):
            aws.dynamodb.put_item(
                TableName="things",
                Item={"pk": {"S": str(number)}, "n": {"N": "0.1234567890123456789012345678"}},
            )
        aws.dynamodb.delete_item(TableName="things", Key={"pk": {"S": "7"}})
        aws.dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "things", "Item": {"pk": {"S": "t"}, "v": {"B": b"\x00"}}}}
            ]
        )
        # A handler in the middle of an invocation must not outlive the server either.
        aws.__getattr__("lambda").invoke(
            FunctionName="phase", InvocationType="Event", Payload=b'{"sleep": 60}'
        )
        aws.until(lambda: len(server_process(cloud).children(recursive=True)) >= 5)
        facts["family"] = kill_server(cloud)
        facts["survivors"] = aws.left_running(facts["family"], within_s=10)
        cloud.stop()
        cloud = make_cloud(state_dir)
        cloud.start()
        yield make_aws(cloud), facts
    finally:
        cloud.stop()


def submit(aws: Any, action: str, argument: str) -> str:
    return aws.batch.submit_job(
        jobName="job",
        jobQueue="jobs",
        jobDefinition="work",
        parameters={"action": action, "argument": argument},
    )["jobId"]


def test_everything_the_killed_server_started_is_gone(interrupted):
    _, facts = interrupted
    assert len(facts["family"]) >= 5  # the fork server, two jobs, a job's child, a handler
    assert facts["survivors"] == []


def test_items(interrupted):
    aws, _ = interrupted
    items = aws.dynamodb.scan(TableName="things")["Items"]
    assert {item["pk"]["S"] for item in items} == {str(n) for n in range(20) if n != 7} | {"t"}
    item = aws.dynamodb.get_item(TableName="things", Key={"pk": {"S": "3"}})["Item"]
    assert item["n"] == {"N": "0.1234567890123456789012345678"}
    item = aws.dynamodb.get_item(TableName="things", Key={"pk": {"S": "t"}})["Item"]
    assert item["v"] == {"B": b"\x00"}
    assert aws.dynamodb.describe_table(TableName="things")["Table"]["ItemCount"] == 20


def test_objects(interrupted):
    aws, _ = interrupted
    found = aws.s3.get_object(Bucket="bucket", Key="a/b.txt")
    assert (found["Body"].read(), found["Metadata"]) == (b"body", {"m": "1"})


def test_finished_execution_with_its_history(interrupted):
    aws, facts = interrupted
    assert aws.finished(facts["passing"])["result"] == {"n": 1}
    assert aws.history(facts["passing"]) == facts["passing_history"]


def test_running_execution_has_failed_with_a_cause(interrupted):
    aws, facts = interrupted
    done = aws.stepfunctions.describe_execution(executionArn=facts["waiting"])
    assert (done["status"], done["error"]) == ("FAILED", "OneMachineCloud.Stopped")
    assert done["cause"] == "The one-machine cloud was stopped while this execution was running."
    events = aws.history(facts["waiting"])
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "ExecutionFailed"
    assert "stopDate" in done


def test_definitions(interrupted):
    aws, facts = interrupted
    machines = aws.stepfunctions.list_state_machines()["stateMachines"]
    assert facts["machines"] < {one["name"] for one in machines}
    assert [rule["Name"] for rule in aws.events.list_rules()["Rules"]] == ["rule"]
    stack = aws.cloudformation.describe_stacks(StackName="stack")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"].endswith(":job-queue/of-the-stack")
    queues = aws.batch.describe_job_queues()["jobQueues"]
    assert {queue["jobQueueName"] for queue in queues} == {"jobs", "of-the-stack"}


def test_jobs(interrupted):
    aws, facts = interrupted
    assert aws.job(facts["done_job"]["jobId"]) == facts["done_job"]
    for name in ("running_job", "waiting_job", "waiting_job_2"):
        job = aws.job(facts[name])
        assert job["status"] == "FAILED"
        assert job["statusReason"] == (
            "The one-machine cloud was stopped while this job was running"
        )


def test_work_goes_on(interrupted):
    aws, _ = interrupted
    function = aws.__getattr__("lambda")
    answer = json.loads(
        function.invoke(FunctionName="phase", Payload=b'{"echo": 4}')["Payload"].read()
    )
    assert answer["echo"] == 4
    assert aws.job(submit(aws, "say", "again"))["status"] == "SUCCEEDED"
    assert aws.run(PASSING, {"n": 2})["result"] == {"n": 2}
    aws.cloudformation.delete_stack(StackName="stack")
    aws.until(
        lambda: (
            [queue["jobQueueName"] for queue in aws.batch.describe_job_queues()["jobQueues"]]
            == ["jobs"]
        )
    )


def test_a_table_made_again_is_empty(tmp_path, make_cloud, make_aws):
    def table(aws):
        aws.dynamodb.create_table(
            TableName="again",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.dynamodb.put_item(TableName="again", Item={"pk": {"S": "old"}})

    with make_cloud(tmp_path) as cloud:
        aws = make_aws(cloud)
        table(aws)
        aws.dynamodb.delete_table(TableName="again")
        table(aws)
        aws.dynamodb.delete_item(TableName="again", Key={"pk": {"S": "old"}})
    with make_cloud(tmp_path) as cloud:
        assert make_aws(cloud).dynamodb.scan(TableName="again")["Items"] == []


def test_a_stack_that_is_complete_is_on_disk(tmp_path, make_cloud, make_aws):
    cloud = make_cloud(tmp_path)
    cloud.start()
    try:
        aws = make_aws(cloud)
        aws.cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(TEMPLATE))
        aws.until(lambda: stack_status(aws) == "CREATE_COMPLETE")
        kill_server(cloud)
        cloud.stop()
        cloud = make_cloud(tmp_path)
        cloud.start()
        aws = make_aws(cloud)
        assert stack_status(aws) == "CREATE_COMPLETE"
        assert [queue["jobQueueName"] for queue in aws.batch.describe_job_queues()["jobQueues"]]
    finally:
        cloud.stop()


def stack_status(aws: Any) -> str:
    return aws.cloudformation.describe_stacks(StackName="stack")["Stacks"][0]["StackStatus"]
