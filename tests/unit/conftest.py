"""Fresh in-memory ports for each test."""

import pytest

from tests.fakes import ManualClock, MemoryObjects, MemoryRecords
from tests.unit.framework_steps import Steps


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def steps() -> Steps:
    return Steps()
