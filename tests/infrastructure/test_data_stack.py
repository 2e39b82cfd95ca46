"""What the lab remembers is encrypted, kept and found again."""

import pytest

from codec_lab.dashboard.listed_experiment import ListedExperiment
from infra.records_table import INDEXES
from tests.infrastructure.templates import Assembly, flat

BUCKETS = ("AccessLogs", "Evidence", "Site")


def test_the_table_is_encrypted_recoverable_and_billed_by_use(aws: Assembly) -> None:
    table = aws.one("AWS::DynamoDB::Table")
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


def test_the_indexes_are_those_that_are_queried(aws: Assembly) -> None:
    table = aws.one("AWS::DynamoDB::Table")
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    indexes = {
        index["IndexName"]: [
            (key["AttributeName"], types[key["AttributeName"]]) for key in index["KeySchema"]
        ]
        for index in table["GlobalSecondaryIndexes"]
    }
    assert indexes == {
        "by_updated": [("listing", "S"), ("updated_at", "S")],
        "by_bd_rate": [("listing", "S"), ("bd_rate_percent", "N")],
        "in_short": [("listing", "S"), ("updated_at", "S")],
        "by_open_status": [("open_as", "S"), ("updated_at", "S")],
    }
    assert set(INDEXES) == set(indexes)
    projections = {
        index["IndexName"]: index["Projection"] for index in table["GlobalSecondaryIndexes"]
    }
    short = projections.pop("in_short")
    assert short["ProjectionType"] == "INCLUDE"
    assert set(short["NonKeyAttributes"]) | {"updated_at"} == set(ListedExperiment.model_fields)
    assert len(short["NonKeyAttributes"]) <= 20  # DynamoDB takes no more
    assert set(map(str, projections.values())) == {"{'ProjectionType': 'ALL'}"}


def test_data_outlives_its_stack_on_aws_and_not_on_one_machine(
    aws: Assembly, one_machine: Assembly
) -> None:
    for assembly, policy, protected in ((aws, "Retain", True), (one_machine, "Delete", False)):
        kept = {
            **assembly.whole("AWS::DynamoDB::Table"),
            **assembly.whole("AWS::S3::Bucket"),
            **assembly.whole("AWS::KMS::Key"),
        }
        assert len(kept) == 5
        assert {one["DeletionPolicy"] for one in kept.values()} == {policy}
        assert assembly.one("AWS::DynamoDB::Table")["DeletionProtectionEnabled"] is protected


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_private_encrypted_and_takes_tls_alone(aws: Assembly, name: str) -> None:
    bucket = aws.one("AWS::S3::Bucket", name)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    policy = aws.one("AWS::S3::BucketPolicy", name)["PolicyDocument"]["Statement"]
    denied = [one["Condition"] for one in policy if one["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in denied
    aborted = [
        rule["AbortIncompleteMultipartUpload"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "AbortIncompleteMultipartUpload" in rule
    ]
    assert aborted == [{"DaysAfterInitiation": 1}]


@pytest.mark.parametrize("name", ["Evidence", "Site"])
def test_what_is_replaced_can_be_brought_back_and_access_is_logged(
    aws: Assembly, name: str
) -> None:
    bucket = aws.one("AWS::S3::Bucket", name)
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["LoggingConfiguration"]["LogFilePrefix"] == f"{name.lower()}/"
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["ReplacedObjects"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_evidence_moves_to_cheaper_storage_and_expires(aws: Assembly) -> None:
    rules = aws.one("AWS::S3::Bucket", "Evidence")["LifecycleConfiguration"]["Rules"]
    (evidence,) = [rule for rule in rules if rule.get("Prefix")]
    assert evidence["Prefix"] == "experiments/"
    assert evidence["Transitions"] == [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}]
    assert evidence["ExpirationInDays"] == 365


def test_only_distributions_of_the_account_read_the_site(aws: Assembly) -> None:
    policy = aws.one("AWS::S3::BucketPolicy", "Site")["PolicyDocument"]["Statement"]
    (allowed,) = [one for one in policy if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert flat(allowed["Resource"]).endswith(".Arn>/admin/*")
    (condition,) = allowed["Condition"].items()
    assert condition[0] == "ArnLike"
    assert flat(condition[1]["AWS:SourceArn"]) == (
        "arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/*"
    )


def test_the_topic_is_encrypted_and_takes_alarms_of_this_account(aws: Assembly) -> None:
    topic = aws.one("AWS::SNS::Topic")
    key = aws.one("AWS::KMS::Key")
    assert flat(topic["KmsMasterKeyId"]).startswith("<HumanKey")
    assert key["EnableKeyRotation"] is True
    services = {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}
    (granted,) = [
        set(one["Principal"]["Service"])
        for one in key["KeyPolicy"]["Statement"]
        if "Service" in one["Principal"]
    ]
    assert granted == services
    statements = aws.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert statements[0]["Effect"] == "Deny"
    assert statements[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    publishers = [one for one in statements if one["Effect"] == "Allow"]
    assert all("aws:SourceAccount" in one["Condition"]["StringEquals"] for one in publishers)
    named = [one["Principal"]["Service"] for one in publishers]
    assert {name for one in named for name in ([one] if isinstance(one, str) else one)} == services


def test_the_address_that_was_given_is_told(aws: Assembly, one_machine: Assembly) -> None:
    subscription = aws.one("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "lab@example.org")
    assert not one_machine.resources("AWS::SNS::Subscription")


def test_outputs(aws: Assembly) -> None:
    outputs = {"TableName", "BucketName", "SiteBucketName", "TopicArn"}
    assert set(aws.outputs("CodecLab-Data")) == outputs
