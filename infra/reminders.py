"""The function that reminds of questions nobody has answered, and its schedule."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.lab_function import LabFunction

_PERIOD = Duration.hours(1)


class Reminders(Construct):
    """A schedule that calls the function; which questions are due, the function finds out.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    function : LabFunction
        The function.
    """

    def __init__(self, scope: Construct, construct_id: str, *, function: LabFunction) -> None:
        super().__init__(scope, construct_id)
        rule = events.Rule(
            self,
            "Schedule",
            description="Reminds of questions that have waited for a day, once for each",
            schedule=events.Schedule.rate(_PERIOD),
        )
        rule.add_target(targets.LambdaFunction(function.function))
