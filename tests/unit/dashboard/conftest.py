"""The API over in-memory ports, asked by events of an HTTP API."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from codec_lab.asking.asking import Asking
from codec_lab.asking.question import Question
from codec_lab.dashboard.campaign_queries import CampaignQueries
from codec_lab.dashboard.campaign_views import AlarmView
from codec_lab.dashboard.command_models import AuditEntry
from codec_lab.dashboard.commands import Commands
from codec_lab.dashboard.cost import CostQueries
from codec_lab.dashboard.evidence_queries import EvidenceQueries
from codec_lab.dashboard.evidence_views import LogPage, SignedUrl
from codec_lab.dashboard.experiment_queries import ExperimentQueries
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.ports import JobCounts, LogRequest
from codec_lab.dashboard.roster import Roster
from codec_lab.framework_history import framework_history
from codec_lab.report.gathering import gather_report
from codec_lab.state_visit import StateVisit
from lambdas.dashboard import lab as lab_module
from lambdas.dashboard.transport import answer
from tests.fakes import (
    FakeExecutions,
    ManualClock,
    MemoryChangeSets,
    MemoryLedger,
    MemoryObjects,
    MemoryRecords,
)

ORIGIN = "https://lab.example"


class MemoryEvidence(MemoryObjects):
    def sizes(self, prefix: str) -> Mapping[str, int]:
        return {key: len(data) for key, data in self.data.items() if key.startswith(prefix)}

    def signed_url(self, key: str, file_name: str, lifetime_s: int) -> SignedUrl:
        expires_at = datetime(2026, 1, 1, 0, lifetime_s // 60, tzinfo=UTC)
        return SignedUrl(url=f"https://signed/{key}?as={file_name}", expires_at=expires_at)


class RecordsListing:
    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    def campaign_ids(self) -> Sequence[str]:
        return list(self._records.campaigns)

    def rows(self, campaign_id: str) -> Roster:
        return Roster(ListedExperiment.of(one) for one in self._records.experiments(campaign_id))


class FakeRuns:
    def __init__(self) -> None:
        self.by_campaign: dict[str, str] = {}
        self.stopped: list[str] = []
        self.visited: dict[str, tuple[StateVisit, ...]] = {}

    def running(self, campaign_id: str) -> str | None:
        return self.by_campaign.get(campaign_id)

    def start(self, campaign_id: str) -> str:
        self.by_campaign[campaign_id] = f"arn:{campaign_id}"
        return self.by_campaign[campaign_id]

    def stop(self, execution_arn: str) -> None:
        self.stopped.append(execution_arn)
        self.by_campaign = {
            name: arn for name, arn in self.by_campaign.items() if arn != execution_arn
        }

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        return self.visited[execution_arn]


class MemoryCommandLog:
    def __init__(self) -> None:
        self.by_key: dict[str, AuditEntry] = {}

    def begin(self, entry: AuditEntry) -> AuditEntry | None:
        if entry.key in self.by_key:
            return self.by_key[entry.key]
        self.by_key[entry.key] = entry
        return None

    def finish(self, entry: AuditEntry) -> None:
        self.by_key[entry.key] = entry

    def entries(self, campaign_id: str) -> Sequence[AuditEntry]:
        return [one for one in self.by_key.values() if one.campaign_id == campaign_id]


class KeptLogs:
    def __init__(self) -> None:
        self.asked: list[LogRequest] = []

    def page(self, request: LogRequest) -> LogPage:
        self.asked.append(request)
        return LogPage(lines=(), older_cursor=None)


class CalmOperations:
    def alarms(self) -> Sequence[AlarmView]:
        return []

    def jobs(self) -> JobCounts:
        return JobCounts(waiting=1, running=2)


class MemoryQuestions:
    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], Question] = {}

    def begin(self, question: Question) -> Question | None:
        key = (question.campaign_id, question.question_id)
        if key in self.by_key:
            return self.by_key[key]
        self.by_key[key] = question
        return None

    def get(self, campaign_id: str, question_id: str) -> Question:
        return self.by_key[campaign_id, question_id]

    def finish(self, question: Question) -> None:
        self.by_key[question.campaign_id, question.question_id] = question

    def of_campaign(self, campaign_id: str) -> Sequence[Question]:
        return [one for (campaign, _), one in self.by_key.items() if campaign == campaign_id]


class SilentAnswering:
    """Starts nothing, and has a key or none."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.has_key = True
        self.fault: Exception | None = None

    def start(self, campaign_id: str, question_id: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.started.append((campaign_id, question_id))

    def is_available(self) -> bool:
        return self.has_key


class Api:
    """The API with everything behind it in memory."""

    def __init__(self) -> None:
        self.records, self.objects = MemoryRecords(), MemoryEvidence()
        self.clock, self.runs, self.log = ManualClock(), FakeRuns(), MemoryCommandLog()
        self.executions, self.logs = FakeExecutions(), KeptLogs()
        self.ledger = MemoryLedger()
        self.questions, self.answering = MemoryQuestions(), SilentAnswering()
        self.change_sets = MemoryChangeSets(self.records)
        listing = RecordsListing(self.records)
        experiments = ExperimentQueries(records=self.records, listing=listing, histories=self.runs)
        self.lab = SimpleNamespace(
            origin=ORIGIN,
            campaigns=CampaignQueries(
                records=self.records,
                objects=self.objects,
                runs=self.runs,
                listing=listing,
                ledger=self.ledger,
                commands=self.log,
                operations=CalmOperations(),
                clock=self.clock,
            ),
            costs=CostQueries(
                records=self.records, ledger=self.ledger, listing=listing, on_aws=False
            ),
            experiments=experiments,
            evidence=EvidenceQueries(
                records=self.records,
                objects=self.objects,
                logs=self.logs,
                clock=self.clock,
                experiments=experiments,
            ),
            report=partial(
                gather_report, records=self.records, objects=self.objects, clock=self.clock
            ),
            framework=partial(
                framework_history, records=self.records, change_sets=self.change_sets
            ),
            asking=Asking(
                records=self.records,
                questions=self.questions,
                log=self.log,
                answering=self.answering,
                clock=self.clock,
            ),
            commands=Commands(
                records=self.records,
                executions=self.executions,
                runs=self.runs,
                log=self.log,
                clock=self.clock,
            ),
        )

    def ask(
        self,
        path: str,
        body: Any = None,
        *,
        groups: str | None = "[operator]",
        headers: dict[str, str] | None = None,
        method: str | None = None,
    ) -> "Answered":
        event = self.event(path, body, groups=groups, headers=headers, method=method)
        return Answered(answer(event, SimpleNamespace(aws_request_id="r-1")))  # type: ignore[arg-type]

    def event(
        self,
        path: str,
        body: Any = None,
        *,
        groups: str | None = "[operator]",
        headers: dict[str, str] | None = None,
        method: str | None = None,
    ) -> dict[str, Any]:
        path, _, query = path.partition("?")
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        context: dict[str, Any] = {
            "http": {"method": method or ("GET" if body is None else "POST"), "path": path},
            "stage": "$default",
        }
        if groups is not None:
            claims = {"sub": "u-1", "username": "ada", "cognito:groups": groups}
            context["authorizer"] = {"jwt": {"claims": claims, "scopes": []}}
        return {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "queryStringParameters": dict(pair.split("=", 1) for pair in query.split("&") if pair),
            "headers": {"content-type": "application/json", **(headers or {})},
            "requestContext": context,
            "body": text,
            "isBase64Encoded": False,
        }

    def order(self, path: str, body: Any, key: str = "key-00000001", **options: Any) -> "Answered":
        headers = {"idempotency-key": key, **options.pop("headers", {})}
        return self.ask(path, body, headers=headers, **options)


class Answered:
    def __init__(self, response: dict[str, Any]) -> None:
        self.status: int = response["statusCode"]
        self.headers: dict[str, str] = response["headers"]
        encoded = response["isBase64Encoded"]
        self.raw = base64.b64decode(response["body"]) if encoded else response["body"].encode()

    @property
    def data(self) -> Any:
        packed = self.headers.get("Content-Encoding") == "gzip"
        return json.loads(gzip.decompress(self.raw) if packed else self.raw)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()
    monkeypatch.setattr(lab_module, "connected", lambda: made.lab)
    return made
