"""What a person at the terminal reads when something cannot be used: one sentence."""

import os
import signal
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ProfileNotFound

from codec_lab.campaign import Control
from codec_lab.errors import ConfigurationError
from codec_lab.proposal import Mind
from lab.cli import main
from lab.explanation import explain, write_traceback
from lab.one_machine import cloud_at
from lab.running import budget_notice, mind_at_hand
from lab.settings import CloudOptions, RunSettings, read_settings
from local.errors import StateInUseError
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords
from tests.unit.builders import opened

FRAME = bytes(17 * 16 + 2 * 9 * 8)
ODD_CLIP = b"YUV4MPEG2 W17 H16 F25:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + FRAME) * 4


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Run a command that must fail; give its exit code and what it said."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("lab: ")
    assert said.err.count("\n") == 1
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, said.err.removeprefix("lab: ").strip()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


class TestRunRefuses:
    """``lab run`` says what is wrong before it starts anything."""

    @pytest.fixture(autouse=True)
    def _nothing_is_left_behind(self, state_dir: Path) -> object:
        yield
        assert not state_dir.exists()

    def test_a_missing_folder(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, tmp_path: Path
    ) -> None:
        missing = tmp_path / "clips"
        code, sentence = refusal(capsys, "run", "--clips", missing, "--state-dir", state_dir)
        assert (code, sentence) == (1, f"There is no folder of clips {missing}.")

    def test_an_empty_folder(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, tmp_path: Path
    ) -> None:
        code, sentence = refusal(capsys, "run", "--clips", tmp_path, "--state-dir", state_dir)
        assert code == 1
        assert f"{tmp_path} holds no clip" in sentence

    def test_a_text_file_named_mp4(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "notes.mp4").write_text("not a video\n" * 50)
        code, sentence = refusal(capsys, "run", "--clips", tmp_path, "--state-dir", state_dir)
        assert code == 1
        assert "notes.mp4" in sentence

    def test_a_clip_of_odd_size(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "odd.y4m").write_bytes(ODD_CLIP)
        code, sentence = refusal(capsys, "run", "--clips", tmp_path, "--state-dir", state_dir)
        assert code == 1
        assert "odd.y4m" in sentence
        assert "17" in sentence

    def test_a_missing_seed(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, tmp_path: Path
    ) -> None:
        seed = tmp_path / "seed.py"
        code, sentence = refusal(capsys, "run", "--seed", seed, "--state-dir", state_dir)
        assert (code, sentence) == (1, f"There is no codec module {seed}.")

    def test_a_seed_that_is_no_text(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, tmp_path: Path
    ) -> None:
        seed = tmp_path / "seed.py"
        seed.write_bytes(b"\xff\xfe\x00")
        code, sentence = refusal(capsys, "run", "--seed", seed, "--state-dir", state_dir)
        assert (code, sentence) == (1, f"{seed} is no Python source: it is not UTF-8 text.")

    @pytest.mark.parametrize(
        ("option", "value", "words"),
        [
            ("--wait-scale", "7", "--wait-scale is 7.0"),
            ("--port", "70000", "--port is 70000"),
            ("--experiments", "0", "--experiments is 0"),
            ("--campaign", "a/b", "--campaign is 'a/b'"),
            ("--goal", "", "--goal is ''"),
            ("--budget-usd", "0.001", "--budget-usd is 0.001"),
            ("--daily-budget-usd", "2000000", "--daily-budget-usd is 2000000.0"),
            ("--target-bd-rate-percent", "-101", "--target-bd-rate-percent is -101.0"),
        ],
    )
    def test_a_broken_setting(
        self,
        capsys: pytest.CaptureFixture[str],
        state_dir: Path,
        option: str,
        value: str,
        words: str,
    ) -> None:
        code, sentence = refusal(capsys, "run", option, value, "--state-dir", state_dir)
        assert code == 1
        assert sentence.startswith(f"{words}, which cannot be used: ")

    def test_a_word_for_a_number(self, capsys: pytest.CaptureFixture[str], state_dir: Path) -> None:
        code, sentence = refusal(capsys, "run", "--port", "http", "--state-dir", state_dir)
        assert code == 2
        assert "--port" in sentence

    def test_a_broken_setting_of_the_environment(
        self, capsys: pytest.CaptureFixture[str], state_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LAB_WAIT_SCALE", "-1")
        code, sentence = refusal(capsys, "run", "--state-dir", state_dir)
        assert code == 1
        assert sentence.startswith("--wait-scale is -1.0")


def test_a_busy_port_is_named(capsys: pytest.CaptureFixture[str], state_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, sentence = refusal(capsys, "up", "--port", port, "--state-dir", state_dir)
    assert code == 1
    assert sentence.startswith(f"Port {port} on 127.0.0.1 is in use by another program")
    assert sentence.endswith("`--port N` chooses one (of make: PORT=N), 0 any that is free.")
    assert not list(state_dir.glob("*"))


@pytest.mark.parametrize("command", ["run", "up"])
def test_no_node_is_named(
    capsys: pytest.CaptureFixture[str],
    state_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setenv("PATH", str(state_dir))
    with pytest.raises(SystemExit):
        main([command, "--state-dir", str(state_dir)])
    said = capsys.readouterr()
    assert said.err.startswith("lab: Node.js is not installed; install version 20.19 or newer")
    assert said.err.count("\n") == 1
    assert not state_dir.exists()


def test_a_cloud_that_does_not_run_is_named(
    capsys: pytest.CaptureFixture[str], state_dir: Path
) -> None:
    code, sentence = refusal(capsys, "status", "--state-dir", state_dir)
    assert code == 1
    assert sentence.startswith("The one-machine cloud does not run: start it with `lab up`")


def test_a_plot_of_an_unknown_kind_is_refused(
    capsys: pytest.CaptureFixture[str], state_dir: Path
) -> None:
    code, sentence = refusal(
        capsys, "evaluate", "codec.py", "--plot", "rd.pdf", "--state-dir", state_dir
    )
    assert (code, sentence) == (1, "--plot takes a .png or .svg file, not rd.pdf.")


def test_another_system_than_linux_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ConfigurationError, match="needs Linux"):
        cloud_at(Path("state"))


def test_claude_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="ANTHROPIC_API_KEY"):
        mind_at_hand(Mind.CLAUDE, on_aws=False)
    assert mind_at_hand(Mind.CLAUDE, on_aws=True) is Mind.CLAUDE
    assert mind_at_hand(None, on_aws=False) is Mind.OFFLINE


def test_a_key_makes_claude_the_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    assert mind_at_hand(None, on_aws=False) is Mind.CLAUDE
    assert mind_at_hand(Mind.OFFLINE, on_aws=False) is Mind.OFFLINE


def test_claude_without_a_budget_is_said(clock: ManualClock) -> None:
    records = MemoryRecords()
    for mind in Mind:
        opened(records, MemoryObjects(), clock, campaign_id=mind, mind=mind)
    free, paid = records.campaign("offline"), records.campaign("claude")
    open_control = Control(experiment_limit=3)
    assert budget_notice(free, open_control) is None
    assert budget_notice(paid, open_control) == (
        "No budget bounds what Claude costs: set one by `lab run --budget-usd X`, or from another "
        "terminal by `lab bound --campaign claude --budget-usd X`."
    )
    for cap in ("budget_usd", "daily_budget_usd"):
        assert budget_notice(paid, open_control.model_copy(update={cap: Decimal(0)})) is None


def test_good_settings_are_taken() -> None:
    assert read_settings(CloudOptions, port=0, wait_scale=0).port == 0
    assert read_settings(RunSettings, experiments=1).campaign == "default"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StateInUseError("A cloud works there."), "A cloud works there."),
        (
            FileNotFoundError(2, "No such file or directory", "x.py"),
            "There is no file x.py: name one that exists.",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "/nope/x.csv"),
            "There is no folder /nope: make it, or name a file in another one.",
        ),
        (
            IsADirectoryError(21, "Is a directory", "/tmp"),
            "/tmp is a folder, where a file is needed: name a file.",
        ),
        (
            NotADirectoryError(20, "Not a directory", f"{__file__}/server.json"),
            f"{__file__} is a file, where a folder is needed: name a folder.",
        ),
        (
            PermissionError(13, "Permission denied", "x.py"),
            "x.py must not be used by you: change its permissions, or name another path.",
        ),
        (OSError(28, "No space left on device", "x.py"), "x.py: No space left on device."),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks"),
            "AWS refused DescribeStacks: AccessDenied: no",
        ),
        (
            ProfileNotFound(profile="lab"),
            "AWS cannot be used: The config profile (lab) could not be found",
        ),
        (KeyError("x"), None),
    ],
)
def test_foreseen_errors_have_a_sentence(error: Exception, sentence: str | None) -> None:
    assert explain(error) == sentence


