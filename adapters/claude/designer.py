"""Designs by Claude."""

from adapters.claude.answers import EditParent, MendableAnswerError, WriteCandidate, parse
from adapters.claude.conversation import ToolCall
from adapters.claude.editing import changed, written
from adapters.claude.prompting import design_question
from adapters.claude.role import Role
from codec_lab.minds import DesignTask
from codec_lab.proposal import Mind, Proposal


class ClaudeDesigner(Role):
    """Keeps the port ``Designer``: full source, or exact edits of the parent."""

    purpose = "design"
    tools = ("write_candidate", "edit_parent")

    def design(self, task: DesignTask) -> Proposal:
        """Propose a candidate.

        Raises
        ------
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``Conversation.settle`` says.
        """
        conversation = self._conversation(design_question(task))
        proposal = conversation.settle(lambda call: _proposal(call, task))
        return proposal.model_copy(
            update={
                "model": conversation.answered_by,
                "model_cost_usd": conversation.cost_usd,
                "prompt_key": conversation.prompt_key,
            }
        )


def _proposal(call: ToolCall, task: DesignTask) -> Proposal:
    parent = task.parent.candidate
    answer: WriteCandidate | EditParent
    if call.name == "write_candidate":
        answer = parse(WriteCandidate, call.input_json)
        candidate = written(answer.files, parent)
    else:
        answer = parse(EditParent, call.input_json)
        candidate = changed(parent, answer)
    if not task.is_new(candidate):
        raise MendableAnswerError("That candidate was tried before; it would measure nothing new.")
    return Proposal(
        candidate=candidate,
        limits=task.limits,
        mind=Mind.CLAUDE,
        parent_sha256=parent.sha256,
        change=answer.change,
        hypothesis=answer.hypothesis,
        expected_bd_rate_percent=answer.expected_bd_rate_percent,
        hint=task.hint,
    )
