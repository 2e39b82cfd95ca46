"""What people ask about a campaign, and what they are answered."""

from codec_lab.asking.question import Asked, Question, QuestionList
from lambdas.dashboard.application import app
from lambdas.dashboard.command_routes import asking
from lambdas.dashboard.lab import lab
from lambdas.dashboard.parameters import CampaignId, Key, answers, outcomes

_PATH = "/api/campaigns/<campaign_id>/questions"
_TAGS = ["questions"]


@app.get(_PATH, tags=_TAGS, operation_id="listQuestions", responses=answers(QuestionList))
def list_questions(campaign_id: CampaignId) -> QuestionList:
    """List the last questions with their answers, and tell whether the lab can be asked."""
    return lab().asking.questions(campaign_id)


@app.post(_PATH, tags=_TAGS, operation_id="askQuestion", responses=outcomes(Question))
def ask_question(campaign_id: CampaignId, body: Asked, key: Key) -> Question:
    """Ask a question, which is answered within minutes; asking costs money."""
    return lab().asking.ask(campaign_id, key, asking().user, body)
