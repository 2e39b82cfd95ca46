"""A state machine made of its file."""

from collections.abc import Iterable, Mapping
from typing import cast

from aws_cdk import ArnFormat, Aws, CfnElement, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.acknowledgements import acknowledge, exported_name
from infra.definition import Definition
from infra.log_group import retention
from infra.phase_function import PhaseFunction
from infra.settings import InfraSettings


class LabStateMachine(Construct):
    """A state machine whose definition is its file, letter by letter.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    definition : Definition
        The file.
    functions : iterable of PhaseFunction
        The functions it calls.
    substitutions : mapping of str to str
        What else stands for the ``${…}`` of the file.
    settings : InfraSettings
        How long its log is kept.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: Definition,
        functions: Iterable[PhaseFunction],
        substitutions: Mapping[str, str],
        settings: InfraSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        functions = list(functions)
        filled_in = dict(substitutions)
        for function in functions:
            filled_in |= function.substitution
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            description=f"Codec Lab: what {construct_id} may do",
        )
        self.allow("lambda:InvokeFunction", *(one.function.function_arn for one in functions))
        self.log_group = logs.LogGroup(
            self,
            "Log",
            # Names outside this prefix fill up the resource policy that lets services write logs.
            log_group_name=f"/aws/vendedlogs/states/{Stack.of(self).stack_name}-{construct_id}",
            retention=retention(settings.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_string(definition.text),
            definition_substitutions=filled_in,
            role=self.role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=self.log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
        )
        acknowledge(
            self.role,
            {
                "AwsSolutions-IAM5[Resource::*]": (
                    "Delivery of logs, X-Ray and batch:DescribeJobs know no resources."
                )
            },
        )

    @property
    def arn(self) -> str:
        """The state machine's ARN."""
        return self.machine.state_machine_arn

    def allow(self, action: str, *resource_arns: str) -> None:
        """Allow the state machine an action on resources."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=[action], resources=list(resource_arns))
        )

    def allow_on_executions(self, grantee: iam.Role | iam.Policy, *actions: str) -> None:
        """Allow somebody actions on executions of this state machine."""
        stack = Stack.of(self)
        arn = stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        statement = iam.PolicyStatement(actions=list(actions), resources=[arn])
        if isinstance(grantee, iam.Role):
            grantee.add_to_policy(statement)
        else:
            grantee.add_statements(statement)
        name = f"<{stack.get_logical_id(_resource(self.machine))}.Name>"
        if Stack.of(grantee) is not stack:
            name = exported_name(self.machine.state_machine_name, stack)
        place = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>"
        acknowledge(
            grantee,
            {
                f"AwsSolutions-IAM5[Resource::{place}:execution:{name}:*]": (
                    "Each execution has a name of its own."
                )
            },
        )

    def allow_events_of(self, rule: str) -> None:
        """Allow the managed rule through which a ``.sync`` task learns that its work has ended."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:rule/{rule}"],
            )
        )


def _resource(construct: Construct) -> CfnElement:
    return cast("CfnElement", construct.node.default_child)
