"""A person asks, and looks for the answer."""

from datetime import timedelta

from codec_lab.asking.question import (
    Answering,
    Asked,
    Question,
    QuestionList,
    Questions,
    QuestionStatus,
)
from codec_lab.dashboard.command_models import AuditEntry, CommandName
from codec_lab.dashboard.ports import CommandLog
from codec_lab.errors import ConfigurationError, ConflictError, StoreUnavailableError
from codec_lab.ports import Clock, Records

ANSWER_TIMEOUT_S = 300
"""How long an answer may take; then its function is ended."""

MAX_WAITING = 3
"""Questions of a campaign that wait for an answer at once."""

_SHOWN = 50
_LOST_AFTER = timedelta(seconds=ANSWER_TIMEOUT_S + 60)


class Asking:
    """Takes questions and shows them with their answers.

    Parameters
    ----------
    records, questions, log, clock
        Where campaigns, questions and orders are kept.
    answering : Answering
        What answers.
    """

    def __init__(
        self,
        *,
        records: Records,
        questions: Questions,
        log: CommandLog,
        answering: Answering,
        clock: Clock,
    ) -> None:
        self._records, self._questions, self._log = records, questions, log
        self._answering, self._clock = answering, clock

    def questions(self, campaign_id: str) -> QuestionList:
        """Show the last questions about a campaign."""
        self._records.campaign(campaign_id)
        asked = self._known(campaign_id)
        return QuestionList(
            available=self._answering.is_available(),
            questions=tuple(sorted(asked, key=lambda one: one.asked_at, reverse=True)[:_SHOWN]),
        )

    def ask(self, campaign_id: str, question_id: str, user: str, asked: Asked) -> Question:
        """Take a question; the same one sent again is asked once.

        Raises
        ------
        UnknownRecordError
            If there is no such campaign.
        ConfigurationError
            If the lab has no key for the model.
        ConflictError
            If too many questions wait.
        """
        self._records.campaign(campaign_id)
        if not self._answering.is_available():
            raise ConfigurationError("The lab has no key for Claude, so nobody answers questions.")
        known = self._known(campaign_id)
        for question in known:
            if question.question_id == question_id:
                return question
        if sum(one.status is QuestionStatus.ASKED for one in known) >= MAX_WAITING:
            raise ConflictError(
                f"{MAX_WAITING} questions wait for an answer; ask when they have it."
            )
        question = Question(
            question_id=question_id,
            campaign_id=campaign_id,
            user=user,
            asked_at=self._clock.now(),
            question=asked.question,
        )
        earlier = self._questions.begin(question)
        if earlier is not None:
            return earlier
        try:
            self._answering.start(campaign_id, question_id)
        except StoreUnavailableError as error:
            self._write_down(question, str(error))
            self._questions.finish(_failed(question, str(error)))
            raise
        self._write_down(question, None)
        return question

    def _known(self, campaign_id: str) -> list[Question]:
        now = self._clock.now()
        return [
            _failed(one, "No answer came in time.")
            if one.status is QuestionStatus.ASKED and now - one.asked_at > _LOST_AFTER
            else one
            for one in self._questions.of_campaign(campaign_id)
        ]

    def _write_down(self, question: Question, refusal: str | None) -> None:
        """Keep who asked what beside everything else that people order."""
        self._log.finish(
            AuditEntry(
                key=question.question_id,
                command=CommandName.ASK,
                campaign_id=question.campaign_id,
                subject_id=question.campaign_id,
                user=question.user,
                at=question.asked_at,
                request=Asked(question=question.question).model_dump_json(),
                done=refusal is None,
                refusal=refusal,
            )
        )


def _failed(question: Question, why: str) -> Question:
    return question.model_copy(update={"status": QuestionStatus.FAILED, "failure": why})
