"""What a person is told of without asking."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.human_topic import HumanTopic
from infra.lab_state_machine import LabStateMachine
from infra.settings import InfraSettings

NAMESPACE = "CodecLab"
_OPERATIONS = ("GetItem", "Query", "PutItem", "UpdateItem")
"""What the lab asks of its table."""

_PERIOD = Duration.minutes(5)


class Alarms(Construct):
    """Alarms of the two state machines and of what they call too often, and the budget.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    experiment, campaign : LabStateMachine
        What is watched.
    table : ITable
        Likewise.
    human : HumanTopic
        Who is told.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        experiment: LabStateMachine,
        campaign: LabStateMachine,
        table: dynamodb.ITable,
        human: HumanTopic,
        settings: InfraSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._human = human
        machine = campaign.machine
        self._alarm(
            "CampaignFailed",
            machine.metric_failed(period=_PERIOD, statistic="Sum"),
            "The campaign stopped.",
        )
        self._alarm(
            "CampaignTimedOut",
            machine.metric_timed_out(period=_PERIOD, statistic="Sum"),
            "The campaign timed out.",
        )
        self._alarm(
            "CampaignAborted",
            machine.metric_aborted(period=_PERIOD, statistic="Sum"),
            "The campaign was ended.",
        )
        self._alarm(
            "ExperimentTimedOut",
            experiment.machine.metric_timed_out(period=_PERIOD, statistic="Sum"),
            "An experiment took longer than a day.",
        )
        # The ends of an experiment that are no success tell themselves apart by their error.
        self._alarm(
            "NeedsHuman",
            self._ends_with(experiment, "NeedsHuman", '$.details.error = "HumanNeeded"'),
            "An experiment needs a human.",
        )
        self._alarm(
            "ExperimentLost",
            self._ends_with(
                experiment,
                "ExperimentLost",
                '$.details.error != "HumanNeeded" && $.details.error != "AlreadyRunning"',
            ),
            "An experiment failed without asking for a human.",
        )
        self._watch_throttles(table)
        if settings.monthly_budget_usd > 0:
            self._add_budget(settings.monthly_budget_usd)

    def _watch_throttles(self, table: dynamodb.ITable) -> None:
        self._alarm(
            "FunctionsThrottled",
            # Functions share the concurrency of their account: whoever used it up is shown too.
            lambda_.Function.metric_all_throttles(period=_PERIOD, statistic="Sum"),
            "Lambda throttled functions of this account.",
        )
        # One for each operation: a sum of several is missing wherever one of them is.
        for operation in _OPERATIONS:
            self._alarm(
                f"Table{operation}Throttled",
                table.metric(
                    "ThrottledRequests",
                    period=_PERIOD,
                    statistic="Sum",
                    dimensions_map={"TableName": table.table_name, "Operation": operation},
                ),
                f"DynamoDB throttled {operation} on the lab's table.",
            )

    def _ends_with(self, machine: LabStateMachine, name: str, condition: str) -> cloudwatch.Metric:
        """Count the executions whose log ends with an error that meets a condition."""
        metric_filter = logs.MetricFilter(
            self,
            f"{name}Filter",
            log_group=machine.log_group,
            filter_pattern=logs.FilterPattern.literal(
                f'{{ $.type = "ExecutionFailed" && {condition} }}'
            ),
            metric_namespace=NAMESPACE,
            metric_name=name,
            metric_value="1",
        )
        return metric_filter.metric(period=_PERIOD, statistic="Sum")

    def _alarm(self, name: str, metric: cloudwatch.IMetric, description: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=description,
            metric=metric,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._human.topic))

    def _add_budget(self, limit_usd: float) -> None:
        subscriber = budgets.CfnBudget.SubscriberProperty(
            subscription_type="SNS", address=self._human.topic.topic_arn
        )
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{Stack.of(self).stack_name}-Monthly",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )
