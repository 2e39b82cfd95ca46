"""Repairs by Claude."""

from adapters.claude.answers import (
    AdjustLimits,
    AskHuman,
    EditCandidate,
    InstallPackage,
    MendableAnswerError,
    ModifyFramework,
    RollbackFramework,
    parse,
)
from adapters.claude.connection import Client
from adapters.claude.conversation import BUDGET_S, Account, Conversation, ToolCall
from adapters.claude.editing import changed
from adapters.claude.pricing import price_of
from adapters.claude.prompting import fix_question
from adapters.claude.secrecy import excerpt
from codec_lab.bundle import Bundle
from codec_lab.errors import NothingLeftToTryError
from codec_lab.fixing import FRAMEWORK_TOOLS
from codec_lab.minds import FixTask
from codec_lab.prompts import NoPrompts, Prompts
from codec_lab.proposal import Fix, FixTool, Mind
from codec_lab.spending import OpenPurse, Purse

TOOLS = (*(tool.value for tool in FixTool), "ask_human")


class ClaudeFixer:
    """Keeps the port ``Fixer``: changes source, packages, limits or framework, or asks a person.

    Parameters
    ----------
    client : Client
        The service.
    model : str
        Which model repairs.
    purse : Purse or None
        What pays; without one nothing is capped.
    prompts : Prompts or None
        Where prompts are kept; without it nowhere.
    budget_s : float
        Seconds for one repair.

    Raises
    ------
    ConfigurationError
        If the model's price is unknown.
    """

    def __init__(
        self,
        client: Client,
        model: str,
        *,
        purse: Purse | None = None,
        prompts: Prompts | None = None,
        budget_s: float = BUDGET_S,
    ) -> None:
        price_of(model)
        self._client, self._model, self._budget_s = client, model, budget_s
        self._account = Account(purse or OpenPurse(), prompts or NoPrompts(), "fix")

    def fix(self, task: FixTask) -> Fix:
        """Propose a candidate with other source or packages, or changed limits.

        Raises
        ------
        NothingLeftToTryError
            If the model asks a person; with its question.
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``Conversation.settle`` says.
        """
        conversation = Conversation(
            self._client,
            self._model,
            tools=TOOLS,
            question=fix_question(task),
            account=self._account,
            budget_s=self._budget_s,
        )
        found = conversation.settle(lambda call: _fix(call, task))
        proposal = found.proposal.model_copy(
            update={
                "mind": Mind.CLAUDE,
                "hint": task.hint,
                "model": conversation.answered_by,
                "model_cost_usd": conversation.cost_usd,
                "prompt_key": conversation.prompt_key,
            }
        )
        return found.model_copy(update={"proposal": proposal})


def _fix(call: ToolCall, task: FixTask) -> Fix:
    if call.name == "ask_human":
        question = parse(AskHuman, call.input_json).question
        raise NothingLeftToTryError(f"The model asks: {question}")
    fix = _FIXES[FixTool(call.name)](call, task)
    if fix.tool in FRAMEWORK_TOOLS:
        return fix
    if Bundle.of(fix.proposal, task.framework).manifest.bundle_sha256 in task.tried:
        raise MendableAnswerError("That source with those limits has failed already.")
    return fix


def _new_limits(call: ToolCall, task: FixTask) -> Fix:
    answer = parse(AdjustLimits, call.input_json)
    limits = answer.applied(task.proposal.limits, task.hard_limits)
    return Fix(
        tool=FixTool.ADJUST_LIMITS,
        reason=answer.reason,
        proposal=task.proposal.model_copy(update={"limits": limits}),
    )


def _new_framework(call: ToolCall, task: FixTask) -> Fix:
    answer = parse(ModifyFramework, call.input_json)
    return Fix(
        tool=FixTool.MODIFY_FRAMEWORK,
        reason=answer.reason,
        proposal=task.proposal,
        framework=answer.applied(task.framework),
    )


def _old_framework(call: ToolCall, task: FixTask) -> Fix:
    answer = parse(RollbackFramework, call.input_json)
    if not task.framework.files:
        raise MendableAnswerError("There is nothing to roll back: the framework is as deployed.")
    return Fix(tool=FixTool.ROLLBACK_FRAMEWORK, reason=answer.reason, proposal=task.proposal)


def _new_package(call: ToolCall, task: FixTask) -> Fix:
    answer = parse(InstallPackage, call.input_json)
    wheel = task.packages.named(answer.package)
    if wheel is None:
        raise MendableAnswerError(task.packages.refusal(excerpt(repr(answer.package))))
    candidate = task.proposal.candidate.with_wheel(wheel)
    return Fix(
        tool=FixTool.INSTALL_PACKAGE,
        reason=answer.reason,
        proposal=task.proposal.model_copy(update={"candidate": candidate}),
    )


def _new_source(call: ToolCall, task: FixTask) -> Fix:
    answer = parse(EditCandidate, call.input_json)
    candidate = changed(task.proposal.candidate, answer)
    return Fix(
        tool=FixTool.EDIT_CANDIDATE,
        reason=answer.reason,
        proposal=task.proposal.model_copy(update={"candidate": candidate, "change": answer.change}),
    )


_FIXES = {
    FixTool.EDIT_CANDIDATE: _new_source,
    FixTool.INSTALL_PACKAGE: _new_package,
    FixTool.ADJUST_LIMITS: _new_limits,
    FixTool.MODIFY_FRAMEWORK: _new_framework,
    FixTool.ROLLBACK_FRAMEWORK: _old_framework,
}
