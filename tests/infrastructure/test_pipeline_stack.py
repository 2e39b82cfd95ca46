"""The state machines, their functions, the bench and the alarms."""

import importlib
import inspect
import json
import sys
from collections.abc import Iterator

import pytest

from codec_lab.campaign import DEFAULT_CAMPAIGN, HARD_LIMITS
from infra.definition import Definition
from infra.phase_function import module_of
from lambdas.environment import PREFIX
from tests.infrastructure.templates import Assembly, Properties, flat

MACHINES = {"experiment": "Experiment", "campaign": "Campaign"}
STATES = [
    pytest.param(machine, name, id=name)
    for machine in MACHINES
    for name, state in Definition(machine).states.items()
    if state.get("Resource", "").endswith("lambda:invoke")
]


def function_of(assembly: Assembly, state: str) -> Properties:
    return assembly.one("AWS::Lambda::Function", f"{state}Function")


@pytest.fixture
def unread_handlers() -> Iterator[None]:
    """Let handlers read their environment anew, and nobody else see what they read."""
    kept = {name: sys.modules.pop(name) for name in _handler_modules()}
    yield
    for name in _handler_modules():
        del sys.modules[name]
    sys.modules.update(kept)


def _handler_modules() -> list[str]:
    return [name for name in sys.modules if name.startswith("lambdas.")]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_deployed_definition_is_the_file(aws: Assembly, machine: str) -> None:
    deployed = aws.one("AWS::StepFunctions::StateMachine", MACHINES[machine])
    definition = Definition(machine)
    assert deployed["DefinitionString"] == definition.text
    assert set(deployed["DefinitionSubstitutions"]) == definition.substitutions


@pytest.mark.parametrize("machine", MACHINES)
def test_substitutions_name_what_they_say(aws: Assembly, machine: str) -> None:
    deployed = aws.one("AWS::StepFunctions::StateMachine", MACHINES[machine])
    for name, value in deployed["DefinitionSubstitutions"].items():
        if name.endswith("FunctionArn"):
            state = name.removesuffix("FunctionArn")
            assert flat(value).startswith(f"<{state}Function"), name
            assert f"${{{name}}}" in json.dumps(Definition(machine).states[state])


@pytest.mark.parametrize("machine", MACHINES)
def test_executions_are_logged_and_traced(aws: Assembly, machine: str) -> None:
    deployed = aws.one("AWS::StepFunctions::StateMachine", MACHINES[machine])
    logging = deployed["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)
    assert deployed["TracingConfiguration"] == {"Enabled": True}
    log_group = aws.one("AWS::Logs::LogGroup", f"{MACHINES[machine]}Log")
    assert log_group["LogGroupName"].startswith("/aws/vendedlogs/states/")


@pytest.mark.parametrize(("machine", "state"), STATES)
def test_a_function_has_as_long_as_its_state(aws: Assembly, machine: str, state: str) -> None:
    function = function_of(aws, state)
    assert function["Timeout"] == Definition(machine).states[state]["TimeoutSeconds"]
    assert function["Handler"] == f"lambdas.{module_of(state)}.handler"
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["x86_64"])


