"""Analyses by Claude."""

from adapters.claude.answers import MendableAnswerError, WriteAnalysis, parse
from adapters.claude.conversation import ToolCall
from adapters.claude.prompting import analysis_question
from adapters.claude.role import Role
from codec_lab.lessons import MAX_CHARACTERS
from codec_lab.minds import Analysis, AnalysisTask


class ClaudeAnalyst(Role):
    """Keeps the port ``Analyst``: says what measurements mean and rewrites the lessons."""

    purpose = "analysis"
    tools = ("write_analysis",)

    def analyze(self, task: AnalysisTask) -> Analysis:
        """Write an analysis and the whole notebook.

        Raises
        ------
        DesignRejectedError, ModelUnavailableError, ModelRefusedError, ConfigurationError
            As ``Conversation.settle`` says.
        """
        conversation = self._conversation(analysis_question(task))
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
