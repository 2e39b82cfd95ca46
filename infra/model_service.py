"""How the functions with a mind reach Claude: with a key, or on Amazon Bedrock by their role."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.acknowledgements import acknowledge
from infra.settings import InfraSettings

_MODELS = "anthropic.claude-*"
_REASON = "Any Claude model may be set, and Bedrock routes a profile's calls between regions."


class ModelService:
    """The one service that the settings choose.

    Parameters
    ----------
    secret : ISecret
        The Anthropic key.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(self, secret: secretsmanager.ISecret, settings: InfraSettings) -> None:
        self._secret = secret
        self._bedrock_region = settings.bedrock_region

    @property
    def environment(self) -> dict[str, str]:
        """What a function is told."""
        if self._bedrock_region is not None:
            return {"CODEC_LAB_BEDROCK_REGION": self._bedrock_region}
        return {"CODEC_LAB_ANTHROPIC_SECRET_ARN": self._secret.secret_arn}

    def let_ask(self, role: iam.Role) -> None:
        """Allow a role to reach the service, and not the other one."""
        if self._bedrock_region is None:
            actions, resources = ["secretsmanager:GetSecretValue"], [self._secret.secret_arn]
        else:
            own = f"arn:{Aws.PARTITION}:bedrock:{self._bedrock_region}:{Aws.ACCOUNT_ID}"
            actions = ["bedrock:InvokeModelWithResponseStream"]
            resources = [
                f"arn:{Aws.PARTITION}:bedrock:*::foundation-model/{_MODELS}",
                f"{own}:inference-profile/*{_MODELS}",
            ]
            findings = (
                resource.replace(Aws.PARTITION, "<AWS::Partition>").replace(
                    Aws.ACCOUNT_ID, "<AWS::AccountId>"
                )
                for resource in resources
            )
            acknowledge(role, {f"AwsSolutions-IAM5[Resource::{one}]": _REASON for one in findings})
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
