"""A fake service, a client of it and tasks; after each test, the key is looked for everywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import anthropic
import pytest

from adapters.claude.connection import connect
from codec_lab.limits import GIB, Limits
from codec_lab.minds import Archived, DesignTask, Failure, FixTask
from codec_lab.verdict import Fault
from tests.unit.builders import clip_result
from tests.unit.claude.fake_service import FakeService, running
from tests.unit.claude.tasks import FINER, KEY, PARENT, proposal_of


@pytest.fixture(scope="session")
def _connected() -> Iterator[tuple[FakeService, anthropic.Anthropic]]:
    with running() as service, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ANTHROPIC_API_KEY", KEY)
        environment.setenv("ANTHROPIC_BASE_URL", service.url)
        with connect(None) as client:
            yield service, client


@pytest.fixture
def service(_connected: tuple[FakeService, anthropic.Anthropic]) -> FakeService:
    service = _connected[0]
    for record in (service.script, service.requests, service.headers):
        record.clear()
    return service


@pytest.fixture
def client(
    service: FakeService,
    _connected: tuple[FakeService, anthropic.Anthropic],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[anthropic.Anthropic]:
    """A client by ``connect``; its key must be nowhere but in the header of authentication."""
    caplog.set_level(logging.DEBUG)
    yield _connected[1]
    assert KEY not in repr([record.__dict__ for record in caplog.records])
    assert KEY not in service.texts
    for headers in service.headers:
        assert [name for name, value in headers.items() if KEY in value] == ["Authorization"]


@pytest.fixture
def design_task() -> DesignTask:
    parent = proposal_of(PARENT)
    earlier = proposal_of(
        PARENT.with_file("helper.py", "EARLIER = 1\n"),
        change="Halved the step.",
        expected_bd_rate_percent=-3.0,
    )
    return DesignTask(
        goal="Beat x265 by a tenth.",
        experiment_number=7,
        attempt=1,
        random_seed=1,
        parent=parent,
        archive=(
            Archived(
                experiment_id="campaign-0003",
                proposal=earlier,
                bd_rate_percent=12.5,
                analysis="Chroma costs most.",
                results=(clip_result("hall", {"x265-medium": 12.5}),),
            ),
        ),
        failures=(
            Failure(
                experiment_id="campaign-0006",
                change="Doubled the GOP.",
                fault=Fault(
                    error_type="CandidateCrashError",
                    message="encode raised KeyError: 'gop'",
                    traceback='  File "codec.py", line 41, in encode\n',
                ),
            ),
        ),
        rejected=("An edit did not match.",),
        lessons="-4.50 points: Changes gop from 8 to 16.",
        tried=frozenset({PARENT.sha256, earlier.candidate.sha256}),
        limits=Limits(),
        hint="Look at chroma.",
    )


@pytest.fixture
def fix_task() -> FixTask:
    return FixTask(
        proposal=proposal_of(PARENT.with_file("helper.py", "def planes(bitstream):\n    oops\n")),
        parent=proposal_of(FINER),
        fault=Fault(
            error_type="CandidateCrashError",
            message="decode raised NameError.",
            direction="decode",
            exception="NameError",
            traceback='  File "helper.py", line 2\n    oops\n',
            log_tail="decoding",
        ),
        run=1,
        attempt=2,
        random_seed=1,
        history=(),
        tried=frozenset(),
        known=frozenset(),
        hard_limits=Limits(cpu_s=240, wall_s=960, memory_bytes=4 * GIB),
        hint=None,
    )
