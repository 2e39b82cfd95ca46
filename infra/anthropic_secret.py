"""The key of the Anthropic account."""

from typing import cast

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.settings import InfraSettings


def anthropic_secret(scope: Construct, settings: InfraSettings) -> secretsmanager.ISecret:
    """Name the account's existing secret, or make an empty one for a person to fill."""
    if settings.anthropic_secret_arn is not None:
        return secretsmanager.Secret.from_secret_complete_arn(
            scope, "AnthropicSecret", settings.anthropic_secret_arn
        )
    secret = secretsmanager.Secret(
        scope, "AnthropicSecret", description="Codec Lab: the key of the Anthropic account"
    )
    # By default the secret holds a random password, which looks like a key and is none.
    resource = cast("secretsmanager.CfnSecret", secret.node.default_child)
    resource.generate_secret_string = None
    acknowledge(
        secret,
        {"AwsSolutions-SMG4": "Only its owner can make a new key, in Anthropic's console."},
    )
    return secret
