"""The function that answers people's questions about a campaign."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from codec_lab.asking.asking import ANSWER_TIMEOUT_S
from infra.data_stack import DataStack
from infra.lab_function import LabFunction
from infra.pipeline_stack import PipelineStack
from infra.settings import InfraSettings


class QuestionFunction(LabFunction):
    """Reads the records, asks the model, and writes down the answer and what it cost.

    It has the model's key, so that the API need not have it.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    data, pipeline
        What it reads, and whose key it has.
    code, layers, settings
        As of ``LabFunction``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        data: DataStack,
        pipeline: PipelineStack,
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        settings: InfraSettings,
    ) -> None:
        secret_arn = pipeline.anthropic_secret.secret_arn
        model = {} if settings.ask_model is None else {"CODEC_LAB_ASK_MODEL": settings.ask_model}
        super().__init__(
            scope,
            construct_id,
            module="ask",
            timeout_s=ANSWER_TIMEOUT_S,
            code=code,
            layers=layers,
            environment={
                "CODEC_LAB_TABLE": data.records.table.table_name,
                "CODEC_LAB_BUCKET": data.evidence.bucket.bucket_name,
                "CODEC_LAB_ANTHROPIC_SECRET_ARN": secret_arn,
                **model,
            },
            settings=settings,
            memory_mib=1024,
        )
        # A question that is answered twice costs twice; one whose function is lost says so.
        self.function.configure_async_invoke(retry_attempts=0)
        data.records.grant_read(self.role)
        data.records.grant_write(self.role)
        data.evidence.grant_read(self.role, "campaigns/*", "experiments/*", "listings/*")
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret_arn])
        )
