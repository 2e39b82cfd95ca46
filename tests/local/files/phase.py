"""The Lambda function of the conformance tests: does what its event asks for."""

# ruff: noqa: T201 - its output is what the tests read

import os
import time

import boto3


class DesignError(Exception):
    """A fault of the candidate."""


class TransientError(Exception):
    """A fault that goes away."""


def failed_before(counter):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    key = {"pk": counter, "sk": "calls"}
    before = int(table.get_item(Key=key).get("Item", {}).get("n", 0))
    table.put_item(Item={**key, "n": before + 1})
    return before


def handler(event, context):
    if line := event.get("print"):
        print(line)
    time.sleep(event.get("sleep", 0))
    if error := event.get("error"):
        failures = event.get("failures")
        if failures is None or failed_before(event["counter"]) < failures:
            raise {"DesignError": DesignError, "TransientError": TransientError}[error]("boom")
    return {
        "echo": event.get("echo"),
        "pid": os.getpid(),
        "request_id": context.aws_request_id,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "environment": dict(os.environ),
    }
