"""What a deployment is told by the CDK context (``-c name=value`` or ``cdk.json``)."""

from collections.abc import Mapping
from typing import Annotated, Self

from aws_cdk import RemovalPolicy
from constructs import Node
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from codec_lab.model import refusal

Days = Annotated[int, Field(ge=1, le=3650)]


class InfraSettingsError(Exception):
    """A context value cannot be used; the message is one sentence for the user."""


class InfraSettings(BaseModel):
    """The settings of the three stacks.

    Attributes
    ----------
    one_machine : bool
        Deploy to the one-machine cloud: without what it has no use for or cannot take.
    keep_data : bool
        The table and the buckets outlive their stack and are protected from deletion.
    endpoint_port : int
        Port of the one-machine cloud, for the address of the dashboard.
    schedule_minutes : int
        How often the campaign is started if it does not run; 0 is never.
    alarm_email : str or None
        Who is told of alarms and of experiments that need a human.
    monthly_budget_usd : float
        Cost of the account's month at which the same address is told; 0 is no budget.
    anthropic_secret_arn : str or None
        An existing secret with the Anthropic key; without it an empty one is made.
    bedrock_region : str or None
        Design, repair and analyze by Claude on Amazon Bedrock in this region, with the functions'
        roles and without a key. Their models must be named then, as Bedrock names them.
    design_model, fix_model, analysis_model, ask_model : str or None
        Claude models; without them the handlers' own defaults hold.
    max_vcpus : int
        Most vCPUs of workers at once, in the Spot and in the on-demand environment each.
    max_shards : int
        Most jobs that the clips of one experiment are spread over.
    log_retention_days, evidence_infrequent_after_days, evidence_expires_after_days : int
        How long logs are kept, and when bitstreams, decoded samples and logs of experiments move
        to cheaper storage and are deleted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    one_machine: bool = False
    keep_data: bool = True
    endpoint_port: Annotated[int, Field(ge=1, le=65535)] = 4566
    schedule_minutes: Annotated[int, Field(ge=0, le=1440)] = 30
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    monthly_budget_usd: Annotated[float, Field(ge=0)] = 0
    anthropic_secret_arn: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:")] | None
    ) = None
    bedrock_region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] | None = None
    design_model: str | None = None
    fix_model: str | None = None
    analysis_model: str | None = None
    ask_model: str | None = None
    max_vcpus: Annotated[int, Field(ge=2, le=1024)] = 16
    max_shards: Annotated[int, Field(ge=1, le=40)] = 8
    log_retention_days: Days = 90
    evidence_infrequent_after_days: Annotated[int, Field(ge=30, le=3650)] = 30
    evidence_expires_after_days: Days = 365

    @model_validator(mode="after")
    def _models_of_bedrock_are_named(self) -> Self:
        models = (self.design_model, self.fix_model, self.analysis_model)
        if self.bedrock_region is not None and None in models:
            raise ValueError(
                "on Amazon Bedrock design_model, fix_model and analysis_model must be named, "
                "such as global.anthropic.claude-opus-5-5-v1:0"
            )
        return self

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.keep_data else RemovalPolicy.DESTROY

    @classmethod
    def of(cls, node: Node) -> Self:
        """Read the settings from the context of an app.

        Raises
        ------
        InfraSettingsError
            In one sentence for the first name or value that cannot be used.
        """
        context: Mapping[str, object] = node.get_all_context()
        # The CDK's own context has punctuation in its names: feature flags, look-ups, versions.
        given = {name: value for name, value in context.items() if name.isidentifier()}
        if given.get("one_machine") in {True, "true"}:
            given.setdefault("keep_data", False)
            given.setdefault("max_shards", 1)  # one job runs its rate points on all cores
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            fault = error.errors()[0]
            if not fault["loc"]:
                raise InfraSettingsError(
                    f"The context values do not fit together: {refusal(error)}."
                ) from error
            name = fault["loc"][0]
            if fault["type"] == "extra_forbidden":
                known = ", ".join(cls.model_fields)
                sentence = f"There is no context value {name!r}; there are: {known}."
            else:
                sentence = (
                    f"Context value {name}={fault['input']!r} cannot be used: {refusal(error)}."
                )
            raise InfraSettingsError(sentence) from error
