"""The table as the dashboard reads it: experiments in short, and commands."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from adapters import experiment_listing
from adapters.attribute_values import timestamp
from adapters.command_log import DynamoCommandLog
from adapters.dynamodb_records import DynamoRecords
from adapters.dynamodb_table import DynamoTable
from adapters.experiment_listing import DynamoListing
from adapters.question_log import DynamoQuestions
from codec_lab.asking.question import Question, QuestionStatus
from codec_lab.campaign import Campaign, Control
from codec_lab.dashboard.command_models import AuditEntry, CommandName
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.errors import UnknownRecordError
from codec_lab.experiment import ExperimentChanges
from codec_lab.limits import Limits
from codec_lab.phase import Status
from codec_lab.proposal import Mind
from infra.records_table import IN_SHORT, INDEXES
from tests.fakes import MemoryObjects
from tests.unit.builders import NOON, experiment


@pytest.fixture
def table(aws: Any) -> Iterator[tuple[str, Any]]:
    client = aws.dynamodb
    name = f"dashboard-{uuid.uuid4().hex[:8]}"
    types = {"pk": "S", "sk": "S", "listing": "S", "open_as": "S"}
    types |= {sort: kind.value[0] for _, sort, kind in INDEXES.values()}  # "STRING" is "S"
    short = {"ProjectionType": "INCLUDE", "NonKeyAttributes": IN_SHORT}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in types.items()
        ],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _keys(partition, sort),
                "Projection": short if index == "in_short" else {"ProjectionType": "ALL"},
            }
            for index, (partition, sort, _) in INDEXES.items()
        ],
    )
    yield name, client
    client.delete_table(TableName=name)


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def test_experiments_in_short_follow_the_table(table: tuple[str, Any]) -> None:
    records, listing = (
        DynamoRecords(DynamoTable(*table)),
        DynamoListing(DynamoTable(*table), MemoryObjects()),
    )
    for number in range(1, 31):
        moment = NOON + timedelta(minutes=number)
        records.create_experiment(
            experiment(number, updated_at=moment, analysis="long " * 100, change=f"Change {number}")
        )
    records.create_experiment(experiment(1, experiment_id="other-0001", campaign_id="other"))
    expected = [ListedExperiment.of(one) for one in records.experiments("default")]
    assert sorted(listing.rows("default"), key=lambda row: -row.number) == expected
    late = ExperimentChanges(
        updated_at=NOON + timedelta(hours=1), status=Status.COMPLETED, bd_rate_percent=-3.25
    )
    records.update_experiment("default-0007", late)
    rows = {row.experiment_id: row for row in listing.rows("default")}
    assert len(rows) == 30
    assert rows["default-0007"] == ListedExperiment.of(records.experiment("default-0007"))
    assert [row.experiment_id for row in listing.rows("other")] == ["other-0001"]


class CountingClient:
    """Counts the items that queries give."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.items = 0

    def get_paginator(self, name: str) -> Any:
        return self if name == "query" else self._client.get_paginator(name)

    def paginate(self, **request: Any) -> Iterator[Any]:
        for page in self._client.get_paginator("query").paginate(**request):
            self.items += len(page["Items"])
            yield page


def test_whoever_asks_first_begins_with_what_is_kept(table: tuple[str, Any]) -> None:
    name, client = table
    records, objects = DynamoRecords(DynamoTable(name, client)), MemoryObjects()
    for number in range(1, 31):
        moment = NOON + timedelta(minutes=number)
        records.create_experiment(experiment(number, updated_at=moment, change="é " * number))
    DynamoListing(DynamoTable(name, client), objects).keep("default")
    assert len(objects.data) == 1
    moved = ExperimentChanges(updated_at=NOON + timedelta(hours=1), bd_rate_percent=-3.25)
    records.update_experiment("default-0007", moved)
    counting = CountingClient(client)
    listing = DynamoListing(DynamoTable(name, cast("Any", counting)), objects)
    rows = listing.rows("default")
    expected = [ListedExperiment.of(one) for one in records.experiments("default")]
    assert sorted(rows, key=lambda row: row.updated_at, reverse=True) == expected
    assert counting.items == 2  # the last that is kept, and the one that moved
    assert listing.rows("default") is rows


