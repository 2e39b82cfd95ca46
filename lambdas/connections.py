"""The ports of the domain on AWS, made once for each execution environment of a function."""

from functools import cache

import boto3

from adapters.dynamodb import DynamoRecords
from adapters.dynamodb_change_sets import DynamoChangeSets
from adapters.dynamodb_ledger import DynamoLedger
from adapters.experiment_listing import DynamoListing
from adapters.s3 import SIGNATURE, S3ObjectStore
from adapters.system_clock import SystemClock

clock = SystemClock()


@cache
def records(table: str) -> DynamoRecords:
    """Connect to the table."""
    return DynamoRecords(table, boto3.client("dynamodb"))


@cache
def ledger(table: str) -> DynamoLedger:
    """Connect to the table for the campaigns' money."""
    return DynamoLedger(table, boto3.client("dynamodb"))


@cache
def listing(table: str, bucket: str) -> DynamoListing:
    """Connect to the table and the bucket for all experiments in short."""
    return DynamoListing(table, boto3.client("dynamodb"), objects(bucket))


def change_sets(table: str) -> DynamoChangeSets:
    """Connect to the table for the versions of the framework."""
    return DynamoChangeSets(table, boto3.client("dynamodb"))


@cache
def objects(bucket: str) -> S3ObjectStore:
    """Connect to a bucket."""
    return S3ObjectStore(bucket, boto3.client("s3", config=SIGNATURE))
