"""Who may do what: the exact actions and resources of every role."""

import re

import pytest

from infra.definition import Definition
from infra.phase_function import module_of
from tests.infrastructure.templates import Assembly

TABLE, EVIDENCE, SITE, TOPIC, KEY = "table", "evidence", "site", "topic", "key"
_NAMES = {
    "RecordsTable": TABLE,
    "EvidenceBucket": EVIDENCE,
    "SiteBucket": SITE,
    "HumanTopic": TOPIC,
    "HumanKey": KEY,
}
_REFERENCE = re.compile(r"<(?:ExportsOutput(?:FnGetAtt|Ref))?(\w+?)(?:\.\w+)?>")
_HASH = re.compile(r"(?:[0-9A-F]{8})(?:Arn|Name)?(?:[0-9A-F]{8})?$")

# Neither can be given for a resource: X-Ray, delivery of logs, and two calls that name none.
WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "cloudwatch:DescribeAlarms",
    "ecr:GetAuthorizationToken",
}

READ_RECORDS = {
    ("dynamodb:GetItem", TABLE),
    ("dynamodb:Query", TABLE),
    *(
        ("dynamodb:Query", f"{TABLE}/index/{index}")
        for index in ("by_updated", "by_bd_rate", "in_short", "by_open_status")
    ),
}
WRITE_RECORDS = {("dynamodb:PutItem", TABLE), ("dynamodb:UpdateItem", TABLE)}
RECORDS = READ_RECORDS | WRITE_RECORDS
SECRET = {("secretsmanager:GetSecretValue", "AnthropicSecret")}
EXECUTIONS = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"


def reads(*prefixes: str) -> set[tuple[str, str]]:
    listed = {("s3:ListBucket", EVIDENCE)}
    return listed | {("s3:GetObject", f"{EVIDENCE}/{prefix}/*") for prefix in prefixes}


def writes(*prefixes: str) -> set[tuple[str, str]]:
    return {
        ("s3:PutObject", f"{EVIDENCE}/{prefix}{'' if prefix.endswith('*') else '/*'}")
        for prefix in prefixes
    }


ADDRESS = (
    "arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/codec-lab/dashboard-url"
)
NOTIFY = {
    ("sns:Publish", TOPIC),
    ("kms:Decrypt", KEY),
    ("kms:GenerateDataKey", KEY),
    ("ssm:GetParameter", ADDRESS),
}
PROPOSALS = reads("campaigns", "experiments", "packages")
MIND = RECORDS | SECRET | PROPOSALS | writes("experiments")
FIX = MIND | reads("bundles") | writes("bundles", "campaigns/*/framework-*")
FUNCTIONS = {
    "Design": MIND,
    "FixValidation": FIX,
    "FixExecution": FIX,
    "JudgeFramework": RECORDS | reads("campaigns", "experiments"),
    "Deploy": RECORDS | PROPOSALS | writes("bundles"),
    "JudgeValidation": RECORDS | reads("campaigns", "experiments"),
    "JudgeExecution": RECORDS | reads("experiments") | writes("experiments"),
    "Analyze": RECORDS | SECRET | reads("campaigns", "experiments") | writes("experiments"),
    "DesignNext": RECORDS,
    "NotifyHuman": READ_RECORDS | NOTIFY,
    "RemindHuman": RECORDS | NOTIFY,
    "ChooseExperiment": RECORDS
    | NOTIFY
    | {("states:DescribeExecution", f"{EXECUTIONS}ExperimentStateMachine:*")},
    "RecordOutcome": RECORDS
    | NOTIFY
    | reads("campaigns", "listings")
    | writes("listings")
    | {("states:DescribeExecution", f"{EXECUTIONS}ExperimentStateMachine:*")},
}


def plain(resource: str) -> str:
    """Write a resource by the name of what it belongs to."""

    def name(match: re.Match[str]) -> str:
        if match[1].startswith("AWS"):
            return match[0]
        logical_id = _HASH.sub("", match[1])
        return _NAMES.get(logical_id, logical_id)

    return _REFERENCE.sub(name, resource)


def permissions(assembly: Assembly, role: str) -> set[tuple[str, str]]:
    """Give what a role may do, apart from its own log and what knows no resource."""
    return {
        (action, plain(resource))
        for action, resource in assembly.allowed(role)
        if resource != "*" and action not in {"logs:CreateLogStream", "logs:PutLogEvents"}
    }


@pytest.mark.parametrize("state", FUNCTIONS)
def test_a_function_may_do_its_work_and_nothing_else(aws: Assembly, state: str) -> None:
    assert permissions(aws, f"{state}Role") == FUNCTIONS[state]


def test_every_function_is_named_here(aws: Assembly) -> None:
    handlers = {
        function["Handler"]
        for function in aws.resources("AWS::Lambda::Function").values()
        if function["Handler"].startswith("lambdas.")
    }
    states = {f"lambdas.{module_of(state)}.handler" for state in FUNCTIONS}
    assert handlers == states | {"lambdas.api.handler", "lambdas.ask.handler"}


