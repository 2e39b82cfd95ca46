"""Analyses after the measurement: what is asked, what is kept, and what a failure leaves."""

from __future__ import annotations

from decimal import Decimal

import anthropic
import pytest

from adapters.claude.analyst import ClaudeAnalyst
from codec_lab import documents
from codec_lab.analyzing import analyze
from codec_lab.campaign import CampaignChanges
from codec_lab.clip import ClipRole
from codec_lab.deploying import deploy
from codec_lab.designing import design
from codec_lab.errors import ModelUnavailableError, StoreUnavailableError
from codec_lab.events import AnalyzeResult, DeployRequest, JudgeRequest, PhaseRequest
from codec_lab.judging import judge
from codec_lab.lessons import MAX_CHARACTERS
from codec_lab.proposal import Mind, Proposal
from tests.fakes import (
    ManualClock,
    MemoryObjects,
    MemoryRecords,
    ScriptedMind,
)
from tests.unit.builders import clip_result, experiment, opened, verdict
from tests.unit.claude.fake_service import Failure, FakeService, Reply, Tool

MODEL = "claude-sonnet-5-5"
REQUEST = PhaseRequest(experiment_id="default-0001", run=1)
SAID = {"analysis": "Chroma gains on hall.", "lessons": "-2.0 points: finer chroma."}
HIDDEN_PERCENT = 77.7


@pytest.fixture
def _measured(records: MemoryRecords, objects: MemoryObjects, clock: ManualClock) -> None:
    opened(records, objects, clock, mind=Mind.CLAUDE)
    records.create_experiment(experiment())

    def written(task: object) -> Proposal:
        parent = documents.load(objects, "campaigns/default/seed.json", Proposal)
        return parent.model_copy(
            update={
                "candidate": parent.candidate.with_file("chroma.py", "FINER = 1\n"),
                "change": "Codes chroma finer.",
                "hypothesis": "Chroma is starved.",
                "expected_bd_rate_percent": 3.0,
            }
        )

    ports = {"records": records, "objects": objects, "clock": clock}
    mind = ScriptedMind(design=written)
    design(REQUEST, designer_of=lambda _: mind, **ports)  # type: ignore[arg-type]
    request = DeployRequest(
        experiment_id="default-0001", run=1, validation_attempt=1, execution_attempt=1
    )
    job = deploy(request, **ports).execution  # type: ignore[arg-type]
    results = (
        clip_result("hall", {"x265-medium": 5.0}),
        clip_result("park", {"x265-medium": HIDDEN_PERCENT}, role=ClipRole.HIDDEN),
    )
    documents.save(objects, job.verdict_key, verdict(job, results=results))
    judge(JudgeRequest(job=job), **ports)  # type: ignore[arg-type]


def analyzed(
    client: anthropic.Anthropic, records: MemoryRecords, objects: MemoryObjects, clock: ManualClock
) -> AnalyzeResult:
    return analyze(
        REQUEST,
        records=records,
        objects=objects,
        clock=clock,
        analyst_of=lambda _: ClaudeAnalyst(client, MODEL),
    )


