"""A Lambda function of the lab, with a role and a log group of its own."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.dependencies_layer import ARCHITECTURE, RUNTIME
from infra.log_group import retention
from infra.paths import REPOSITORY_ROOT, only
from infra.settings import InfraSettings

SOURCES = ("adapters", "codec_lab", "lambdas", "reports")
"""The packages that every function's code is made of."""


def function_code() -> lambda_.Code:
    """Give the source of all handlers; its hash changes with a source and nothing else."""
    return lambda_.Code.from_asset(
        str(REPOSITORY_ROOT), exclude=only(*SOURCES), ignore_mode=IgnoreMode.GIT
    )


class LabFunction(Construct):
    """A function, its role and its log.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    module : str
        The module of ``lambdas`` that has its handler.
    timeout_s : int
        How long it may take.
    code, layers
        What all functions share.
    environment : mapping of str to str
        The variables that the handler's environment model reads.
    settings : InfraSettings
        How long its log is kept.
    memory_mib : int
        Memory, and with it CPU.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        timeout_s: int,
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        environment: Mapping[str, str],
        settings: InfraSettings,
        memory_mib: int = 512,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=retention(settings.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Codec Lab: what {construct_id} may do",
        )
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Codec Lab: {construct_id}",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"lambdas.{module}.handler",
            code=code,
            layers=list(layers),
            role=self.role,
            timeout=Duration.seconds(timeout_s),
            memory_size=memory_mib,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "POWERTOOLS_SERVICE_NAME": "codec-lab",
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
            },
        )
        acknowledge(
            self.role,
            {"AwsSolutions-IAM5[Resource::*]": "X-Ray takes segments without naming a resource."},
        )
