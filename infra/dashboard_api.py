"""The API of the dashboard: an HTTP API that asks for a token before it calls the function."""

import json
from typing import cast

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.data_stack import DataStack
from infra.dependencies_layer import DependenciesLayer
from infra.lab_function import LabFunction, function_code
from infra.log_group import retention
from infra.people import People
from infra.pipeline_stack import PipelineStack
from infra.question_function import QuestionFunction
from infra.settings import InfraSettings

ACCESS_LOG = {
    "at": "$context.requestTimeEpoch",
    "request_id": "$context.requestId",
    "user": "$context.authorizer.claims.sub",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "fault": "$context.authorizer.error",
    "latency_ms": "$context.responseLatency",
}
"""What is logged of a request: no header, no body, and so no token."""

_TIMEOUT_S = 25  # API Gateway waits 30
_REQUESTS_PER_S = 50
_BURST = 100
_READS = ("anchors/*", "bundles/*", "campaigns/*", "experiments/*", "listings/*")


class DashboardApi(Construct):
    """The HTTP API; its function and routes follow when the dashboard's address is known.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: InfraSettings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.api = apigateway.HttpApi(
            self,
            "HttpApi",
            api_name="codec-lab",
            description="Codec Lab: what the dashboard asks and orders",
            create_default_stage=False,
        )
        log = logs.LogGroup(
            self,
            "AccessLog",
            # Names outside this prefix fill up the resource policy that lets services write logs.
            log_group_name=f"/aws/vendedlogs/apis/{Stack.of(self).stack_name}",
            retention=retention(settings.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=_REQUESTS_PER_S, burst_limit=_BURST),
        )
        cast(
            "apigateway.CfnStage", stage.node.default_child
        ).access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
        )

    @property
    def domain(self) -> str:
        """Where CloudFront finds it."""
        return f"{self.api.api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"

    def serve(
        self, *, data: DataStack, pipeline: PipelineStack, people: People, origin: str
    ) -> LabFunction:
        """Put the function behind every address under ``/api/``.

        Parameters
        ----------
        data, pipeline
            What it reads, writes and starts.
        people : People
            Whose tokens are taken.
        origin : str
            The dashboard's, from which browsers may order.
        """
        served = self._make_function(data, pipeline, origin)
        self.api.add_routes(
            path="/api/{proxy+}",
            methods=[apigateway.HttpMethod.GET, apigateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("Api", served.function),
            authorizer=authorizers.HttpJwtAuthorizer(
                "Tokens", people.issuer, jwt_audience=[people.client.user_pool_client_id]
            ),
        )
        return served

    @staticmethod
    def _on_aws(secret_arn: str) -> dict[str, str]:
        # The emulator says of an empty secret that it has a value: there the environment has the
        # model's key, and nothing has a price.
        return {"CODEC_LAB_ON_AWS": "true", "CODEC_LAB_ANTHROPIC_SECRET_ARN": secret_arn}

    def _make_function(self, data: DataStack, pipeline: PipelineStack, origin: str) -> LabFunction:
        code = function_code()
        one_machine = self._settings.one_machine
        layers = [] if one_machine else [DependenciesLayer(self, "Dependencies")]
        answering = QuestionFunction(
            self,
            "Ask",
            data=data,
            pipeline=pipeline,
            code=code,
            layers=layers,
            settings=self._settings,
        )
        secret_arn = pipeline.anthropic_secret.secret_arn
        served = LabFunction(
            self,
            "Api",
            module="api",
            timeout_s=_TIMEOUT_S,
            code=code,
            layers=layers,
            environment={
                "CODEC_LAB_TABLE": data.records.table.table_name,
                "CODEC_LAB_BUCKET": data.evidence.bucket.bucket_name,
                "CODEC_LAB_EXPERIMENT_STATE_MACHINE_ARN": pipeline.experiment.arn,
                "CODEC_LAB_CAMPAIGN_STATE_MACHINE_ARN": pipeline.campaign.arn,
                "CODEC_LAB_JOB_QUEUE_ARN": pipeline.job_queue_arn,
                "CODEC_LAB_ALARM_PREFIX": pipeline.stack_name,
                "CODEC_LAB_LOG_GROUPS": ",".join(
                    group.log_group_name for group in pipeline.log_groups
                ),
                "CODEC_LAB_ORIGIN": origin,
                "CODEC_LAB_ASK_FUNCTION": answering.function.function_name,
                **({} if one_machine else self._on_aws(secret_arn)),
            },
            settings=self._settings,
            memory_mib=1024,
        )
        role = served.role
        data.records.grant_read(role)
        data.records.grant_write(role)
        data.evidence.grant_read(role, *_READS)
        for machine in (pipeline.experiment, pipeline.campaign):
            _allow(role, "states:StartExecution", machine.arn)
            machine.allow_on_executions(
                role,
                "states:DescribeExecution",
                "states:GetExecutionHistory",
                "states:StopExecution",
            )
        _allow(role, "states:ListExecutions", pipeline.campaign.arn)
        groups = [group.log_group_arn for group in pipeline.log_groups]
        _allow(role, "logs:FilterLogEvents", *groups)
        _allow(role, "lambda:InvokeFunction", answering.function.function_arn)
        _allow(role, "secretsmanager:DescribeSecret", secret_arn)  # whether, not what
        _allow(role, "batch:ListJobs", "*")
        _allow(role, "cloudwatch:DescribeAlarms", "*")
        acknowledge(
            role,
            {
                "AwsSolutions-IAM5[Resource::*]": (
                    "X-Ray, batch:ListJobs and the list of alarms know no resources."
                )
            },
        )
        return served


def _allow(role: iam.Role, action: str, *resource_arns: str) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=[action], resources=list(resource_arns)))
