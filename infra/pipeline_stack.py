"""What the lab does: the state machines, their functions, the bench and the alarms."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from codec_lab.campaign import DEFAULT_CAMPAIGN
from infra.acknowledgements import acknowledge
from infra.alarms import Alarms
from infra.anthropic_secret import anthropic_secret
from infra.bench_compute import BenchCompute
from infra.bench_job import BenchJob
from infra.bench_network import BenchNetwork
from infra.data_stack import DataStack
from infra.definition import Definition
from infra.lab_state_machine import LabStateMachine
from infra.phase_functions import PhaseFunctions
from infra.reminders import Reminders
from infra.settings import InfraSettings


class PipelineStack(Stack):
    """The two state machines and everything that they call.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    data : DataStack
        What they read and write.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, data: DataStack, settings: InfraSettings
    ) -> None:
        super().__init__(scope, construct_id, description="Codec Lab: state machines and bench")
        self._data = data
        self._settings = settings
        secret = anthropic_secret(self, settings)
        self.anthropic_secret = secret
        self._functions = PhaseFunctions(self, data=data, secret=secret, settings=settings)
        network = BenchNetwork(self, "BenchNetwork", settings=settings)
        compute = BenchCompute(self, "BenchCompute", network=network, settings=settings)
        self.experiment = self._make_experiment(compute)
        self.campaign = self._make_campaign()
        self.job_queue_arn = compute.queue.job_queue_arn
        self._schedule_campaign()
        Reminders(self, "Reminders", function=self._functions.reminder())
        Alarms(
            self,
            "Alarms",
            experiment=self.experiment,
            campaign=self.campaign,
            table=data.records.table,
            human=data.human,
            settings=settings,
        )

        CfnOutput(self, "ExperimentStateMachineArn", value=self.experiment.arn)
        CfnOutput(self, "CampaignStateMachineArn", value=self.campaign.arn)
        CfnOutput(self, "JobQueueArn", value=compute.queue.job_queue_arn)
        CfnOutput(self, "AnthropicSecretArn", value=secret.secret_arn)

    def _make_experiment(self, compute: BenchCompute) -> LabStateMachine:
        definition = Definition("experiment")
        bench_job = BenchJob(
            self,
            "BenchJob",
            evidence=self._data.evidence,
            definition=definition,
            settings=self._settings,
        )
        job = bench_job.definition
        table = self._data.records.table
        functions = self._functions.of_experiment(definition)
        self.log_groups = [bench_job.log_group, *(one.log_group for one in functions)]
        machine = LabStateMachine(
            self,
            "Experiment",
            definition=definition,
            functions=functions,
            substitutions={
                "TableName": table.table_name,
                "WorkerJobDefinitionArn": job.job_definition_arn,
                "WorkerJobQueueArn": compute.queue.job_queue_arn,
            },
            settings=self._settings,
        )
        machine.allow("dynamodb:UpdateItem", table.table_arn)
        machine.allow("batch:SubmitJob", job.job_definition_arn, compute.queue.job_queue_arn)
        machine.allow(
            "batch:TerminateJob", f"arn:{self.partition}:batch:{self.region}:{self.account}:job/*"
        )
        machine.allow("batch:DescribeJobs", "*")
        machine.allow_events_of("StepFunctionsGetEventsForBatchJobsRule")
        jobs = "arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job/*"
        acknowledge(
            machine.role,
            {f"AwsSolutions-IAM5[Resource::{jobs}]": "Each job has an identifier of its own."},
        )
        return machine

    def _make_campaign(self) -> LabStateMachine:
        definition = Definition("campaign")
        table = self._data.records.table
        experiment = self.experiment
        machine = LabStateMachine(
            self,
            "Campaign",
            definition=definition,
            functions=self._functions.of_campaign(definition, experiment=experiment),
            substitutions={
                "TableName": table.table_name,
                "ExperimentStateMachineArn": experiment.arn,
            },
            settings=self._settings,
        )
        machine.allow("dynamodb:GetItem", table.table_arn)
        machine.allow("dynamodb:UpdateItem", table.table_arn)
        machine.allow("states:StartExecution", experiment.arn)
        experiment.allow_on_executions(
            machine.role, "states:DescribeExecution", "states:StopExecution"
        )
        machine.allow_events_of("StepFunctionsGetEventsForStepFunctionsExecutionRule")
        # A policy beside the role: one inside would need the machine that needs the role.
        itself = iam.Policy(self, "CampaignContinues", roles=[machine.role])
        itself.add_statements(
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine.arn])
        )
        machine.allow_on_executions(itself, "states:DescribeExecution")
        return machine

    def _schedule_campaign(self) -> None:
        minutes = self._settings.schedule_minutes
        if minutes == 0:
            return
        rule = events.Rule(
            self,
            "Schedule",
            description="Starts the campaign; it ends at once while another execution runs it",
            schedule=events.Schedule.rate(Duration.minutes(minutes)),
        )
        rule.add_target(
            targets.SfnStateMachine(
                self.campaign.machine,
                input=events.RuleTargetInput.from_object({"campaign_id": DEFAULT_CAMPAIGN}),
            )
        )
