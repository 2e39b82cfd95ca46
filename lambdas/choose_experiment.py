"""The state ``ChooseExperiment``."""

from typing import TYPE_CHECKING, Any

from codec_lab.choosing import choose_experiment
from codec_lab.events import ChooseRequest
from lambdas.connections import clock, executions, ledger, records
from lambdas.notifying import NotifyingEnvironment, human_asked_by
from lambdas.observability import log_about, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Environment(NotifyingEnvironment):
    """What this function is told."""

    experiment_state_machine_arn: str


environment = Environment.read()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Find what the campaign runs next."""
    request = ChooseRequest.model_validate(event)
    log_about(request, context)
    choice = choose_experiment(
        request,
        records=records(environment.table),
        ledger=ledger(environment.table),
        executions=executions(environment.experiment_state_machine_arn),
        ask_human=human_asked_by(environment),
        clock=clock,
    )
    logger.info(choice.reason)
    return choice.model_dump(mode="json")
