"""What the lab remembers: records, evidence, the site's files; and the way to a person."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.human_topic import HumanTopic
from infra.lab_bucket import AccessLogsBucket, LabBucket, evidence_rules, replaced_objects_rule
from infra.records_table import RecordsTable
from infra.settings import InfraSettings


class DataStack(Stack):
    """Everything that outlives a deployment of the other stacks.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: InfraSettings) -> None:
        super().__init__(scope, construct_id, description="Codec Lab: records and evidence")
        self.records = RecordsTable(self, "Records", settings=settings)
        access_logs = AccessLogsBucket(self, "AccessLogs", settings=settings).bucket
        self.evidence = LabBucket(
            self,
            "Evidence",
            settings=settings,
            lifecycle_rules=evidence_rules(settings),
            access_logs=access_logs,
        )
        # The site's bucket is made here so that the functions of the pipeline, which write the
        # status, and the distribution, which reads it, do not depend on one another.
        self.site = LabBucket(
            self,
            "Site",
            settings=settings,
            lifecycle_rules=[replaced_objects_rule()],
            access_logs=access_logs,
        )
        self._let_distributions_of_this_account_read_the_site()
        self.human = HumanTopic(self, "Human", settings=settings)

        CfnOutput(self, "TableName", value=self.records.table.table_name)
        CfnOutput(self, "BucketName", value=self.evidence.bucket.bucket_name)
        CfnOutput(self, "SiteBucketName", value=self.site.bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=self.human.topic.topic_arn)

    def _let_distributions_of_this_account_read_the_site(self) -> None:
        distributions = self.format_arn(
            service="cloudfront", region="", resource="distribution", resource_name="*"
        )
        self.site.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"],
                resources=[self.site.bucket.arn_for_objects("admin/*")],
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                conditions={"ArnLike": {"AWS:SourceArn": distributions}},
            )
        )