@pytest.mark.usefixtures("unread_handlers")
@pytest.mark.parametrize(("machine", "state"), STATES)
def test_a_function_is_told_what_its_handler_asks_for(
    aws: Assembly, machine: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = function_of(aws, state)["Environment"]["Variables"]
    for name, value in variables.items():
        monkeypatch.setenv(name, flat(value))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    module = importlib.import_module(f"lambdas.{module_of(state)}")
    source = inspect.getmodule(inspect.unwrap(module.handler))
    assert source is not None
    environment = type(source.environment).read()
    told = {PREFIX + name.upper() for name in type(environment).model_fields}
    given = {name for name in variables if name.startswith(PREFIX)}
    assert given <= told, "a function is told no more than it reads"


@pytest.mark.parametrize(
    "state",
    [
        "Design",
        "Deploy",
        "JudgeValidation",
        "JudgeExecution",
        "FixValidation",
        "FixExecution",
        "JudgeFramework",
        "Analyze",
        "DesignNext",
    ],
)
def test_what_an_experiment_uses_has_a_price_on_aws_alone(
    aws: Assembly, one_machine: Assembly, state: str
) -> None:
    told = function_of(aws, state)["Environment"]["Variables"]
    assert told["CODEC_LAB_ON_AWS"] == "true"
    assert "CODEC_LAB_ON_AWS" not in function_of(one_machine, state)["Environment"]["Variables"]


def test_functions_share_their_code_and_one_layer(aws: Assembly, one_machine: Assembly) -> None:
    for assembly, layers in ((aws, 1), (one_machine, 0)):
        functions = [
            function
            for function in assembly.resources("AWS::Lambda::Function").values()
            if function["Handler"].startswith("lambdas.")
        ]
        assert len({json.dumps(function["Code"]) for function in functions}) == 1
        assert {len(function.get("Layers", [])) for function in functions} == {layers}


def test_every_log_is_kept_for_a_time(aws: Assembly) -> None:
    log_groups = aws.resources("AWS::Logs::LogGroup")
    others = ("worker", "network", "reminders", "api", "questions", "requests of the api")
    assert len(log_groups) == len(STATES) + len(MACHINES) + len(others)
    assert {log_group["RetentionInDays"] for log_group in log_groups.values()} == {90}


def test_the_secret_is_made_empty(aws: Assembly) -> None:
    secret = aws.one("AWS::SecretsManager::Secret")
    assert set(secret) == {"Description"}


def test_a_job_is_the_worker_with_the_states_parameters(aws: Assembly) -> None:
    job = aws.one("AWS::Batch::JobDefinition")
    container = job["ContainerProperties"]
    assert container["Command"] == ["Ref::kind", "Ref::spec"]
    assert set(job["Parameters"]) == {"kind", "spec"}
    assert job["RetryStrategy"] == {"Attempts": 1}
    states = Definition("experiment").states
    limit_s = job["Timeout"]["AttemptDurationSeconds"]
    assert (
        limit_s == states["ExecuteShard"]["TimeoutSeconds"] == states["Validate"]["TimeoutSeconds"]
    )
    environment = {one["Name"]: one["Value"] for one in container["Environment"]}
    assert flat(environment["CODEC_LAB_BUCKET"]).startswith("<ExportsOutputRefEvidenceBucket")
    assert set(environment) == {"CODEC_LAB_BUCKET", "CODEC_LAB_CACHE", "CODEC_LAB_IMAGE"}
    assert environment["CODEC_LAB_IMAGE"] == container["Image"]


def test_a_worker_can_write_only_to_scratch_and_cache(aws: Assembly) -> None:
    container = aws.one("AWS::Batch::JobDefinition")["ContainerProperties"]
    assert container["ReadonlyRootFilesystem"] is True
    assert "Privileged" not in container
    assert {one["ContainerPath"] for one in container["MountPoints"]} == {
        "/tmp",
        "/var/cache/codec-lab",
    }


def test_a_job_has_room_for_a_candidate_on_each_cpu(aws: Assembly) -> None:
    container = aws.one("AWS::Batch::JobDefinition")["ContainerProperties"]
    needs = {one["Type"]: int(one["Value"]) for one in container["ResourceRequirements"]}
    assert needs["MEMORY"] << 20 > needs["VCPU"] * HARD_LIMITS.memory_bytes


def test_the_bench_is_empty_at_rest_and_spot_comes_first(aws: Assembly) -> None:
    queue = aws.one("AWS::Batch::JobQueue")
    order = sorted(queue["ComputeEnvironmentOrder"], key=lambda one: int(one["Order"]))
    first, second = (flat(one["ComputeEnvironment"]) for one in order)
    assert first.startswith("<BenchComputeSpot")
    assert second.startswith("<BenchComputeOnDemand")
    for name, kind in (("BenchComputeSpot", "SPOT"), ("BenchComputeOnDemand", "EC2")):
        resources = aws.one("AWS::Batch::ComputeEnvironment", name)["ComputeResources"]
        assert (resources["Type"], resources["MinvCpus"]) == (kind, 0)
        assert resources["Ec2Configuration"] == [{"ImageType": "ECS_AL2023"}]
        assert {one.partition(".")[2] for one in resources["InstanceTypes"]} == {"large"}


def test_nothing_comes_into_the_network_and_nothing_in_it_costs(aws: Assembly) -> None:
    group = aws.one("AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert not aws.resources("AWS::EC2::SecurityGroupIngress")
    assert [rule["ToPort"] for rule in group["SecurityGroupEgress"]] == [443]
    assert not aws.resources("AWS::EC2::NatGateway")
    (endpoint,) = aws.resources("AWS::EC2::VPCEndpoint").values()
    assert endpoint["VpcEndpointType"] == "Gateway"


def test_a_container_cannot_reach_the_credentials_of_its_machine(aws: Assembly) -> None:
    data = aws.one("AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] is True


def test_the_campaign_is_started_by_the_clock(aws: Assembly, one_machine: Assembly) -> None:
    for assembly in (aws, one_machine):
        rule = assembly.one("AWS::Events::Rule", "Schedule")
        assert rule["ScheduleExpression"] == "rate(30 minutes)"
        (target,) = rule["Targets"]
        assert json.loads(target["Input"]) == {"campaign_id": DEFAULT_CAMPAIGN}
        assert flat(target["Arn"]).startswith("<CampaignStateMachine")


def test_questions_are_looked_after_every_hour(aws: Assembly, one_machine: Assembly) -> None:
    for assembly in (aws, one_machine):
        rule = assembly.one("AWS::Events::Rule", "Reminders")
        assert rule["ScheduleExpression"] == "rate(1 hour)"
        (target,) = rule["Targets"]
        assert flat(target["Arn"]).startswith("<RemindHumanFunction")
        permission = assembly.one("AWS::Lambda::Permission", "RemindersSchedule")
        assert permission["Principal"] == "events.amazonaws.com"


def test_a_person_is_told_of_what_went_wrong(aws: Assembly) -> None:
    alarms = aws.resources("AWS::CloudWatch::Alarm")
    assert {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms.values()} == {
        ("AWS/States", "ExecutionsFailed"),
        ("AWS/States", "ExecutionsTimedOut"),
        ("AWS/States", "ExecutionsAborted"),
        ("CodecLab", "NeedsHuman"),
        ("CodecLab", "ExperimentLost"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/DynamoDB", "ThrottledRequests"),
    }
    for alarm in alarms.values():
        (action,) = alarm["AlarmActions"]
        assert flat(action).startswith("<ExportsOutputRefHumanTopic")
        assert alarm["TreatMissingData"] == "notBreaching"


def test_throttles_of_functions_and_of_every_operation_on_the_table_are_watched(
    aws: Assembly,
) -> None:
    alarms = [
        one
        for one in aws.resources("AWS::CloudWatch::Alarm").values()
        if one["MetricName"] in {"Throttles", "ThrottledRequests"}
    ]
    for alarm in alarms:
        assert (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) == ("Sum", 300, 1)
    watched = {
        alarm["AlarmDescription"]: {
            one["Name"]: flat(one["Value"]) for one in alarm.get("Dimensions", [])
        }
        for alarm in alarms
    }
    assert watched.pop("Lambda throttled functions of this account.") == {}
    assert {text: one["Operation"] for text, one in watched.items()} == {
        f"DynamoDB throttled {name} on the lab's table.": name
        for name in ("GetItem", "Query", "PutItem", "UpdateItem")
    }
    for dimensions in watched.values():
        assert "RecordsTable" in dimensions["TableName"]


def test_the_counted_ends_are_those_of_the_experiments_file(aws: Assembly) -> None:
    filters = {
        one["MetricTransformations"][0]["MetricName"]: one
        for one in aws.resources("AWS::Logs::MetricFilter").values()
    }
    errors = {
        state["Error"]
        for state in Definition("experiment").states.values()
        if state["Type"] == "Fail"
    }
    assert errors == {"HumanNeeded", "AlreadyRunning", "FlagLost"}
    assert filters["NeedsHuman"]["FilterPattern"] == (
        '{ $.type = "ExecutionFailed" && $.details.error = "HumanNeeded" }'
    )
    assert filters["ExperimentLost"]["FilterPattern"] == (
        '{ $.type = "ExecutionFailed" && $.details.error != "HumanNeeded" '
        '&& $.details.error != "AlreadyRunning" }'
    )
    for one in filters.values():
        assert flat(one["LogGroupName"]).startswith("<ExperimentLog")


def test_the_budget_tells_before_and_when_it_is_spent(aws: Assembly, one_machine: Assembly) -> None:
    budget = aws.one("AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}
    told = [
        (one["Notification"]["NotificationType"], one["Notification"]["Threshold"])
        for one in budget["NotificationsWithSubscribers"]
    ]
    assert told == [("ACTUAL", 80), ("FORECASTED", 100)]
    assert not one_machine.resources("AWS::Budgets::Budget")


def test_outputs(aws: Assembly) -> None:
    assert set(aws.outputs("CodecLab-Pipeline")) == {
        "ExperimentStateMachineArn",
        "CampaignStateMachineArn",
        "JobQueueArn",
        "AnthropicSecretArn",
    }
