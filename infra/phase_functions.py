"""All functions of the pipeline: what each is told and what each may do."""

from collections.abc import Iterable, Mapping

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from adapters.dashboard_address import PARAMETER
from infra.data_stack import DataStack
from infra.definition import Definition
from infra.dependencies_layer import DependenciesLayer
from infra.lab_function import LabFunction, function_code
from infra.lab_state_machine import LabStateMachine
from infra.model_service import ModelService
from infra.phase_function import PhaseFunction
from infra.settings import InfraSettings

_REMINDER_TIMEOUT_S = 60
_PROPOSALS = ("campaigns/*", "experiments/*", "packages/*")
"""What a proposal is made from: plans and seeds, earlier ones, the packages it may ask for."""


class PhaseFunctions:
    """Makes the functions in a stack.

    Parameters
    ----------
    stack : Construct
        Where they belong.
    data : DataStack
        What they read and write.
    secret : ISecret
        The Anthropic key, for those with a mind.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(
        self,
        stack: Construct,
        *,
        data: DataStack,
        secret: secretsmanager.ISecret,
        settings: InfraSettings,
    ) -> None:
        self._stack = stack
        self._data = data
        self._service = ModelService(secret, settings)
        self._settings = settings
        self._told_topic = {"CODEC_LAB_TOPIC_ARN": data.human.topic.topic_arn}
        # Nothing is metered where the machine is the user's own.
        self._priced = {} if settings.one_machine else {"CODEC_LAB_ON_AWS": "true"}
        self._code = function_code()
        # The functions of the one-machine cloud run in its own interpreter, which has the
        # packages; wheels for another Python would hide them.
        self._layers = [] if settings.one_machine else [DependenciesLayer(stack, "Dependencies")]

    def of_experiment(self, definition: Definition) -> list[PhaseFunction]:
        """Make the functions of the experiment's state machine."""
        return [
            self._mind("Design", definition, reads=_PROPOSALS),
            self._make(
                "Deploy",
                definition,
                reads=_PROPOSALS,
                writes=("bundles/*",),
                environment={
                    "CODEC_LAB_MAX_SHARDS": str(self._settings.max_shards),
                    **self._priced,
                },
            ),
            self._make(
                "JudgeValidation",
                definition,
                reads=("campaigns/*", "experiments/*"),
                environment=self._priced,
            ),
            self._make(
                "JudgeExecution",
                definition,
                reads=("experiments/*",),
                writes=("experiments/*",),
                environment=self._priced,
            ),
            self._make("DesignNext", definition, environment=self._priced),
            self._notify_human(definition),
            self._fix("FixValidation", definition),
            self._fix("FixExecution", definition),
            self._make(
                "JudgeFramework",
                definition,
                reads=("campaigns/*", "experiments/*"),
                environment=self._priced,
            ),
            self._mind("Analyze", definition, reads=("campaigns/*", "experiments/*")),
        ]

    def of_campaign(
        self, definition: Definition, *, experiment: LabStateMachine
    ) -> list[PhaseFunction]:
        """Make the functions of the campaign's state machine, which runs the experiment's."""
        environment = {
            **self._told_topic,
            "CODEC_LAB_EXPERIMENT_STATE_MACHINE_ARN": experiment.arn,
        }
        choose = self._make("ChooseExperiment", definition, environment=environment)
        record = self._make(
            "RecordOutcome",
            definition,
            reads=("campaigns/*", "listings/*"),
            writes=("listings/*",),
            environment=environment,
        )
        for made in (choose, record):
            experiment.allow_on_executions(made.role, "states:DescribeExecution")
            self._let_notify(made.role)
        return [choose, record]

    def _fix(self, state: str, definition: Definition) -> PhaseFunction:
        """Make a function that repairs; a change of the framework comes with its replay."""
        return self._mind(
            state,
            definition,
            reads=("bundles/*", *_PROPOSALS),
            writes=("bundles/*", "campaigns/*/framework-*", "experiments/*"),
        )

    def _mind(
        self,
        state: str,
        definition: Definition,
        *,
        reads: Iterable[str],
        writes: Iterable[str] = ("experiments/*",),
    ) -> PhaseFunction:
        """Make a function that asks a mind, which may be Claude; it keeps what it asked."""
        models = {
            "CODEC_LAB_DESIGN_MODEL": self._settings.design_model,
            "CODEC_LAB_FIX_MODEL": self._settings.fix_model,
            "CODEC_LAB_ANALYSIS_MODEL": self._settings.analysis_model,
        }
        made = self._make(
            state,
            definition,
            reads=reads,
            writes=writes,
            environment={
                **self._service.environment,
                **self._priced,
                **{name: model for name, model in models.items() if model is not None},
            },
            memory_mib=1024,
        )
        self._service.let_ask(made.role)
        return made

    def _notify_human(self, definition: Definition) -> PhaseFunction:
        notify = self._make(
            "NotifyHuman",
            definition,
            environment=self._told_topic,
            writes_records=False,
        )
        self._let_notify(notify.role)
        return notify

    def reminder(self) -> LabFunction:
        """Make the function that a schedule calls, beside the state machines."""
        made = LabFunction(
            self._stack,
            "RemindHuman",
            module="remind_human",
            timeout_s=_REMINDER_TIMEOUT_S,
            code=self._code,
            layers=self._layers,
            environment={
                "CODEC_LAB_TABLE": self._data.records.table.table_name,
                **self._told_topic,
            },
            settings=self._settings,
        )
        self._data.records.grant_read(made.role)
        self._data.records.grant_write(made.role)
        self._let_notify(made.role)
        return made

    def _let_notify(self, role: iam.Role) -> None:
        """Allow a message to a person, with the dashboard's address in it."""
        self._data.human.grant_publish(role)
        address = Stack.of(self._stack).format_arn(
            service="ssm", resource="parameter", resource_name=PARAMETER.removeprefix("/")
        )
        role.add_to_policy(iam.PolicyStatement(actions=["ssm:GetParameter"], resources=[address]))

    def _make(
        self,
        state: str,
        definition: Definition,
        *,
        reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        writes_records: bool = True,
        environment: Mapping[str, str] | None = None,
        memory_mib: int = 512,
    ) -> PhaseFunction:
        variables = {"CODEC_LAB_TABLE": self._data.records.table.table_name, **(environment or {})}
        if reads:
            variables["CODEC_LAB_BUCKET"] = self._data.evidence.bucket.bucket_name
        made = PhaseFunction(
            self._stack,
            state,
            definition=definition,
            code=self._code,
            layers=self._layers,
            environment=variables,
            settings=self._settings,
            memory_mib=memory_mib,
        )
        self._data.records.grant_read(made.role)
        if writes_records:
            self._data.records.grant_write(made.role)
        if reads:
            self._data.evidence.grant_read(made.role, *reads)
        if writes:
            self._data.evidence.grant_write(made.role, *writes)
        return made