@pytest.mark.usefixtures("_measured")
def test_an_analysis_explains_the_measurement_and_rewrites_the_lessons(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> None:
    service.script = [Reply([Tool("write_analysis", SAID)])]
    result = analyzed(client, records, objects, clock)
    stored = records.experiment("default-0001")
    assert stored.analysis == result.analysis
    assert "+5.0 %" in result.analysis
    assert result.analysis.endswith("\n\nChroma gains on hall.")
    assert records.campaign("default").lessons == SAID["lessons"]
    assert stored.model_cost_usd == Decimal("0.0086")
    (request,) = service.requests
    assert request["model"] == MODEL
    question = request["messages"][0]["content"]
    for told in ("Codes chroma finer.", "Chroma is starved.", "3.0", "hall, 32x16", "+5.0 %"):
        assert told in question
    for withheld in ("park", str(HIDDEN_PERCENT)):
        assert withheld not in question


@pytest.mark.usefixtures("_measured")
@pytest.mark.parametrize(
    ("reply", "lessons"),
    [
        (Reply([Tool("write_analysis", SAID)]), SAID["lessons"]),
        (Reply(["It went well."], stop_reason="end_turn"), "As before."),
    ],
    ids=["an explanation", "none"],
)
def test_an_analysis_that_is_retried_is_the_analysis_that_was_paid(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    reply: Reply,
    lessons: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records.update_campaign("default", CampaignChanges(lessons="As before."))

    def busy(*_: object) -> None:
        raise StoreUnavailableError("busy")

    service.script = [reply]
    with monkeypatch.context() as patched:
        patched.setattr(records, "update_campaign", busy)
        with pytest.raises(StoreUnavailableError):
            analyzed(client, records, objects, clock)
    paid = records.experiment("default-0001")
    result = analyzed(client, records, objects, clock)

    assert len(service.requests) == 1
    retried = records.experiment("default-0001")
    assert retried.analysis == paid.analysis == result.analysis
    assert retried.model_cost_usd == paid.model_cost_usd > 0
    assert records.campaign("default").lessons == lessons


@pytest.mark.usefixtures("_measured")
def test_an_answer_that_is_no_analysis_leaves_the_measurement_and_the_effects(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> None:
    service.script = [Reply(["It went well."], stop_reason="end_turn")]
    result = analyzed(client, records, objects, clock)
    assert result.bd_rate_percent == 5.0
    assert "There is no explanation: The model answered without a tool" in result.analysis
    assert "off by 2.0 points" in records.campaign("default").lessons
    assert records.experiment("default-0001").model_cost_usd > 0


@pytest.mark.usefixtures("_measured")
@pytest.mark.parametrize(
    "reply",
    [
        Reply(["It went well."], stop_reason="end_turn"),
        Reply([Tool("write_analysis", {**SAID, "lessons": " "})]),
    ],
    ids=["prose", "an empty notebook"],
)
def test_no_answer_erases_the_notebook(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
    reply: Reply,
) -> None:
    records.update_campaign("default", CampaignChanges(lessons="Finer chroma cost 2 points."))
    service.script = [reply]
    analyzed(client, records, objects, clock)
    assert records.campaign("default").lessons == "Finer chroma cost 2 points."


@pytest.mark.usefixtures("_measured")
def test_the_effects_hold_this_measurement_though_the_listing_lags(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> None:
    before = records.experiments("default")
    service.script = [Reply([Tool("write_analysis", SAID)])]
    with pytest.MonkeyPatch.context() as lagging:
        lagging.setattr(records, "experiments", lambda _: before)
        analyzed(client, records, objects, clock)
    assert "off by 2.0 points" in service.requests[0]["messages"][0]["content"]


@pytest.mark.usefixtures("_measured")
def test_a_busy_service_is_retried_and_the_measurement_is_already_there(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> None:
    service.script = [Failure(529, "overloaded_error")]
    with pytest.raises(ModelUnavailableError):
        analyzed(client, records, objects, clock)
    assert records.experiment("default-0001").bd_rate_percent == 5.0


@pytest.mark.usefixtures("_measured")
def test_a_notebook_that_is_too_long_is_asked_again(
    service: FakeService,
    client: anthropic.Anthropic,
    records: MemoryRecords,
    objects: MemoryObjects,
    clock: ManualClock,
) -> None:
    long = {**SAID, "lessons": "x" * (MAX_CHARACTERS + 1)}
    service.script = [
        Reply([Tool("write_analysis", long)]),
        Reply([Tool("write_analysis", SAID)]),
    ]
    analyzed(client, records, objects, clock)
    assert len(service.requests) == 2
    assert records.campaign("default").lessons == SAID["lessons"]
