"""The topic through which the lab reaches a person."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.settings import InfraSettings


class HumanTopic(Construct):
    """An encrypted topic for questions to a person and for alarms.

    Its key is the lab's own: CloudWatch cannot publish to a topic under the key of AWS.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    settings : InfraSettings
        Whose address is subscribed.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: InfraSettings) -> None:
        super().__init__(scope, construct_id)
        self._key = kms.Key(
            self,
            "Key",
            description="Codec Lab: messages to a person",
            enable_key_rotation=True,
            removal_policy=settings.removal_policy,
        )
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name="Codec Lab",
            master_key=self._key,
            enforce_ssl=True,
        )
        for service in ("cloudwatch", "budgets"):
            self._let_publish(iam.ServicePrincipal(f"{service}.amazonaws.com"))
        if settings.alarm_email is not None:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))

    def _let_publish(self, service: iam.ServicePrincipal) -> None:
        self._key.grant(service, "kms:Decrypt", "kms:GenerateDataKey*")
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                principals=[service],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def grant_publish(self, role: iam.Role) -> None:
        """Allow sending a message."""
        role.add_to_policy(
            iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn]
            )
        )
