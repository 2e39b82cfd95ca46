"""Analyses by Claude."""

from adapters.claude.answers import MendableAnswerError, WriteAnalysis, parse
from adapters.claude.connection import Client
from adapters.claude.conversation import BUDGET_S, Account, Conversation, ToolCall
from adapters.claude.pricing import price_of
from adapters.claude.prompting import analysis_question
from codec_lab.lessons import MAX_CHARACTERS
from codec_lab.minds import Analysis, AnalysisTask
from codec_lab.prompts import NoPrompts, Prompts
from codec_lab.spending import OpenPurse, Purse


class ClaudeAnalyst:
    """Keeps the port ``Analyst``: says what measurements mean and rewrites the lessons.

    Parameters
    ----------
    client : Client
        The service.
    model : str
        Which model analyzes.
    purse : Purse or None
        What pays; without one nothing is capped.
    prompts : Prompts or None
        Where prompts are kept; without it nowhere.
    budget_s : float
        Seconds for one analysis.

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
        self._account = Account(purse or OpenPurse(), prompts or NoPrompts(), "analysis")

    def analyze(self, task: AnalysisTask) -> Analysis:
        """Write an analysis and the whole notebook.

        Raises
        ------
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``Conversation.settle`` says.
        """
        conversation = Conversation(
            self._client,
            self._model,
            tools=("write_analysis",),
            question=analysis_question(task),
            account=self._account,
            budget_s=self._budget_s,
        )
        answer = conversation.settle(_answer)
        return Analysis(
            analysis=answer.analysis,
            lessons=answer.lessons,
            model_cost_usd=conversation.cost_usd,
        )


def _answer(call: ToolCall) -> WriteAnalysis:
    answer = parse(WriteAnalysis, call.input_json)
    if len(answer.lessons) > MAX_CHARACTERS:
        raise MendableAnswerError(
            f"The lessons have {len(answer.lessons)} characters; at most {MAX_CHARACTERS} are kept."
        )
    return answer
