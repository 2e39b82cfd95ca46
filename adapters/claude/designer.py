"""Designs by Claude."""

from adapters.claude.answers import EditParent, MendableAnswerError, WriteCandidate, parse
from adapters.claude.connection import Client
from adapters.claude.conversation import BUDGET_S, Account, Conversation, ToolCall
from adapters.claude.editing import changed, written
from adapters.claude.pricing import price_of
from adapters.claude.prompting import design_question
from codec_lab.minds import DesignTask
from codec_lab.prompts import NoPrompts, Prompts
from codec_lab.proposal import Mind, Proposal
from codec_lab.spending import OpenPurse, Purse


class ClaudeDesigner:
    """Keeps the port ``Designer``: full source, or exact edits of the parent.

    Parameters
    ----------
    client : Client
        The service.
    model : str
        Which model designs.
    purse : Purse or None
        What pays; without one nothing is capped.
    prompts : Prompts or None
        Where prompts are kept; without it nowhere.
    budget_s : float
        Seconds for one design.

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
        self._account = Account(purse or OpenPurse(), prompts or NoPrompts(), "design")

    def design(self, task: DesignTask) -> Proposal:
        """Propose a candidate.

        Raises
        ------
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``Conversation.settle`` says.
        """
        conversation = Conversation(
            self._client,
            self._model,
            tools=("write_candidate", "edit_parent"),
            question=design_question(task),
            account=self._account,
            budget_s=self._budget_s,
        )
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
