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
from adapters.claude.conversation import ToolCall
from adapters.claude.editing import changed
from adapters.claude.prompting import fix_question
from adapters.claude.role import Role
from adapters.claude.secrecy import excerpt
from codec_lab.bundle import Bundle
from codec_lab.errors import NothingLeftToTryError
from codec_lab.fixing import FRAMEWORK_TOOLS
from codec_lab.minds import FixTask
from codec_lab.proposal import Fix, FixTool, Mind


class ClaudeFixer(Role):
    """Keeps the port ``Fixer``: changes source, packages, limits or framework, or asks a person."""

    purpose = "fix"
    tools = (*(tool.value for tool in FixTool), "ask_human")

    def fix(self, task: FixTask) -> Fix:
        """Propose a candidate with other source or packages, or changed limits.

        Raises
        ------
        NothingLeftToTryError
            If the model asks a person; with its question.
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``Conversation.settle`` says.
        """
        conversation = self._conversation(fix_question(task))
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
    if not task.is_new(fix.proposal.candidate):
        raise MendableAnswerError(
            "That is the parent or another experiment's candidate, comments and formatting aside; "
            "it would measure nothing new. Keep what the change is about and mend its fault."
        )
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
