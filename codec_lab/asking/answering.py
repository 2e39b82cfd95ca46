"""A question is answered."""

from collections.abc import Callable
from typing import Protocol

from codec_lab.asking.look_ups import LookUps
from codec_lab.asking.question import Answer, Question, Questions, QuestionStatus
from codec_lab.errors import CodecLabError
from codec_lab.ports import Records


class Respondent(Protocol):
    """A mind that answers questions."""

    def answer(self, question: str, look_ups: LookUps) -> Answer:
        """Answer from what it looks up.

        Raises
        ------
        CodecLabError
            If there is no answer; the message is one sentence, ``model_cost_usd`` the cost.
        """


def answer_question(
    campaign_id: str,
    question_id: str,
    *,
    records: Records,
    questions: Questions,
    respondent_of: Callable[[], Respondent],
    look_ups: LookUps,
) -> Question:
    """Answer a question and write down what became of it; one that has an answer keeps it.

    Raises
    ------
    UnknownRecordError
        If there is no such question.
    """
    question = questions.get(campaign_id, question_id)
    if question.status is not QuestionStatus.ASKED:
        return question
    try:
        found = respondent_of().answer(question.question, look_ups)
    except CodecLabError as error:
        records.add_campaign_cost(campaign_id, error.model_cost_usd)
        ended = question.model_copy(
            update={
                "status": QuestionStatus.FAILED,
                "failure": str(error),
                "cost_usd": float(error.model_cost_usd),
            }
        )
    else:
        records.add_campaign_cost(campaign_id, found.cost_usd)
        ended = question.model_copy(
            update={
                "status": QuestionStatus.ANSWERED,
                "answer": found.text,
                "experiment_ids": look_ups.known(found.experiment_ids),
                "model": found.model,
                "cost_usd": float(found.cost_usd),
            }
        )
    questions.finish(ended)
    return ended
