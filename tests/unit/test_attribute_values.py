"""Metrics and money survive DynamoDB exactly."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.attribute_values import attribute_value, attributes_of, item_of, timestamp
from codec_lab.experiment import Experiment
from tests.unit.builders import experiment

# DynamoDB's numbers reach from 1e-130 to 1e126 in magnitude.
FLOATS = st.floats(-1e100, 1e100).filter(lambda value: value == 0 or abs(value) > 1e-100)


@given(FLOATS)
def test_a_float_reads_back_as_itself(value: float) -> None:
    read = attributes_of({"value": attribute_value(value)})["value"]
    assert float(read) == value


@given(
    st.decimals(min_value=0, max_value=10**9, places=6),
    st.one_of(st.none(), FLOATS),
    st.text(max_size=20),
)
def test_an_experiment_survives_the_trip(
    cost: Decimal, bd_rate_percent: float | None, change: str
) -> None:
    written = experiment(model_cost_usd=cost, bd_rate_percent=bd_rate_percent, change=change)
    assert Experiment.model_validate(attributes_of(item_of(written))) == written


def test_absent_attributes_are_not_written() -> None:
    assert "bd_rate_percent" not in item_of(experiment())


def test_times_sort_as_step_functions_writes_them() -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, 5000, tzinfo=UTC)
    assert timestamp(moment) == "2026-01-01T12:00:00.005Z"
    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    assert timestamp(elsewhere) == timestamp(moment)


def test_a_value_of_no_known_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        attribute_value(object())
