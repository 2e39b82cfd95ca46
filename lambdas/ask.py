"""The function that answers people's questions; the API starts it and does not wait."""

from typing import TYPE_CHECKING, Any

from codec_lab.asking.answering import answer_question
from codec_lab.asking.look_ups import LookUps
from codec_lab.campaign import CampaignName
from codec_lab.dashboard.command_models import IdempotencyKey
from codec_lab.model import Model
from lambdas.connections import listing, objects, questions, records
from lambdas.minds import AskEnvironment, respondent_for
from lambdas.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

environment = AskEnvironment.read()


class AskRequest(Model):
    """Which question."""

    campaign_id: CampaignName
    question_id: IdempotencyKey


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer a question, and write down what became of it."""
    request = AskRequest.model_validate(event)
    logger.clear_state()
    logger.append_keys(request_id=context.aws_request_id, campaign_id=request.campaign_id)
    ended = answer_question(
        request.campaign_id,
        request.question_id,
        records=records(environment.table),
        questions=questions(environment.table),
        respondent_of=lambda: respondent_for(environment, request.campaign_id),
        look_ups=LookUps(
            request.campaign_id,
            records=records(environment.table),
            listing=listing(environment.table, environment.bucket),
            objects=objects(environment.bucket),
        ),
    )
    logger.info("The question %s is %s.", ended.question_id, ended.status)
    return {"status": ended.status}
