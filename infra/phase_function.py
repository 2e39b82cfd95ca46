"""The function behind a state."""

import re
from collections.abc import Mapping, Sequence

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.definition import Definition
from infra.dependencies_layer import ARCHITECTURE, RUNTIME
from infra.log_group import retention
from infra.paths import REPOSITORY_ROOT, only
from infra.settings import InfraSettings

SOURCES = ("adapters", "codec_lab", "lambdas")
"""The packages that every function's code is made of."""


def function_code() -> lambda_.Code:
    """Give the source of all handlers; its hash changes with a source and nothing else."""
    return lambda_.Code.from_asset(
        str(REPOSITORY_ROOT), exclude=only(*SOURCES), ignore_mode=IgnoreMode.GIT
    )


def module_of(state: str) -> str:
    """Name the handler's module of a state: ``JudgeValidation`` is in ``judge_validation``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", state).lower()


class PhaseFunction(Construct):
    """A Lambda function with a role, a log group and a name of its own: that of its state.

    Parameters
    ----------
    scope : Construct
        Place in the construct tree.
    state : str
        The state that calls it; also the construct's name.
    definition : Definition
        The state machine of that state, which says how long the function may take.
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
        state: str,
        *,
        definition: Definition,
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        environment: Mapping[str, str],
        settings: InfraSettings,
        memory_mib: int = 512,
    ) -> None:
        super().__init__(scope, state)
        self.state = state
        log_group = logs.LogGroup(
            self,
            "Log",
            retention=retention(settings.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Codec Lab: what {state} may do",
        )
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=f"Codec Lab: the state {state}",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"lambdas.{module_of(state)}.handler",
            code=code,
            layers=list(layers),
            role=self.role,
            timeout=Duration.seconds(definition.timeout_s(state)),
            memory_size=memory_mib,
            log_group=log_group,
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

    @property
    def substitution(self) -> dict[str, str]:
        """The function's ARN by its name in the state machine's file."""
        return {f"{self.state}FunctionArn": self.function.function_arn}
