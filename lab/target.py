"""Where the lab is deployed: an AWS account or the one-machine cloud, alike to every command."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal

from adapters.campaign_executions import CampaignExecutions
from adapters.command_log import DynamoCommandLog
from adapters.dynamodb_change_sets import DynamoChangeSets
from adapters.dynamodb_ledger import DynamoLedger
from adapters.dynamodb_records import DynamoRecords
from adapters.dynamodb_table import DynamoTable
from adapters.experiment_listing import DynamoListing
from adapters.s3 import SIGNATURE, S3ObjectStore
from adapters.step_functions import StepFunctionsExecutions
from adapters.system_clock import SystemClock
from codec_lab.dashboard.commands import Commands
from codec_lab.errors import ConfigurationError
from local.settings import REGION, client_environment

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient

DATA_STACK = "CodecLab-Data"
PIPELINE_STACK = "CodecLab-Pipeline"
DASHBOARD_STACK = "CodecLab-Dashboard"
STACKS = (DATA_STACK, PIPELINE_STACK, DASHBOARD_STACK)


class StackOutputs(BaseModel):
    """What the stacks say of themselves; outputs that no command reads are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_pascal)

    table_name: str
    bucket_name: str
    site_bucket_name: str
    experiment_state_machine_arn: str
    campaign_state_machine_arn: str
    dashboard_url: str


class Target:
    """One deployment of the lab.

    Parameters
    ----------
    session : boto3.Session
        Credentials and region.
    endpoint_url : str or None
        Address of the one-machine cloud; None for AWS.

    Attributes
    ----------
    name : str
        How people call it.
    profile : str or None
        Of the AWS configuration; None for the one-machine cloud.
    """

    def __init__(self, session: boto3.Session, endpoint_url: str | None = None) -> None:
        self._session = session
        self.endpoint_url = endpoint_url
        self.profile = session.profile_name if endpoint_url is None else None
        self.name = (
            f"AWS (profile {self.profile}, {session.region_name})"
            if endpoint_url is None
            else f"the one-machine cloud at {endpoint_url}"
        )

    @classmethod
    def aws(cls, profile: str, region: str | None) -> "Target":
        """Name a deployment in an AWS account.

        Raises
        ------
        ConfigurationError
            If no region is known.
        """
        session = boto3.Session(profile_name=profile, region_name=region)
        if session.region_name is None:
            raise ConfigurationError(f"Profile {profile} has no region: add --region NAME.")
        return cls(session)

    @classmethod
    def one_machine(cls, endpoint_url: str) -> "Target":
        """Name the deployment in the one-machine cloud."""
        environment = client_environment(endpoint_url)
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        return cls(session, endpoint_url)

    @cached_property
    def outputs(self) -> StackOutputs:
        """The outputs of the deployed stacks.

        Raises
        ------
        ConfigurationError
            If the lab is not deployed, or only in part.
        """
        values: dict[str, str] = {}
        for stack in STACKS:
            values |= self._outputs_of(stack)
        try:
            return StackOutputs.model_validate(values)
        except ValidationError as error:
            missing = ", ".join(str(fault["loc"][0]) for fault in error.errors())
            raise ConfigurationError(
                f"The lab on {self.name} is deployed in part ({missing} missing): run `lab deploy`."
            ) from error

    @property
    def is_deployed(self) -> bool:
        """Whether every stack stands."""
        try:
            return bool(self.outputs)
        except ConfigurationError:
            return False

    @cached_property
    def records(self) -> DynamoRecords:
        """The campaigns and experiments."""
        return DynamoRecords(self._table)

    @cached_property
    def ledger(self) -> DynamoLedger:
        """What the campaigns spent."""
        return DynamoLedger(self._table)

    @cached_property
    def change_sets(self) -> DynamoChangeSets:
        """The versions of the frameworks."""
        return DynamoChangeSets(self._table)

    @cached_property
    def listing(self) -> DynamoListing:
        """The experiments in short."""
        return DynamoListing(self._table, self.objects)

    @cached_property
    def objects(self) -> S3ObjectStore:
        """The bucket of bundles, clips and evidence."""
        return S3ObjectStore(self.outputs.bucket_name, self.s3)

    @cached_property
    def experiment_executions(self) -> StepFunctionsExecutions:
        """The executions of the experiment's state machine."""
        return StepFunctionsExecutions(
            self.outputs.experiment_state_machine_arn, self._stepfunctions
        )

    @cached_property
    def campaign_executions(self) -> CampaignExecutions:
        """The executions of the campaign's state machine."""
        return CampaignExecutions(self._stepfunctions, self.outputs.campaign_state_machine_arn)

    @cached_property
    def commands(self) -> Commands:
        """What carries out orders and writes them down."""
        return Commands(
            records=self.records,
            executions=self.experiment_executions,
            runs=self.campaign_executions,
            log=DynamoCommandLog(self._table),
            clock=SystemClock(),
        )

    @cached_property
    def s3(self) -> "S3Client":
        """Amazon S3."""
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=SIGNATURE)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self.endpoint_url)

    @cached_property
    def _cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url)

    @cached_property
    def _table(self) -> DynamoTable:
        client = self._session.client("dynamodb", endpoint_url=self.endpoint_url)
        return DynamoTable(self.outputs.table_name, client)

    @cached_property
    def _stepfunctions(self) -> "SFNClient":
        return self._session.client("stepfunctions", endpoint_url=self.endpoint_url)

    def physical_ids(self, stack: str, resource_type: str) -> list[str]:
        """List the names of a stack's resources of one type, such as ``AWS::Logs::LogGroup``."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        return [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == resource_type
        ]

    def _outputs_of(self, stack: str) -> dict[str, str]:
        try:
            answer = self._cloudformation.describe_stacks(StackName=stack)
        except ClientError as error:
            if "does not exist" in str(error):  # CloudFormation has no code of its own for it
                raise ConfigurationError(
                    f"The lab is not deployed on {self.name}: run `lab deploy`."
                ) from error
            raise
        return {
            output["OutputKey"]: output["OutputValue"]
            for output in answer["Stacks"][0].get("Outputs", [])
        }