def test_a_function_writes_to_its_own_log(aws: Assembly) -> None:
    for state in FUNCTIONS:
        logs = {
            plain(resource)
            for action, resource in aws.allowed(f"{state}Role")
            if action in {"logs:CreateLogStream", "logs:PutLogEvents"}
        }
        assert logs == {f"{state}Log"}


def test_the_api_reads_the_lab_and_starts_and_stops_its_machines(aws: Assembly) -> None:
    logs = {f"{state}Log" for state in _functions_of("experiment")} | {"BenchJobLog"}
    on_executions = ("DescribeExecution", "GetExecutionHistory", "StopExecution")
    machines = ("ExperimentStateMachine", "CampaignStateMachine")
    assert permissions(aws, "DashboardApiRole") == {
        *RECORDS,
        *reads("anchors", "bundles", "campaigns", "experiments", "listings"),
        *(("logs:FilterLogEvents", log) for log in logs),
        *(("states:StartExecution", machine) for machine in machines),
        *(
            (f"states:{action}", f"{EXECUTIONS}{machine}:*")
            for action in on_executions
            for machine in machines
        ),
        ("states:ListExecutions", "CampaignStateMachine"),
        ("lambda:InvokeFunction", "DashboardApiAskFunction"),
        ("secretsmanager:DescribeSecret", "AnthropicSecret"),
    }


def test_questions_are_answered_by_reading(aws: Assembly) -> None:
    expected = RECORDS | SECRET | reads("campaigns", "experiments", "listings")
    assert permissions(aws, "DashboardApiAskRole") == expected
    invoked = aws.one("AWS::Lambda::EventInvokeConfig")
    assert invoked["MaximumRetryAttempts"] == 0


def test_a_worker_reads_its_job_and_writes_its_evidence(aws: Assembly) -> None:
    assert permissions(aws, "BenchJobJobRole") == reads(
        "anchors", "bundles", "campaigns", "clips", "experiments"
    ) | writes("anchors", "experiments")


def test_the_experiment_calls_its_functions_and_its_jobs(aws: Assembly) -> None:
    functions = _functions_of("experiment")
    assert permissions(aws, "ExperimentRole") == {
        *(("lambda:InvokeFunction", f"{name}Function") for name in functions),
        ("dynamodb:UpdateItem", TABLE),
        ("batch:SubmitJob", "BenchJobDefinition"),
        ("batch:SubmitJob", "BenchComputeQueue"),
        ("batch:TerminateJob", "arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job/*"),
        *_events("StepFunctionsGetEventsForBatchJobsRule"),
    }


def test_the_campaign_runs_experiments_and_continues_itself(aws: Assembly) -> None:
    functions = _functions_of("campaign")
    assert permissions(aws, "CampaignRole") == {
        *(("lambda:InvokeFunction", f"{name}Function") for name in functions),
        ("dynamodb:GetItem", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("states:StartExecution", "ExperimentStateMachine"),
        ("states:DescribeExecution", f"{EXECUTIONS}ExperimentStateMachine:*"),
        ("states:StopExecution", f"{EXECUTIONS}ExperimentStateMachine:*"),
        *_events("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
        ("states:StartExecution", "CampaignStateMachine"),
        ("states:DescribeExecution", f"{EXECUTIONS}CampaignStateMachine:*"),
    }


def test_no_role_has_an_action_or_a_resource_too_many(aws: Assembly) -> None:
    ours = [
        name
        for name in aws.resources("AWS::IAM::Role")
        if not name.startswith("CustomCDKBucketDeployment")  # the CDK's own
    ]
    assert len(ours) == len(FUNCTIONS) + 9
    for role in ours:
        for action, resource in aws.allowed(role):
            assert "*" not in action, (role, action)
            if resource == "*":
                assert action in WITHOUT_RESOURCE, (role, action)


def test_the_schedule_starts_the_campaign_alone(aws: Assembly) -> None:
    (role,) = [name for name in aws.resources("AWS::IAM::Role") if "EventsRole" in name]
    assert permissions(aws, role) == {("states:StartExecution", "CampaignStateMachine")}


def test_roles_are_assumed_by_services(aws: Assembly) -> None:
    for role in aws.resources("AWS::IAM::Role").values():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert set(statement["Principal"]) == {"Service"}


def _functions_of(machine: str) -> list[str]:
    return [
        name
        for name, state in Definition(machine).states.items()
        if state.get("Resource", "").endswith("lambda:invoke")
    ]


def _events(rule: str) -> set[tuple[str, str]]:
    arn = f"arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/{rule}"
    return {(f"events:{action}", arn) for action in ("DescribeRule", "PutRule", "PutTargets")}
