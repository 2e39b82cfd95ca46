"""The ports of the domain on AWS, made once for each execution environment of a function."""

from functools import cache

import boto3

from adapters.aws_pricing import tariff
from adapters.command_log import DynamoCommandLog
from adapters.dynamodb_change_sets import DynamoChangeSets
from adapters.dynamodb_ledger import DynamoLedger
from adapters.dynamodb_records import DynamoRecords
from adapters.dynamodb_table import DynamoTable
from adapters.experiment_listing import DynamoListing
from adapters.question_log import DynamoQuestions
from adapters.s3 import SIGNATURE, S3ObjectStore
from adapters.step_functions import StepFunctionsExecutions
from adapters.system_clock import SystemClock
from codec_lab.bench_costs import BenchCosts
from codec_lab.function_costs import FunctionCosts

clock = SystemClock()


@cache
def lab_table(name: str) -> DynamoTable:
    """Connect to the table, once: making another client costs as long as many questions."""
    return DynamoTable(name, boto3.client("dynamodb"))


@cache
def records(table: str) -> DynamoRecords:
    """Give what is in the table of campaigns and experiments."""
    return DynamoRecords(lab_table(table))


@cache
def ledger(table: str) -> DynamoLedger:
    """Give what is in the table of the campaigns' money."""
    return DynamoLedger(lab_table(table))


@cache
def listing(table: str, bucket: str) -> DynamoListing:
    """Give all experiments in short."""
    return DynamoListing(lab_table(table), objects(bucket))


@cache
def change_sets(table: str) -> DynamoChangeSets:
    """Give what is in the table of the framework's versions."""
    return DynamoChangeSets(lab_table(table))


@cache
def bench_costs(table: str, bucket: str) -> BenchCosts:
    """Give what pays for jobs on AWS."""
    return BenchCosts(
        records=records(table),
        ledger=ledger(table),
        clock=clock,
        tariff=tariff(),
        sizes=objects(bucket).sizes,
    )


@cache
def function_costs(table: str) -> FunctionCosts:
    """Give what pays for functions on AWS."""
    return FunctionCosts(records=records(table), ledger=ledger(table), clock=clock, tariff=tariff())


@cache
def executions(state_machine_arn: str) -> StepFunctionsExecutions:
    """Connect to the experiment's state machine."""
    return StepFunctionsExecutions(state_machine_arn, boto3.client("stepfunctions"))


@cache
def objects(bucket: str) -> S3ObjectStore:
    """Connect to a bucket."""
    return S3ObjectStore(bucket, boto3.client("s3", config=SIGNATURE))


@cache
def questions(table: str) -> DynamoQuestions:
    """Give what is in the table of people's questions."""
    return DynamoQuestions(lab_table(table))


@cache
def command_log(table: str) -> DynamoCommandLog:
    """Give what is in the table of people's commands."""
    return DynamoCommandLog(lab_table(table))
