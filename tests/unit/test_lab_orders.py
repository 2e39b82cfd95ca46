"""What is ordered at a terminal is written down with who ordered it."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from codec_lab.campaign import CampaignChanges
from codec_lab.dashboard.command_models import AuditEntry
from codec_lab.dashboard.commands import Commands
from codec_lab.errors import ConfigurationError, ConflictError
from codec_lab.phase import Phase, Status
from lab import campaign_commands, experiment_commands
from tests.fakes import FakeExecutions, ManualClock, MemoryLedger, MemoryObjects, MemoryRecords
from tests.unit.builders import FAILED_FIVE_TIMES, experiment, opened
from tests.unit.dashboard.conftest import FakeRuns, MemoryCommandLog

HERE = Path()


class Terminal:
    """A lab with a campaign whose only experiment asks, and a person who types."""

    def __init__(self) -> None:
        self.records, self.runs, self.log = MemoryRecords(), FakeRuns(), MemoryCommandLog()
        self.executions, clock = FakeExecutions(), ManualClock()
        opened(self.records, MemoryObjects(), clock)
        one = experiment(status=Status.RUNNING, phase=Phase.VALIDATION)
        self.records.create_experiment(one)
        self.records.flag_human(one, FAILED_FIVE_TIMES)
        self.target = SimpleNamespace(
            records=self.records,
            ledger=MemoryLedger(),
            campaign_executions=self.runs,
            profile=None,
            commands=Commands(
                records=self.records,
                executions=self.executions,
                runs=self.runs,
                log=self.log,
                clock=clock,
            ),
        )

    @property
    def entry(self) -> AuditEntry:
        (only,) = self.log.by_key.values()
        return only


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal()
    monkeypatch.setenv("LOGNAME", "ada")
    for module in (campaign_commands, experiment_commands):
        monkeypatch.setattr(module, "target_at", lambda *_: made.target)
    return made


def written(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.user, entry.command, entry.subject_id, entry.request, entry.done


def test_a_pause(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    campaign_commands.pause(state_dir=HERE)
    assert terminal.records.control("default").paused is True
    expected = ("ada (lab)", "pause", "default", '{"version":0}', True)
    assert written(terminal.entry) == expected
    said = " ".join(capsys.readouterr().out.split())
    assert said == "Campaign default is paused; it had stopped before."


def test_a_pause_of_a_running_campaign(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.runs.start("default")
    campaign_commands.pause(state_dir=HERE)
    said = " ".join(capsys.readouterr().out.split())
    assert said == "Campaign default is paused; a running experiment goes on to its end."


def test_a_resume_on_aws_names_the_profile(terminal: Terminal) -> None:
    terminal.target.profile = "video"
    campaign_commands.resume(state_dir=HERE)
    assert terminal.runs.by_campaign == {"default": "arn:default"}
    assert terminal.entry.user == "ada (lab, profile video)"


def test_a_resume_says_that_it_goes_on(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign_commands.resume(state_dir=HERE)
    assert capsys.readouterr().out == "Campaign default goes on.\n"


def test_a_resume_that_begins_nothing_says_why_and_the_mend(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = terminal.records.control("default").experiment_limit
    terminal.records.update_campaign("default", CampaignChanges(experiment_count=limit))
    campaign_commands.resume(state_dir=HERE)
    assert " ".join(capsys.readouterr().out.split()) == (
        "Campaign default is not paused, but begins no more experiments. "
        f"All {limit} experiments have been run. "
        "`lab run --campaign default --experiments N` allows N more."
    )

    campaign_commands.bound(wall_time_limit_s="0", state_dir=HERE)
    terminal.runs.by_campaign.clear()
    campaign_commands.resume(state_dir=HERE)
    said = " ".join(capsys.readouterr().out.split())
    assert "The campaign's 0 s are over." in said
    assert "`lab bound --campaign default --wall-time-limit-s X` moves that bound." in said


def test_a_resume_goes_on_with_an_interrupted_experiment(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = terminal.records.control("default").experiment_limit
    terminal.records.update_campaign("default", CampaignChanges(experiment_count=limit))
    terminal.records.create_experiment(experiment(2, status=Status.RUNNING))
    campaign_commands.resume(state_dir=HERE)
    assert capsys.readouterr().out == "Campaign default goes on.\n"


def test_a_bound_is_taken_away(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    campaign_commands.bound(budget_usd="2.5", wall_time_limit_s="60", state_dir=HERE)
    capsys.readouterr()
    campaign_commands.bound(budget_usd="none", state_dir=HERE)
    control = terminal.records.control("default")
    assert (control.budget_usd, control.wall_time_limit_s) == (None, 60)
    assert capsys.readouterr().out == "Campaign default stops at: wall_time_limit_s 60.\n"
    campaign_commands.bound(wall_time_limit_s="none", state_dir=HERE)
    assert terminal.records.control("default").wall_time_limit_s is None
    said = " ".join(capsys.readouterr().out.split())
    assert said == "Campaign default has no bound but its number of experiments."


def test_bounds(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    campaign_commands.bound(budget_usd="0.1", target_bd_rate_percent="-12.5", state_dir=HERE)
    control = terminal.records.control("default")
    assert (control.budget_usd, control.target_bd_rate_percent) == (Decimal("0.1"), -12.5)
    assert control.daily_budget_usd is None
    body = '{"version":0,"budget_usd":"0.1","target_bd_rate_percent":-12.5}'
    assert written(terminal.entry) == ("ada (lab)", "budgets", "default", body, True)
    said = capsys.readouterr().out
    assert said == "Campaign default stops at: budget_usd 0.1, target_bd_rate_percent -12.5.\n"


def test_a_bound_that_cannot_be_used_is_refused_in_one_sentence(terminal: Terminal) -> None:
    with pytest.raises(ConfigurationError, match=r"^--budget-usd is '0\.001', which"):
        campaign_commands.bound(budget_usd="0.001", state_dir=HERE)
    assert terminal.log.by_key == {}


def test_an_answer(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    experiment_commands.answer("default-0001", hint="Pad. ", phase=Phase.DEPLOY, state_dir=HERE)
    (started,) = terminal.executions.started
    assert (started.run, started.hint, started.resume_from) == (2, "Pad.", Phase.DEPLOY)
    body = '{"version":1,"action":"resume","hint":"Pad.","phase":"deploy"}'
    assert written(terminal.entry) == ("ada (lab)", "answer", "default-0001", body, True)
    assert "default-0001 goes on at deploy in run 2;" in capsys.readouterr().out


def test_an_abandonment(terminal: Terminal) -> None:
    experiment_commands.abandon("default-0001", state_dir=HERE)
    assert terminal.records.experiment("default-0001").status is Status.ABANDONED
    assert '"action":"abandon"' in terminal.entry.request


def test_what_is_refused_is_written_down_too(terminal: Terminal) -> None:
    terminal.records.create_experiment(experiment(2, status=Status.COMPLETED))
    with pytest.raises(ConflictError, match="waits for no answer: it is completed"):
        experiment_commands.answer("default-0002", state_dir=HERE)
    assert terminal.entry.done is False
    assert terminal.entry.refusal == "default-0002 waits for no answer: it is completed."


def test_who_has_no_name_is_named_by_number(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    campaign_commands.pause(state_dir=HERE)
    assert terminal.entry.user == "user 4711 (lab)"
