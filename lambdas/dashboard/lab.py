"""The lab as the routes ask and order it, made once for each execution environment."""

from functools import cache, partial

import boto3

from adapters.answering_function import AnsweringFunction
from adapters.campaign_executions import CampaignExecutions
from adapters.log_lines import CloudWatchLogs
from adapters.operations import AwsOperations
from adapters.step_functions import StepFunctionsExecutions
from codec_lab.asking.asking import Asking
from codec_lab.dashboard.campaign_queries import CampaignQueries
from codec_lab.dashboard.commands import Commands
from codec_lab.dashboard.cost import CostQueries
from codec_lab.dashboard.evidence_queries import EvidenceQueries
from codec_lab.dashboard.experiment_queries import ExperimentQueries
from codec_lab.framework_history import framework_history
from codec_lab.report.gathering import gather_report
from lambdas.connections import (
    change_sets,
    clock,
    command_log,
    ledger,
    listing,
    objects,
    questions,
    records,
)
from lambdas.environment import FunctionEnvironment


class Environment(FunctionEnvironment):
    """What this function is told.

    Attributes
    ----------
    origin : str
        The only origin from which a browser may order anything.
    log_groups : str
        Names of log groups, separated by commas.
    on_aws : bool
        Whether AWS runs the lab, and so has a price and evaluates alarms.
    """

    table: str
    bucket: str
    experiment_state_machine_arn: str
    campaign_state_machine_arn: str
    job_queue_arn: str
    alarm_prefix: str
    log_groups: str
    origin: str
    ask_function: str
    anthropic_secret_arn: str | None = None
    on_aws: bool = False


class Lab:
    """Everything that the routes use."""

    def __init__(self, environment: Environment) -> None:
        table = records(environment.table)
        bucket = objects(environment.bucket)
        stepfunctions = boto3.client("stepfunctions")
        money = ledger(environment.table)
        experiments = listing(environment.table, environment.bucket)
        log = command_log(environment.table)
        runs = CampaignExecutions(stepfunctions, environment.campaign_state_machine_arn)
        self.origin = environment.origin
        self.campaigns = CampaignQueries(
            records=table,
            objects=bucket,
            runs=runs,
            listing=experiments,
            ledger=money,
            commands=log,
            operations=AwsOperations(
                alarm_prefix=environment.alarm_prefix,
                on_aws=environment.on_aws,
                job_queue_arn=environment.job_queue_arn,
                cloudwatch=boto3.client("cloudwatch"),
                batch=boto3.client("batch"),
            ),
            clock=clock,
        )
        self.costs = CostQueries(
            records=table,
            ledger=money,
            listing=experiments,
            on_aws=environment.on_aws,
        )
        self.experiments = ExperimentQueries(records=table, listing=experiments, histories=runs)
        self.evidence = EvidenceQueries(
            records=table,
            objects=bucket,
            logs=CloudWatchLogs(boto3.client("logs"), environment.log_groups.split(",")),
            clock=clock,
            experiments=self.experiments,
        )
        self.report = partial(gather_report, records=table, objects=bucket, clock=clock)
        self.framework = partial(
            framework_history,
            records=table,
            change_sets=change_sets(environment.table),
        )
        self.asking = Asking(
            records=table,
            questions=questions(environment.table),
            log=log,
            answering=AnsweringFunction(
                environment.ask_function,
                environment.anthropic_secret_arn,
                aws_lambda=boto3.client("lambda"),
                secretsmanager=boto3.client("secretsmanager"),
            ),
            clock=clock,
        )
        self.commands = Commands(
            records=table,
            executions=StepFunctionsExecutions(
                environment.experiment_state_machine_arn, stepfunctions
            ),
            runs=runs,
            log=log,
            clock=clock,
        )


@cache
def connected() -> Lab:
    """Connect to the deployed lab, once."""
    return Lab(Environment.read())


def lab() -> Lab:
    """Give the lab."""
    return connected()
