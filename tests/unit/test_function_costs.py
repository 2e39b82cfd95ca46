"""Functions on AWS reserve the most that they can cost and settle what they used."""

from collections import Counter
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from adapters.aws_pricing import tariff
from adapters.aws_usage import Usage
from codec_lab.campaign import ControlChanges
from codec_lab.charge import Service
from codec_lab.errors import BudgetExceededError, CandidateCrashError, StoreUnavailableError
from codec_lab.function_costs import FunctionCosts
from codec_lab.tariff import Used
from lambdas.metering import MeteredEnvironment, metered
from tests.fakes import ManualClock, MemoryLedger, MemoryObjects, MemoryRecords
from tests.unit.builders import experiment, opened

ID = "default-0001"
ON_AWS = MeteredEnvironment(table="lab", on_aws=True)
# A GiB for 900 s at 0.0000166667, a request, and half a cent for what it asks for.
WORST_USD = Decimal("0.02000023")


def context(request_id: str = "r-1") -> Any:
    return SimpleNamespace(
        aws_request_id=request_id,
        memory_limit_in_mb="1024",
        get_remaining_time_in_millis=lambda: 900_000,
    )


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def costs(
    records: MemoryRecords, objects: MemoryObjects, clock: ManualClock, ledger: MemoryLedger
) -> FunctionCosts:
    opened(records, objects, clock)
    records.create_experiment(experiment())
    return FunctionCosts(records=records, ledger=ledger, clock=clock, tariff=tariff())


def test_an_invocation_is_reserved_at_its_worst_and_settled_at_what_it_took(
    records: MemoryRecords, ledger: MemoryLedger, costs: FunctionCosts
) -> None:
    seen = []

    @metered(ON_AWS, "design", lambda _: costs)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        seen.append(ledger.committed["default"])
        return event

    assert handler({"experiment_id": ID}, context()) == {"experiment_id": ID}
    assert seen[0].quantize(Decimal("0.00000001")) == WORST_USD
    spent = {charge.service: charge for charge in ledger.statement("default").charges}
    assert set(spent) == {
        Service.LAMBDA,
        Service.STEP_FUNCTIONS,
        Service.DYNAMODB,
        Service.S3,
    }
    assert spent[Service.STEP_FUNCTIONS].usd == Decimal("0.000075")
    assert spent[Service.LAMBDA].usd < Decimal("0.001")
    total = sum(charge.usd for charge in spent.values())
    assert records.experiment(ID).aws_cost_usd == ledger.committed["default"] == total


def test_what_was_used_has_its_price() -> None:
    used = Counter(
        {Used.WRITE_UNITS: 40, Used.READ_UNITS: 80, Used.PUTS: 3, Used.STORED_BYTES: 10**8}
    )
    charges = tariff().invocation("design", took_s=2.5, memory_mib=512, used=used)
    assert {charge.service: charge.usd for charge in charges} == {
        Service.LAMBDA: Decimal("0.000022"),  # 1.25 GB-s and a request, rounded up
        Service.STEP_FUNCTIONS: Decimal("0.000075"),
        Service.DYNAMODB: Decimal("0.000035"),
        Service.S3: Decimal("0.027615"),  # 0.1 GB for a year, and three requests
    }


def test_a_fault_is_paid_and_goes_on(ledger: MemoryLedger, costs: FunctionCosts) -> None:
    @metered(ON_AWS, "judge", lambda _: costs)
    def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        raise CandidateCrashError("IndexError")

    with pytest.raises(CandidateCrashError):
        handler({"job": {"experiment_id": ID}}, context())
    assert ledger.open == {}
    assert {charge.purpose for charge in ledger.statement("default").charges} == {"judge"}


def test_a_function_that_does_not_fit_does_nothing(
    records: MemoryRecords, costs: FunctionCosts
) -> None:
    records.update_control("default", ControlChanges(budget_usd=Decimal("0.01")))

    @metered(ON_AWS, "design", lambda _: costs)
    def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        raise AssertionError

    with pytest.raises(BudgetExceededError, match=r"^The phase design may cost 0\.02 USD, which"):
        handler({"experiment_id": ID}, context())


def test_a_repeated_invocation_reserves_once_and_a_lost_one_stays(
    ledger: MemoryLedger, costs: FunctionCosts
) -> None:
    class LostFunctionError(BaseException):
        """Nothing of the function goes on."""

    def lose(*_: object) -> None:
        raise LostFunctionError

    @metered(ON_AWS, "design", lambda _: costs)
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return event

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs, "end", lose)
        for _ in range(2):
            with pytest.raises(LostFunctionError):
                handler({"experiment_id": ID}, context())
    assert ledger.committed["default"].quantize(Decimal("0.00000001")) == WORST_USD


@pytest.mark.parametrize("lost", ["add_aws_cost", "settle"])
def test_what_was_done_is_not_done_again_because_its_cost_cannot_be_written(
    lost: str,
    records: MemoryRecords,
    ledger: MemoryLedger,
    costs: FunctionCosts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("The table is away.")

    monkeypatch.setattr(ledger if lost == "settle" else records, lost, away)

    @metered(ON_AWS, "design", lambda _: costs)
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return event

    assert handler({"experiment_id": ID}, context()) == {"experiment_id": ID}
    assert len(ledger.open) == 1


def test_on_one_machine_nothing_is_metered() -> None:
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return event

    environment = MeteredEnvironment(table="lab")
    assert metered(environment, "design")(handler) is handler


def test_requests_are_counted_by_what_the_services_answer() -> None:
    usage = Usage()
    options: Any = {
        "region_name": "us-east-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    session = boto3.Session(**options)
    usage.watch(session.events)
    dynamodb, s3 = session.client("dynamodb"), session.client("s3")
    key = {"pk": {"S": "a"}}
    asked = {"TableName": "lab", "ReturnConsumedCapacity": "TOTAL"}
    capacity = {"ConsumedCapacity": {"TableName": "lab", "CapacityUnits": 2.5}}
    with Stubber(dynamodb) as table, Stubber(s3) as bucket:
        table.add_response("get_item", capacity, {**asked, "Key": key})
        table.add_response("put_item", capacity, {**asked, "Item": key})
        dynamodb.get_item(TableName="lab", Key=key)
        dynamodb.put_item(TableName="lab", Item=key)
        bucket.add_response("put_object", {}, {"Bucket": "b", "Key": "k", "Body": ANY})
        bucket.add_response("head_object", {}, {"Bucket": "b", "Key": "k"})
        s3.put_object(Bucket="b", Key="k", Body=b"12345")
        s3.head_object(Bucket="b", Key="k")
    assert usage.used == {
        Used.READ_UNITS: 3,
        Used.WRITE_UNITS: 3,
        Used.PUTS: 1,
        Used.GETS: 1,
        Used.STORED_BYTES: 5,
    }
