"""JSONata in state machines: what the lab's definitions rely on."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

REPOSITORY_ROOT = Path(__file__).parents[2]


def machine(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def value_of(aws, expression: str, payload: Any = None) -> Any:
    """Return what an expression yields as the output of a Pass state."""
    done = aws.run(machine(P={"Type": "Pass", "Output": expression, "End": True}), payload)
    assert done["status"] == "SUCCEEDED", done
    return done["result"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{% $states.input.n + 1 %}", 4),
        ("{% $states.input %}", {"n": 3, "none": None, "text": 'a "quoted" \\ text\n'}),
        ("{% $states.input.none %}", None),
        ("{% $exists($states.input.none) %}", True),
        ("{% $states.input.text %}", 'a "quoted" \\ text\n'),
        ("{% $parse('{\"a\": [1, 2.5]}') %}", {"a": [1, 2.5]}),
        ("{% $partition([1, 2, 3], 2) %}", [[1, 2], [3]]),
        ("{% $range(0, 4, 2) %}", [0, 2, 4]),
        (
            "{% $hash('a', 'SHA-256') %}",
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",  # FIPS 180-4 of "a"
        ),
        ("{% $random(7) = $random(7) %}", True),
        ("{% $length($uuid()) %}", 36),
        ("{% $merge([$states.input, {'n': 9}]).n %}", 9),
        ("{% $append([], 1) %}", [1]),
        ("{% $string($states.input.n) & '!' %}", "3!"),
        ("{% $states.input.n > 2 ? 'big' : 'small' %}", "big"),
    ],
)
def test_expression(aws, expression, expected):
    payload = {"n": 3, "none": None, "text": 'a "quoted" \\ text\n'}
    assert value_of(aws, expression, payload) == expected


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ('{"errorMessage": "wrong shape", "errorType": "ContractError"}', "wrong shape"),
        (
            '{"StatusReason": "Host terminated", "Container": {"LogStreamName": "worker/1"}}',
            "Host terminated (log stream worker/1)",
        ),
        ('{"other": 1}', '{"other": 1}'),
        ("encode raised KeyError: 'errorMessage'", "encode raised KeyError: 'errorMessage'"),
        ("", ""),
    ],
)
def test_a_person_is_told_a_sentence(aws, cause, told):
    states = json.loads((REPOSITORY_ROOT / "infra" / "experiment.asl.json").read_text())["States"]
    written = states["FlagHuman"]["Arguments"]["ExpressionAttributeValues"]
    message = written[":reasons"]["L"][0]["M"]["message"]["S"]
    expression = message.replace("$flag.error", "$states.input")
    assert value_of(aws, expression, {"Cause": cause}) == told


def test_clock(aws):
    before_ms = time.time() * 1000
    seen = value_of(aws, "{% {'ms': $millis(), 'now': $now()} %}")
    assert before_ms - 1000 < seen["ms"] < time.time() * 1000 + 1000
    assert seen["now"].endswith("Z")


def test_context(aws):
    name = aws.state_machine(
        machine(
            P={
                "Type": "Pass",
                "Output": "{% $states.context %}",
                "End": True,
            }
        )
    )
    done = aws.finished(aws.start(name, {"a": 1}))
    context = done["result"]
    assert context["Execution"]["Id"] == done["executionArn"]
    assert context["Execution"]["Name"] == done["name"]
    assert context["Execution"]["Input"] == {"a": 1}
    assert context["StateMachine"]["Id"] == name
    assert context["State"]["Name"] == "P"


def test_variables_live_through_the_execution_and_keep_any_text(aws):
    source = "def f():\n    return \"x\\n\" + 'y'  # {% not an expression %}\n" * 400
    done = aws.run(
        machine(
            A={
                "Type": "Pass",
                "Assign": {"source": "{% $states.input.source %}", "n": 1, "nothing": None},
                "Output": {},
                "Next": "B",
            },
            B={"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "C"},
            C={
                "Type": "Pass",
                "Output": {"source": "{% $source %}", "n": "{% $n %}", "nothing": "{% $nothing %}"},
                "End": True,
            },
        ),
        {"source": source},
    )
    assert done["result"] == {"source": source, "n": 2, "nothing": None}


def test_choice_condition_assign_and_output(aws):
    done = aws.run(
        machine(
            Count={"Type": "Pass", "Assign": {"i": 0}, "Next": "Loop"},
            Loop={"Type": "Pass", "Assign": {"i": "{% $i + 1 %}"}, "Next": "Enough"},
            Enough={
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $i >= $states.input.limit %}",
                        "Assign": {"last": "{% $i %}"},
                        "Output": {"limit": "{% $states.input.limit %}"},
                        "Next": "Done",
                    }
                ],
                "Default": "Loop",
            },
            Done={"Type": "Succeed", "Output": "{% {'i': $last, 'in': $states.input} %}"},
        ),
        {"limit": 5},
    )
    assert done["result"] == {"i": 5, "in": {"limit": 5}}


def test_no_choice_matched_has_the_name_of_aws(aws):
    done = aws.run(
        machine(
            C={"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "D"}]},
            D={"Type": "Succeed"},
        )
    )
    assert (done["status"], done["error"]) == ("FAILED", "States.NoChoiceMatched")


@pytest.mark.parametrize("expression", ["{% $states.input.nope %}", "{% $nope %}", "{% 1 + 'a' %}"])
def test_undefined_or_failing_expression(aws, expression):
    done = aws.run(machine(P={"Type": "Pass", "Output": expression, "End": True}))
    assert (done["status"], done["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert expression.strip("{%} ") in done["cause"]


def test_failing_expression_of_a_task_is_caught(aws):
    done = aws.run(
        machine(
            T={
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "phase", "Payload": "{% $states.input.nope %}"},
                "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Z"}],
                "End": True,
            },
            Z={"Type": "Pass", "Output": "caught", "End": True},
        )
    )
    assert done["result"] == "caught"


def test_fail_state_with_expressions(aws):
    done = aws.run(
        machine(
            F={
                "Type": "Fail",
                "Error": "{% 'E' & $string($states.input.n) %}",
                "Cause": "{% $string($count([1, 2])) %}",
            }
        ),
        {"n": 1},
    )
    assert (done["status"], done["error"], done["cause"]) == ("FAILED", "E1", "2")


def test_map_keeps_order_and_sees_outer_variables(aws):
    done = aws.run(
        machine(
            A={"Type": "Pass", "Assign": {"factor": 10}, "Next": "M"},
            M={
                "Type": "Map",
                "Items": "{% $states.input.items %}",
                "MaxConcurrency": 2,
                "ItemSelector": {
                    "value": "{% $states.context.Map.Item.Value %}",
                    "index": "{% $states.context.Map.Item.Index %}",
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "P",
                    "States": {
                        "P": {
                            "Type": "Pass",
                            "Output": "{% $states.input.value * $factor + $states.input.index %}",
                            "End": True,
                        }
                    },
                },
                "End": True,
            },
        ),
        {"items": [1, 2, 3]},
    )
    assert done["result"] == [10, 21, 32]


def test_parallel_branches(aws):
    branch = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": 2, "End": True}}}
    done = aws.run(
        machine(
            P={
                "Type": "Parallel",
                "Branches": [branch, branch],
                "Output": "{% $sum($states.result) %}",
                "End": True,
            }
        )
    )
    assert done["result"] == 4


@pytest.mark.parametrize(
    "definition",
    [
        {"States": {}},
        machine(A={"Type": "Nonsense", "End": True}),
        machine(A={"Type": "Pass", "Output": "{% ((( %}", "End": True}),
        machine(A={"Type": "Pass", "Parameters": {}, "End": True}),
    ],
)
def test_a_definition_that_cannot_run_is_refused(aws, definition):
    with pytest.raises(ClientError) as refusal:
        aws.state_machine(definition)
    assert refusal.value.response["Error"]["Code"] == "InvalidDefinition"
    # ... and does not spoil the next one
    assert value_of(aws, "{% 1 + 1 %}") == 2


def test_concurrent_executions_do_not_share_anything(aws):
    name = aws.state_machine(
        machine(
            A={"Type": "Pass", "Assign": {"n": "{% $states.input.n %}"}, "Next": "W"},
            W={"Type": "Wait", "Seconds": 1, "Next": "B"},
            B={"Type": "Pass", "Output": "{% [$n, $states.input.n] %}", "End": True},
        )
    )
    executions = [aws.start(name, {"n": n}) for n in range(20)]
    assert [json.loads(aws.finished(one)["output"]) for one in executions] == [
        [n, n] for n in range(20)
    ]
