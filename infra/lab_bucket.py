"""The lab's buckets: private, encrypted, versioned, reached by TLS alone."""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledgements import acknowledge, exported_name
from infra.settings import InfraSettings

_ABORT_UPLOADS = s3.LifecycleRule(
    id="AbortUploads", abort_incomplete_multipart_upload_after=Duration.days(1)
)


class LabBucket(Construct):
    """A bucket whose readers and writers, of another stack, are granted prefixes alone.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    settings : InfraSettings
        Whether the bucket is kept.
    lifecycle_rules : sequence of LifecycleRule
        What happens to old objects, beside uploads that were never finished.
    access_logs : IBucket or None
        Where each access is logged.
    versioned : bool
        Whether an object that is replaced can be brought back.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: InfraSettings,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        access_logs: s3.IBucket | None = None,
        versioned: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=not settings.one_machine,
            minimum_tls_version=None if settings.one_machine else 1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            lifecycle_rules=[_ABORT_UPLOADS, *lifecycle_rules],
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            removal_policy=settings.removal_policy,
            # The one-machine cloud deletes a bucket with its objects.
            auto_delete_objects=not settings.keep_data and not settings.one_machine,
        )

        if settings.one_machine:
            acknowledge(
                self.bucket,
                {"AwsSolutions-S10": "The one-machine cloud speaks HTTP, on 127.0.0.1 alone."},
            )

    def grant_read(self, role: iam.Role, *prefixes: str) -> None:
        """Allow reading objects, and telling one that is absent from one that is forbidden."""
        self._grant(role, "s3:GetObject", prefixes)
        role.add_to_policy(
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn])
        )

    def grant_write(self, role: iam.Role, *prefixes: str) -> None:
        """Allow writing objects; none is ever deleted."""
        self._grant(role, "s3:PutObject", prefixes)

    def _grant(self, role: iam.Role, action: str, prefixes: Sequence[str]) -> None:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[action],
                resources=[self.bucket.arn_for_objects(prefix) for prefix in prefixes],
            )
        )
        bucket = exported_name(self.bucket.bucket_arn, Stack.of(self))
        acknowledge(
            role,
            {
                f"AwsSolutions-IAM5[Resource::{bucket}/{prefix}]": "Objects of one prefix alone."
                for prefix in prefixes
                if "*" in prefix
            },
        )


def evidence_rules(settings: InfraSettings) -> list[s3.LifecycleRule]:
    """Give the life of an experiment's evidence: bitstreams, decoded samples, logs, verdicts."""
    return [
        s3.LifecycleRule(
            id="Evidence",
            prefix="experiments/",
            transitions=[
                s3.Transition(
                    storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                    transition_after=Duration.days(settings.evidence_infrequent_after_days),
                )
            ],
            expiration=Duration.days(settings.evidence_expires_after_days),
        ),
        replaced_objects_rule(),
    ]


def replaced_objects_rule() -> s3.LifecycleRule:
    """Give the life of objects that were replaced or deleted."""
    return s3.LifecycleRule(
        id="ReplacedObjects",
        noncurrent_version_expiration=Duration.days(30),
        expired_object_delete_marker=True,
    )


class AccessLogsBucket(LabBucket):
    """Where the other buckets log who read and wrote them."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: InfraSettings) -> None:
        super().__init__(
            scope,
            construct_id,
            settings=settings,
            lifecycle_rules=[
                s3.LifecycleRule(id="Expire", expiration=Duration.days(settings.log_retention_days))
            ],
            versioned=False,
        )
        acknowledge(
            self.bucket,
            {"AwsSolutions-S1": "Logging the writing of access logs would never end."},
        )
