"""The minds by name. Each is imported when it is asked for: the other's packages cost time."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from codec_lab.asking.answering import Respondent
from codec_lab.events import FixRequest, PhaseRequest
from codec_lab.ports import Analyst, Designer, Fixer
from codec_lab.prompts import KeptPrompts
from codec_lab.proposal import Mind
from codec_lab.spending import CampaignPurse
from lambdas.connections import clock, ledger, objects, records
from lambdas.environment import FunctionEnvironment
from lambdas.metering import MeteredEnvironment
from lambdas.observability import log_model_calls

if TYPE_CHECKING:
    from adapters.claude.connection import Client
    from adapters.claude.role import Role

R = TypeVar("R", bound="Role")


class MindEnvironment(MeteredEnvironment):
    """What the functions with a mind are told."""

    bucket: str
    anthropic_secret_arn: str | None = None
    bedrock_region: str | None = None
    design_model: str = "claude-opus-5-5"
    fix_model: str = "claude-sonnet-5-5"
    analysis_model: str = "claude-sonnet-5-5"


class AskEnvironment(FunctionEnvironment):
    """What the function is told that answers questions."""

    table: str
    bucket: str
    anthropic_secret_arn: str | None = None
    ask_model: str = "claude-sonnet-5-5"


def respondent_for(environment: AskEnvironment, campaign_id: str) -> Respondent:
    """Make the mind that answers questions, who spends for a campaign."""
    from adapters.claude.connection import connect
    from adapters.claude.respondent import ClaudeRespondent

    log_model_calls()
    table = environment.table
    return ClaudeRespondent(
        connect(environment.anthropic_secret_arn),
        environment.ask_model,
        purse=CampaignPurse(
            campaign_id,
            records=records(table),
            ledger=ledger(table),
            clock=clock,
            stops_campaign=False,
        ),
    )


def designer_of(environment: MindEnvironment, request: PhaseRequest) -> Callable[[Mind], Designer]:
    """Give the way from a mind's name to its designer, who spends for an experiment."""

    def make(mind: Mind) -> Designer:
        if mind is Mind.CLAUDE:
            from adapters.claude.designer import ClaudeDesigner

            return _paid(ClaudeDesigner, environment.design_model, environment, request, "design")
        from adapters.offline.designer import OfflineDesigner

        return OfflineDesigner()

    return make


def fixer_of(environment: MindEnvironment, request: FixRequest) -> Callable[[Mind], Fixer]:
    """Give the way from a mind's name to its fixer, who spends for an experiment."""

    def make(mind: Mind) -> Fixer:
        if mind is Mind.CLAUDE:
            from adapters.claude.fixer import ClaudeFixer

            return _paid(
                ClaudeFixer,
                environment.fix_model,
                environment,
                request,
                f"fix-{request.phase}-{request.attempt}",
            )
        from adapters.offline.fixer import OfflineFixer

        return OfflineFixer()

    return make


def analyst_of(
    environment: MindEnvironment, request: PhaseRequest
) -> Callable[[Mind], Analyst | None]:
    """Give the way from a mind's name to its analyst; the offline mind has rules alone."""

    def make(mind: Mind) -> Analyst | None:
        if mind is not Mind.CLAUDE:
            return None
        from adapters.claude.analyst import ClaudeAnalyst

        return _paid(ClaudeAnalyst, environment.analysis_model, environment, request, "analysis")

    return make


def _paid(
    role: "type[R]",
    model: str,
    environment: MindEnvironment,
    request: PhaseRequest | FixRequest,
    purpose: str,
) -> "R":
    log_model_calls()
    return role(
        _client(environment),
        model,
        purse=_purse(environment, request.experiment_id),
        prompts=_prompts(environment, request, purpose),
    )


def _client(environment: MindEnvironment) -> "Client":
    """Connect to Amazon Bedrock if a region of it is set, else to Anthropic's API."""
    from adapters.claude.connection import connect, connect_to_bedrock

    if environment.bedrock_region is not None:
        return connect_to_bedrock(environment.bedrock_region)
    return connect(environment.anthropic_secret_arn)


def _purse(environment: MindEnvironment, experiment_id: str) -> CampaignPurse:
    table = environment.table
    campaign_id = records(table).experiment(experiment_id).campaign_id
    return CampaignPurse(campaign_id, records=records(table), ledger=ledger(table), clock=clock)


def _prompts(
    environment: MindEnvironment, request: PhaseRequest | FixRequest, purpose: str
) -> KeptPrompts:
    return KeptPrompts(
        request.experiment_id,
        request.run,
        purpose,
        objects=objects(environment.bucket),
        clock=clock,
    )