def test_an_unforeseen_error_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "state" / "lab.log"
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    sentence = write_traceback(caught.value, log)
    assert (
        sentence
        == f"Something unforeseen failed (ZeroDivisionError: division by zero); {log} tells where."
    )
    assert "test_lab_cli.py" in log.read_text()


def test_the_script_fails_without_a_traceback(tmp_path: Path) -> None:
    finished = subprocess.run(
        [
            sys.executable,
            "-c",
            "from lab.cli import main; main()",
            "status",
            "--state-dir",
            "state",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr.startswith("lab: The one-machine cloud does not run")
    assert finished.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_bound_must_be_named(capsys: pytest.CaptureFixture[str], state_dir: Path) -> None:
    code, sentence = refusal(capsys, "bound", "--state-dir", state_dir)
    assert code == 1
    assert sentence.startswith("No bound is named: give --budget-usd")
    code, sentence = refusal(capsys, "bound", "--budget-usd", "-1", "--state-dir", state_dir)
    assert code == 1
    assert sentence.startswith("--budget-usd is '-1', which cannot be used: ")


@pytest.mark.parametrize("command", ["run", "status", "pause", "export"])
def test_what_a_name_may_hold_is_said_in_words(
    capsys: pytest.CaptureFixture[str], state_dir: Path, command: str
) -> None:
    code, sentence = refusal(capsys, command, "--campaign", "a b", "--state-dir", state_dir)
    assert code == 1
    assert sentence == (
        "--campaign is 'a b', which cannot be used: a name holds 1 to 40 letters (a to z), "
        "digits, - and _, and begins with a letter or a digit."
    )


def test_logs_from_before_all_time_are_refused(
    capsys: pytest.CaptureFixture[str], state_dir: Path
) -> None:
    code, sentence = refusal(capsys, "logs", "--hours", "1e12", "--state-dir", state_dir)
    assert code == 2
    assert "--hours" in sentence


def test_lab_alone_shows_its_help_and_no_empty_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert "Usage: lab" in said.out
    assert said.err == ""


@pytest.mark.parametrize("folder", ["sub/state", "state"])
def test_a_state_folder_that_is_a_file_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: str
) -> None:
    file = tmp_path / folder.partition("/")[0]
    file.write_text("")
    code, sentence = refusal(capsys, "up", "--port", "0", "--state-dir", tmp_path / folder)
    expected = f"{file} is a file, where a folder is needed: name a folder."
    assert (code, sentence) == (1, expected)
