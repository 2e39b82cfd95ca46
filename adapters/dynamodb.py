"""The records of the lab in one DynamoDB table.

========== ======================== ==================================== ============
record     partition key ``pk``     sort key ``sk``                      also in index
========== ======================== ==================================== ============
campaign   ``CAMPAIGN#<id>``        ``CAMPAIGN``
control    ``CAMPAIGN#<id>``        ``CONTROL``
command    ``CAMPAIGN#<id>``        ``COMMAND#<key>`` (of ``adapters.command_log``)
lease      ``CAMPAIGN#<id>``        ``LEASE`` (the state machine's own)
ledger     ``CAMPAIGN#<id>``        ``LEDGER`` (see ``dynamodb_ledger``)
change set ``CAMPAIGN#<id>``        ``FRAMEWORK#<version>`` (see ``dynamodb_change_sets``)
experiment ``EXPERIMENT#<id>``      ``EXPERIMENT``                       all four
attempt    ``EXPERIMENT#<id>``      ``ATTEMPT#<run>#<phase>#<attempt>``
evaluation ``EXPERIMENT#<id>``      ``EVALUATION#<clip>``
========== ======================== ==================================== ============

Indexes: ``by_updated`` and ``by_bd_rate`` list a campaign's experiments (``listing``); ``in_short``
holds them with few attributes for ``adapters.experiment_listing``, and the campaigns themselves;
``by_open_status`` holds only those that are queued, running or wait for a person (``open_as`` is
``<campaign>#<status>``, absent from the others).
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from adapters.attribute_values import attribute_value, attributes_of, item_of, timestamp
from adapters.service_errors import code_of, store_errors
from codec_lab.campaign import Campaign, CampaignChanges, Control, ControlChanges
from codec_lab.errors import UnknownRecordError
from codec_lab.experiment import (
    OPEN_STATUSES,
    Attempt,
    Evaluation,
    Experiment,
    ExperimentChanges,
    HumanReason,
)
from codec_lab.model import Model
from codec_lab.phase import Phase, Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, UpdateItemInputTypeDef

_Record = TypeVar("_Record", bound=Model)
ALL_CAMPAIGNS = "#campaigns"
"""What campaigns are listed under; no campaign can have such a name."""

_CAMPAIGN, _CONTROL, _EXPERIMENT = "CAMPAIGN", "CONTROL", "EXPERIMENT"


def _campaign_pk(campaign_id: str) -> str:
    return f"CAMPAIGN#{campaign_id}"


def _experiment_pk(experiment_id: str) -> str:
    return f"EXPERIMENT#{experiment_id}"


def _campaign_of(experiment_id: str) -> str:
    return experiment_id.rpartition("-")[0]


class DynamoRecords:
    """Keeps the port ``Records``.

    Parameters
    ----------
    table_name : str
        The table.
    client : DynamoDBClient
        How to reach it.
    """

    def __init__(self, table_name: str, client: "DynamoDBClient") -> None:
        self._table_name = table_name
        self._client = client

    def campaign(self, campaign_id: str) -> Campaign:
        """Read a campaign."""
        return self._read(Campaign, _campaign_pk(campaign_id), _CAMPAIGN)

    def create_campaign(self, campaign: Campaign, control: Control) -> bool:
        """Write a new campaign; False, and nothing written, if there is one of that name."""
        pk = _campaign_pk(campaign.campaign_id)
        at = timestamp(campaign.created_at)
        item = item_of(campaign, pk=pk, sk=_CAMPAIGN, listing=ALL_CAMPAIGNS, updated_at=at)
        created = self._create(item)
        # A control that is missing after a crash between the two writes is written again.
        return self._create(item_of(control, pk=pk, sk=_CONTROL)) or created

    def update_campaign(self, campaign_id: str, changes: CampaignChanges) -> None:
        """Write some attributes of a campaign."""
        self._update(_campaign_pk(campaign_id), _CAMPAIGN, changes.model_dump(exclude_unset=True))

    def control(self, campaign_id: str) -> Control:
        """Read what a person set."""
        return self._read(Control, _campaign_pk(campaign_id), _CONTROL)

    def update_control(
        self, campaign_id: str, changes: ControlChanges, *, version: int | None = None
    ) -> bool:
        """Write some settings; False, and nothing written, if ``version`` is not theirs."""
        return self._update(
            _campaign_pk(campaign_id),
            _CONTROL,
            changes.model_dump(exclude_unset=True),
            expected={} if version is None else {"version": version},
            counters=("version",),
        )

    def create_experiment(self, experiment: Experiment) -> bool:
        """Write a new experiment; False, and nothing written, if there is one of that name."""
        item = item_of(
            experiment,
            pk=_experiment_pk(experiment.experiment_id),
            sk=_EXPERIMENT,
            listing=experiment.campaign_id,
            open_as=f"{experiment.campaign_id}#{experiment.status}",
        )
        return self._create({**item, "started_run": {"N": "0"}})

    def experiment(self, experiment_id: str) -> Experiment:
        """Read an experiment."""
        return self._read(Experiment, _experiment_pk(experiment_id), _EXPERIMENT)

    def update_experiment(self, experiment_id: str, changes: ExperimentChanges) -> None:
        """Write some attributes of an experiment."""
        self._update(
            _experiment_pk(experiment_id), _EXPERIMENT, self._with_index(experiment_id, changes)
        )

    def update_seen_experiment(self, seen: Experiment, changes: ExperimentChanges) -> bool:
        """Write some attributes; False, and nothing written, if run or status have changed."""
        seen_of = {"run", "status"} | ({"reminded_run"} & changes.model_fields_set)
        return self._update(
            _experiment_pk(seen.experiment_id),
            _EXPERIMENT,
            self._with_index(seen.experiment_id, changes),
            expected={name: getattr(seen, name) for name in sorted(seen_of)},
        )

    def flag_human(self, experiment: Experiment, reason: HumanReason) -> None:
        """Append a reason and set ``needs_human``; touches nothing else of the record."""
        with store_errors(f"Table {self._table_name}"):
            self._client.update_item(
                TableName=self._table_name,
                Key=self._key(_experiment_pk(experiment.experiment_id), _EXPERIMENT),
                ConditionExpression="attribute_exists(pk)",
                UpdateExpression=(
                    "SET needs_human = :true, #status = :status, phase = :phase, "
                    "open_as = :open, updated_at = :now, human_intervention_reasons = "
                    "list_append(if_not_exists(human_intervention_reasons, :none), :reasons)"
                ),
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":true": {"BOOL": True},
                    ":status": {"S": Status.NEEDS_HUMAN},
                    ":phase": {"S": reason.phase},
                    ":open": {"S": f"{experiment.campaign_id}#{Status.NEEDS_HUMAN}"},
                    ":now": {"S": timestamp(reason.asked_at)},
                    ":none": {"L": []},
                    ":reasons": {"L": [{"M": item_of(reason)}]},
                },
            )

    def add_model_cost(self, experiment: Experiment, cost_usd: Decimal) -> None:
        """Add to what the experiment and its campaign spent on a model."""
        self._add(_experiment_pk(experiment.experiment_id), _EXPERIMENT, "model_cost_usd", cost_usd)
        self.add_campaign_cost(experiment.campaign_id, cost_usd)

    def add_campaign_cost(self, campaign_id: str, cost_usd: Decimal) -> None:
        """Add to what the campaign spent on a model beside its experiments."""
        self._add(_campaign_pk(campaign_id), _CAMPAIGN, "model_cost_usd", cost_usd)

    def add_aws_cost(self, experiment: Experiment, cost_usd: Decimal) -> None:
        """Add to what the experiment spent on AWS."""
        self._add(_experiment_pk(experiment.experiment_id), _EXPERIMENT, "aws_cost_usd", cost_usd)

    def experiments(self, campaign_id: str, count: int | None = None) -> Sequence[Experiment]:
        """List a campaign's experiments, or ``count`` of them, the last updated first."""
        limit = {} if count is None else {"Limit": count}
        items = self._query("by_updated", "listing", campaign_id, ScanIndexForward=False, **limit)
        return [self._record(Experiment, item) for item in islice(items, count)]

    def open_experiments(
        self, campaign_id: str, status: Status, count: int | None = None
    ) -> Sequence[Experiment]:
        """List the experiments that are queued, running or wait, the longest untouched first."""
        limit = {} if count is None else {"Limit": count}
        items = self._query("by_open_status", "open_as", f"{campaign_id}#{status}", **limit)
        return [self._record(Experiment, item) for item in islice(items, count)]

    def best_experiments(self, campaign_id: str, count: int) -> Sequence[Experiment]:
        """List the experiments of the lowest BD-rate."""
        items = self._query("by_bd_rate", "listing", campaign_id, Limit=count)
        return [self._record(Experiment, item) for item in islice(items, count)]

    def put_attempt(self, attempt: Attempt) -> None:
        """Write an attempt; the same attempt again is replaced."""
        self._put(
            item_of(
                attempt,
                pk=_experiment_pk(attempt.experiment_id),
                sk=f"ATTEMPT#{attempt.run:04}#{attempt.phase.number}#{attempt.attempt}",
            )
        )

    def attempts(self, experiment_id: str, phase: Phase | None = None) -> Sequence[Attempt]:
        """List attempts by run, phase and number."""
        found = [
            self._record(Attempt, item)
            for item in self._children(_experiment_pk(experiment_id), "ATTEMPT#")
        ]
        return [attempt for attempt in found if phase is None or attempt.phase is phase]

    def put_evaluation(self, evaluation: Evaluation) -> None:
        """Write what was measured on one clip."""
        self._put(
            item_of(
                evaluation,
                pk=_experiment_pk(evaluation.experiment_id),
                sk=f"EVALUATION#{evaluation.result.clip}",
            )
        )

    def evaluations(self, experiment_id: str) -> Sequence[Evaluation]:
        """List what was measured, clip by clip."""
        return [
            self._record(Evaluation, item)
            for item in self._children(_experiment_pk(experiment_id), "EVALUATION#")
        ]

    @staticmethod
    def _key(pk: str, sk: str) -> "dict[str, AttributeValueTypeDef]":
        return {"pk": {"S": pk}, "sk": {"S": sk}}

    @staticmethod
    def _record(model: type[_Record], item: "Mapping[str, AttributeValueTypeDef]") -> _Record:
        attributes = attributes_of(item)
        return model.model_validate(
            {name: value for name, value in attributes.items() if name in model.model_fields}
        )

    @staticmethod
    def _with_index(experiment_id: str, changes: ExperimentChanges) -> dict[str, object]:
        """Keep the sparse index in step with the status."""
        written = changes.model_dump(exclude_unset=True)
        if changes.status is not None:
            open_as = f"{_campaign_of(experiment_id)}#{changes.status}"
            written["open_as"] = open_as if changes.status in OPEN_STATUSES else None
        return written

    def _read(self, model: type[_Record], pk: str, sk: str) -> _Record:
        with store_errors(f"Table {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name, Key=self._key(pk, sk), ConsistentRead=True
            )
        if "Item" not in answer:
            raise UnknownRecordError(f"There is no {sk.lower()} {pk.partition('#')[2]!r}.")
        return self._record(model, answer["Item"])

    def _put(self, item: "dict[str, AttributeValueTypeDef]") -> None:
        with store_errors(f"Table {self._table_name}"):
            self._client.put_item(TableName=self._table_name, Item=item)

    def _add(self, pk: str, sk: str, attribute: str, cost_usd: Decimal) -> None:
        with store_errors(f"Table {self._table_name}"):
            self._client.update_item(
                TableName=self._table_name,
                Key=self._key(pk, sk),
                UpdateExpression="ADD #cost :cost",
                ExpressionAttributeNames={"#cost": attribute},
                ExpressionAttributeValues={":cost": attribute_value(cost_usd)},
            )

    def _create(self, item: "dict[str, AttributeValueTypeDef]") -> bool:
        try:
            with store_errors(f"Table {self._table_name}"):
                self._client.put_item(
                    TableName=self._table_name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _update(
        self,
        pk: str,
        sk: str,
        attributes: Mapping[str, object],
        *,
        expected: Mapping[str, object] | None = None,
        counters: Sequence[str] = (),
    ) -> bool:
        """Set the attributes that have a value and remove those that are None.

        Parameters
        ----------
        expected : mapping of str to object, optional
            Attributes that must have these values; without them the answer is False.
        counters : sequence of str, optional
            Attributes to which one is added.
        """
        expected = expected or {}
        present = {name: value for name, value in attributes.items() if value is not None}
        to_set = ", ".join(f"#{name} = :{name}" for name in present)
        to_remove = ", ".join(f"#{name}" for name in attributes if name not in present)
        to_add = ", ".join(f"#{name} :one" for name in counters)
        verbs = (("SET", to_set), ("REMOVE", to_remove), ("ADD", to_add))
        values = {f":{name}": value for name, value in present.items()}
        values |= {f":seen_{name}": value for name, value in expected.items()}
        if counters:
            values[":one"] = 1
        conditions = ["attribute_exists(pk)", *(f"#{name} = :seen_{name}" for name in expected)]
        request: UpdateItemInputTypeDef = {
            "TableName": self._table_name,
            "Key": self._key(pk, sk),
            "ConditionExpression": " AND ".join(conditions),
            "UpdateExpression": " ".join(f"{verb} {terms}" for verb, terms in verbs if terms),
            "ExpressionAttributeNames": {
                f"#{name}": name for name in (*attributes, *expected, *counters)
            },
        }
        if values:  # DynamoDB refuses an empty map
            request["ExpressionAttributeValues"] = {
                name: attribute_value(value) for name, value in values.items()
            }
        try:
            with store_errors(f"Table {self._table_name}"):
                self._client.update_item(**request)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            if expected:
                return False
            raise UnknownRecordError(
                f"There is no {sk.lower()} {pk.partition('#')[2]!r}."
            ) from error
        return True

    def _query(
        self, index: str, attribute: str, value: str, **options: Any
    ) -> "Iterator[Mapping[str, AttributeValueTypeDef]]":
        with store_errors(f"Table {self._table_name}"):
            for page in self._client.get_paginator("query").paginate(
                TableName=self._table_name,
                IndexName=index,
                KeyConditionExpression="#partition = :value",
                ExpressionAttributeNames={"#partition": attribute},
                ExpressionAttributeValues={":value": {"S": value}},
                **options,
            ):
                yield from page["Items"]

    def _children(self, pk: str, prefix: str) -> "Iterator[Mapping[str, AttributeValueTypeDef]]":
        with store_errors(f"Table {self._table_name}"):
            for page in self._client.get_paginator("query").paginate(
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
                ConsistentRead=True,
            ):
                yield from page["Items"]
