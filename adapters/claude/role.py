"""What Claude's parts in an experiment share: a model, and what its conversations draw on."""

from typing import ClassVar

from adapters.claude.connection import Client
from adapters.claude.conversation import BUDGET_S, Account, Conversation
from adapters.claude.pricing import price_of
from codec_lab.prompts import NoPrompts, Prompts
from codec_lab.spending import OpenPurse, Purse


class Role:
    """Opens conversations of one purpose.

    Parameters
    ----------
    client : Client
        The service.
    model : str
        Which model answers.
    purse : Purse or None
        What pays; without one nothing is capped.
    prompts : Prompts or None
        Where prompts are kept; without it nowhere.
    budget_s : float
        Seconds for one conversation.

    Raises
    ------
    ConfigurationError
        If the model's price is unknown.
    """

    purpose: ClassVar[str]
    tools: ClassVar[tuple[str, ...]]

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
        self._account = Account(purse or OpenPurse(), prompts or NoPrompts(), self.purpose)

    def _conversation(self, question: str) -> Conversation:
        return Conversation(
            self._client,
            self._model,
            tools=self.tools,
            question=question,
            account=self._account,
            budget_s=self._budget_s,
        )