def test_what_another_version_kept_is_not_read(
    table: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, client = table
    objects = MemoryObjects()
    DynamoRecords(DynamoTable(name, client)).create_experiment(experiment(1))
    DynamoListing(DynamoTable(name, client), objects).keep("default")
    monkeypatch.setattr(experiment_listing, "_FORM", "0" * 12)
    counting = CountingClient(client)
    assert (
        len(DynamoListing(DynamoTable(name, cast("Any", counting)), objects).rows("default")) == 1
    )
    assert counting.items == 1


def test_an_index_stays_in_order_while_items_move(table: tuple[str, Any]) -> None:
    name, client = table
    records = DynamoRecords(DynamoTable(name, client))
    listing = DynamoListing(DynamoTable(name, client), MemoryObjects())
    chance = random.Random(7)
    for step in range(60):
        number = chance.randint(1, 12)
        moment = NOON + timedelta(seconds=100 * step)
        if not records.create_experiment(experiment(number, updated_at=moment)):
            changes = ExperimentChanges(updated_at=moment, bd_rate_percent=float(step))
            records.update_experiment(f"default-{number:04}", changes)
        expected = {ListedExperiment.of(one) for one in records.experiments("default")}
        assert set(listing.rows("default")) == expected
        newest = client.query(
            TableName=name,
            IndexName="in_short",
            KeyConditionExpression="listing = :l AND updated_at >= :s",
            ExpressionAttributeValues={
                ":l": {"S": "default"},
                ":s": {"S": timestamp(moment - timedelta(seconds=150))},
            },
        )["Items"]
        found = [item["updated_at"]["S"] for item in newest]
        assert found == sorted(found)
        assert found[-1] == timestamp(moment)
        assert len(found) <= 2


def test_a_long_partition_is_read_page_by_page(table: tuple[str, Any]) -> None:
    name, client = table
    records = DynamoRecords(DynamoTable(name, client))
    for number in range(1, 8):
        same_minute = NOON + timedelta(minutes=number // 3)
        records.create_experiment(
            experiment(number, updated_at=same_minute, change=f"{number}" * 200_000)
        )
    counting = CountingClient(client)
    listing = DynamoListing(DynamoTable(name, cast("Any", counting)), MemoryObjects())
    assert {row.number for row in listing.rows("default")} == set(range(1, 8))
    assert counting.items == 7


def test_an_index_is_read_from_a_sort_key_upwards(table: tuple[str, Any]) -> None:
    name, client = table
    records = DynamoRecords(DynamoTable(name, client))
    for number in range(1, 11):
        moment = NOON + timedelta(minutes=number)
        records.create_experiment(experiment(number, updated_at=moment))
    for condition in ("#l = :l AND updated_at >= :s", "#l = :l AND (updated_at >= :s)"):
        found = client.query(
            TableName=name,
            IndexName="in_short",
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#l": "listing"},
            ExpressionAttributeValues={
                ":l": {"S": "default"},
                ":s": {"S": "2026-01-01T12:08:00.000Z"},
            },
            ScanIndexForward=False,
        )["Items"]
        assert [item["experiment_id"]["S"][-2:] for item in found] == ["10", "09", "08"]
        assert "analysis" not in found[0]


def test_campaigns_are_listed_the_last_created_first(table: tuple[str, Any]) -> None:
    records, listing = (
        DynamoRecords(DynamoTable(*table)),
        DynamoListing(DynamoTable(*table), MemoryObjects()),
    )
    for minute, name in enumerate(("first", "second", "third")):
        campaign = Campaign(
            campaign_id=name,
            goal="Less.",
            mind=Mind.OFFLINE,
            limits=Limits(),
            hard_limits=Limits(),
            created_at=NOON + timedelta(minutes=minute),
        )
        records.create_campaign(campaign, Control(experiment_limit=1))
    assert listing.campaign_ids() == ["third", "second", "first"]
    assert not listing.rows("third")


def test_a_question_is_begun_once_and_keeps_its_answer(table: tuple[str, Any]) -> None:
    questions = DynamoQuestions(DynamoTable(*table))
    question = Question(
        question_id="key-00000001",
        campaign_id="default",
        user="ada",
        asked_at=NOON,
        question="Which is best?",
    )
    assert questions.begin(question) is None
    assert questions.begin(question.model_copy(update={"user": "bob"})) == question
    answered = question.model_copy(
        update={
            "status": QuestionStatus.ANSWERED,
            "answer": "default-0001.",
            "experiment_ids": ("default-0001",),
            "cost_usd": 0.0123,
        }
    )
    questions.finish(answered)
    assert questions.get("default", "key-00000001") == answered
    assert questions.of_campaign("default") == [answered]
    assert questions.of_campaign("other") == []
    with pytest.raises(UnknownRecordError, match="no question"):
        questions.get("other", "key-00000001")


def test_a_command_is_begun_once_and_keeps_what_became_of_it(table: tuple[str, Any]) -> None:
    log = DynamoCommandLog(DynamoTable(*table))
    entry = AuditEntry(
        key="key-00000001",
        command=CommandName.PAUSE,
        campaign_id="default",
        subject_id="default",
        user="ada",
        at=NOON,
        request='{"version":0}',
        done=False,
        refusal=None,
    )
    assert log.begin(entry) is None
    assert log.begin(entry.model_copy(update={"user": "bob"})) == entry
    done = entry.model_copy(update={"done": True})
    log.finish(done)
    assert log.begin(entry) == done
    assert log.entries("default") == [done]
    assert log.entries("other") == []
