"""EventBridge schedule rules start state machines."""

from __future__ import annotations


def test_schedule_rule_starts_a_machine_with_its_input(aws):
    machines = aws.stepfunctions.list_state_machines()["stateMachines"]
    (machine,) = [
        one["stateMachineArn"] for one in machines if one["name"].startswith("scheduled-")
    ]
    started = aws.until(
        lambda: aws.stepfunctions.list_executions(stateMachineArn=machine)["executions"],
        timeout_s=75,
    )
    assert aws.finished(started[0]["executionArn"])["result"] == {"by": "schedule"}
