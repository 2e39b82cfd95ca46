"""The table of campaigns, experiments, attempts and evaluations."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from codec_lab.dashboard.listed_experiment import ListedExperiment
from infra.settings import InfraSettings

_STRING, _NUMBER = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER

INDEXES = {
    "by_updated": ("listing", "updated_at", _STRING),
    "by_bd_rate": ("listing", "bd_rate_percent", _NUMBER),
    "in_short": ("listing", "updated_at", _STRING),
    # Sparse: only experiments that are queued, running or wait for a person have the attribute.
    "by_open_status": ("open_as", "updated_at", _STRING),
}
"""Partition key, sort key and the sort key's type of each index."""

IN_SHORT = sorted(ListedExperiment.model_fields.keys() - {"updated_at"})
"""What the index ``in_short`` holds beside the keys."""


class RecordsTable(Construct):
    """One DynamoDB table with the indexes that the lab's queries need.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    settings : InfraSettings
        Whether the table is kept.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: InfraSettings) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=_STRING),
            sort_key=dynamodb.Attribute(name="sk", type=_STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.keep_data,
            removal_policy=settings.removal_policy,
        )
        for name, (partition, sort, sort_type) in INDEXES.items():
            is_short = name == "in_short"
            self.table.add_global_secondary_index(
                index_name=name,
                projection_type=(
                    dynamodb.ProjectionType.INCLUDE if is_short else dynamodb.ProjectionType.ALL
                ),
                non_key_attributes=IN_SHORT if is_short else None,
                partition_key=dynamodb.Attribute(name=partition, type=_STRING),
                sort_key=dynamodb.Attribute(name=sort, type=sort_type),
            )

    def grant_read(self, role: iam.Role) -> None:
        """Allow reading records by key and through the indexes."""
        table_arn = self.table.table_arn
        _allow(role, "dynamodb:GetItem", table_arn)
        indexes = (f"{table_arn}/index/{name}" for name in INDEXES)
        _allow(role, "dynamodb:Query", table_arn, *indexes)

    def grant_write(self, role: iam.Role) -> None:
        """Allow writing records; none is ever deleted."""
        for action in ("dynamodb:PutItem", "dynamodb:UpdateItem"):
            _allow(role, action, self.table.table_arn)


def _allow(role: iam.Role, action: str, *resource_arns: str) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=[action], resources=list(resource_arns)))
