"""The ports of the domain on AWS, made once for each execution environment of a function."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from adapters.aws_pricing import tariff
from adapters.dynamodb import DynamoRecords
from adapters.dynamodb_change_sets import DynamoChangeSets
from adapters.dynamodb_ledger import DynamoLedger
from adapters.experiment_listing import DynamoListing
from adapters.question_log import DynamoQuestions
from adapters.s3 import SIGNATURE, S3ObjectStore
from adapters.system_clock import SystemClock
from codec_lab.bench_costs import BenchCosts
from codec_lab.function_costs import FunctionCosts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

clock = SystemClock()


@cache
def dynamodb() -> "DynamoDBClient":
    """Give the one client: making another costs as long as many questions."""
    return boto3.client("dynamodb")


@cache
def records(table: str) -> DynamoRecords:
    """Connect to the table."""
    return DynamoRecords(table, dynamodb())


@cache
def ledger(table: str) -> DynamoLedger:
    """Connect to the table for the campaigns' money."""
    return DynamoLedger(table, dynamodb())


@cache
def listing(table: str, bucket: str) -> DynamoListing:
    """Connect to the table and the bucket for all experiments in short."""
    return DynamoListing(table, dynamodb(), objects(bucket))


@cache
def change_sets(table: str) -> DynamoChangeSets:
    """Connect to the table for the versions of the framework."""
    return DynamoChangeSets(table, dynamodb())


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
def objects(bucket: str) -> S3ObjectStore:
    """Connect to a bucket."""
    return S3ObjectStore(bucket, boto3.client("s3", config=SIGNATURE))


@cache
def questions(table: str) -> DynamoQuestions:
    """Connect to the table for what people ask."""
    return DynamoQuestions(table, dynamodb())
