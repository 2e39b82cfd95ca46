"""Campaigns, experiments and what was measured of them in the lab's table."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.attribute_values import item_of, model_of, timestamp
from adapters.dynamodb_table import DynamoTable, campaign_pk, experiment_pk
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
    from adapters.dynamodb_table import Item

_Record = TypeVar("_Record", bound=Model)
ALL_CAMPAIGNS = "#campaigns"
"""What campaigns are listed under; no campaign can have such a name."""

_CAMPAIGN, _CONTROL, _EXPERIMENT = "CAMPAIGN", "CONTROL", "EXPERIMENT"


def _campaign_of(experiment_id: str) -> str:
    return experiment_id.rpartition("-")[0]


class DynamoRecords:
    """Keeps the port ``Records``.

    Parameters
    ----------
    table : DynamoTable
        The lab's table.
    """

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def campaign(self, campaign_id: str) -> Campaign:
        """Read a campaign."""
        return self._read(Campaign, campaign_pk(campaign_id), _CAMPAIGN)

    def create_campaign(self, campaign: Campaign, control: Control) -> bool:
        """Write a new campaign; False, and nothing written, if there is one of that name."""
        pk = campaign_pk(campaign.campaign_id)
        at = timestamp(campaign.created_at)
        item = item_of(campaign, pk=pk, sk=_CAMPAIGN, listing=ALL_CAMPAIGNS, updated_at=at)
        created = self._table.create(item)
        # A control that is missing after a crash between the two writes is written again.
        return self._table.create(item_of(control, pk=pk, sk=_CONTROL)) or created

    def update_campaign(self, campaign_id: str, changes: CampaignChanges) -> None:
        """Write some attributes of a campaign."""
        self._update(campaign_pk(campaign_id), _CAMPAIGN, changes.model_dump(exclude_unset=True))

    def control(self, campaign_id: str) -> Control:
        """Read what a person set."""
        return self._read(Control, campaign_pk(campaign_id), _CONTROL)

    def update_control(
        self, campaign_id: str, changes: ControlChanges, *, version: int | None = None
    ) -> bool:
        """Write some settings; False, and nothing written, if ``version`` is not theirs."""
        return self._update(
            campaign_pk(campaign_id),
            _CONTROL,
            changes.model_dump(exclude_unset=True),
            expected={} if version is None else {"version": version},
            counters=("version",),
        )

    def create_experiment(self, experiment: Experiment) -> bool:
        """Write a new experiment; False, and nothing written, if there is one of that name."""
        item = item_of(
            experiment,
            pk=experiment_pk(experiment.experiment_id),
            sk=_EXPERIMENT,
            listing=experiment.campaign_id,
            open_as=f"{experiment.campaign_id}#{experiment.status}",
        )
        return self._table.create({**item, "started_run": {"N": "0"}})

    def experiment(self, experiment_id: str) -> Experiment:
        """Read an experiment."""
        return self._read(Experiment, experiment_pk(experiment_id), _EXPERIMENT)

    def update_experiment(self, experiment_id: str, changes: ExperimentChanges) -> None:
        """Write some attributes of an experiment."""
        self._update(
            experiment_pk(experiment_id), _EXPERIMENT, self._with_index(experiment_id, changes)
        )

    def update_seen_experiment(self, seen: Experiment, changes: ExperimentChanges) -> bool:
        """Write some attributes; False, and nothing written, if run or status have changed."""
        seen_of = {"run", "status"} | ({"reminded_run"} & changes.model_fields_set)
        return self._update(
            experiment_pk(seen.experiment_id),
            _EXPERIMENT,
            self._with_index(seen.experiment_id, changes),
            expected={name: getattr(seen, name) for name in sorted(seen_of)},
        )

    def flag_human(self, seen: Experiment, reason: HumanReason) -> None:
        """Append a reason and set ``needs_human``, unless run or status have changed."""
        given = {name: value for name, value in reason.model_dump().items() if value is not None}
        self._table.update(
            experiment_pk(seen.experiment_id),
            _EXPERIMENT,
            "SET needs_human = :true, #status = :status, phase = :phase, "
            "open_as = :open, updated_at = :now, human_intervention_reasons = "
            "list_append(if_not_exists(human_intervention_reasons, :none), :reasons)",
            condition="#run = :run AND #status = :seen",
            names={"#run": "run", "#status": "status"},
            values={
                ":run": seen.run,
                ":seen": seen.status,
                ":true": True,
                ":status": Status.NEEDS_HUMAN,
                ":phase": reason.phase,
                ":open": f"{seen.campaign_id}#{Status.NEEDS_HUMAN}",
                ":now": reason.asked_at,
                ":none": [],
                ":reasons": [given],
            },
        )

    def add_model_cost(self, experiment: Experiment, cost_usd: Decimal) -> None:
        """Add to what the experiment and its campaign spent on a model."""
        self._add(experiment_pk(experiment.experiment_id), _EXPERIMENT, "model_cost_usd", cost_usd)
        self.add_campaign_cost(experiment.campaign_id, cost_usd)

    def add_campaign_cost(self, campaign_id: str, cost_usd: Decimal) -> None:
        """Add to what the campaign spent on a model beside its experiments."""
        self._add(campaign_pk(campaign_id), _CAMPAIGN, "model_cost_usd", cost_usd)

    def add_aws_cost(self, experiment: Experiment, cost_usd: Decimal, reservation_id: str) -> None:
        """Add to what the experiment spent on AWS; a reservation's cost counts once."""
        self._table.update(
            experiment_pk(experiment.experiment_id),
            _EXPERIMENT,
            "ADD aws_cost_usd :cost, aws_reservations :these",
            condition="NOT contains(aws_reservations, :this)",
            values={":cost": cost_usd, ":these": {reservation_id}, ":this": reservation_id},
        )

    def experiments(self, campaign_id: str, count: int | None = None) -> Sequence[Experiment]:
        """List a campaign's experiments, or ``count`` of them, the last updated first."""
        limit = {} if count is None else {"Limit": count}
        items = self._query("by_updated", "listing", campaign_id, ScanIndexForward=False, **limit)
        return [model_of(Experiment, item) for item in islice(items, count)]

    def open_experiments(
        self, campaign_id: str, status: Status, count: int | None = None
    ) -> Sequence[Experiment]:
        """List the experiments that are queued, running or wait, the longest untouched first."""
        limit = {} if count is None else {"Limit": count}
        items = self._query("by_open_status", "open_as", f"{campaign_id}#{status}", **limit)
        return [model_of(Experiment, item) for item in islice(items, count)]

    def best_experiments(self, campaign_id: str, count: int) -> Sequence[Experiment]:
        """List the experiments of the lowest BD-rate."""
        items = self._query("by_bd_rate", "listing", campaign_id, Limit=count)
        return [model_of(Experiment, item) for item in islice(items, count)]

    def put_attempt(self, attempt: Attempt) -> None:
        """Write an attempt; the same attempt again is replaced."""
        self._table.put(
            item_of(
                attempt,
                pk=experiment_pk(attempt.experiment_id),
                sk=f"ATTEMPT#{attempt.run:04}#{attempt.phase.number}#{attempt.attempt}",
            )
        )

    def attempts(self, experiment_id: str, phase: Phase | None = None) -> Sequence[Attempt]:
        """List attempts by run, phase and number."""
        found = [
            model_of(Attempt, item)
            for item in self._table.children(experiment_pk(experiment_id), "ATTEMPT#")
        ]
        return [attempt for attempt in found if phase is None or attempt.phase is phase]

    def put_evaluation(self, evaluation: Evaluation) -> None:
        """Write what was measured of a candidate on one clip."""
        self._table.put(
            item_of(
                evaluation,
                pk=experiment_pk(evaluation.experiment_id),
                sk=f"EVALUATION#{evaluation.result.clip}#{evaluation.candidate_sha256}",
            )
        )

    def evaluations(self, experiment_id: str) -> Sequence[Evaluation]:
        """List what was measured, clip by clip."""
        return [
            model_of(Evaluation, item)
            for item in self._table.children(experiment_pk(experiment_id), "EVALUATION#")
        ]

    @staticmethod
    def _with_index(experiment_id: str, changes: ExperimentChanges) -> dict[str, object]:
        """Keep the sparse index in step with the status."""
        written = changes.model_dump(exclude_unset=True)
        if changes.status is not None:
            open_as = f"{_campaign_of(experiment_id)}#{changes.status}"
            written["open_as"] = open_as if changes.status in OPEN_STATUSES else None
        return written

    def _read(self, model: type[_Record], pk: str, sk: str) -> _Record:
        item = self._table.get(pk, sk)
        if item is None:
            raise _unknown(pk, sk)
        return model_of(model, item)

    def _add(self, pk: str, sk: str, attribute: str, cost_usd: Decimal) -> None:
        names, values = {"#cost": attribute}, {":cost": cost_usd}
        self._table.update(pk, sk, "ADD #cost :cost", names=names, values=values)

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
        written = self._table.update(
            pk,
            sk,
            " ".join(f"{verb} {terms}" for verb, terms in verbs if terms),
            condition=" AND ".join(conditions),
            names={f"#{name}": name for name in (*attributes, *expected, *counters)},
            values=values,
        )
        if not written and not expected:
            raise _unknown(pk, sk)
        return written

    def _query(self, index: str, attribute: str, value: str, **options: Any) -> "Iterator[Item]":
        return self._table.indexed(index, f"{attribute} = :value", {":value": value}, **options)


def _unknown(pk: str, sk: str) -> UnknownRecordError:
    kind = _CAMPAIGN if sk == _CONTROL else sk  # people know a control as its campaign
    return UnknownRecordError(f"There is no {kind.lower()} {pk.partition('#')[2]!r}.")
