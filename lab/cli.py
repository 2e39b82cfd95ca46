"""The console script ``lab``."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import typer

from lab import (
    campaign_commands,
    cloud_commands,
    decode_command,
    evaluate_command,
    experiment_commands,
    framework_command,
    package_command,
    report_command,
    reproduce_command,
)
from lab.explanation import explain, write_traceback
from lab.settings import DEFAULT_STATE_DIR

app = typer.Typer(
    name="lab",
    help="An autonomous video-codec laboratory, on one machine or on AWS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    campaign_commands.run,
    campaign_commands.status,
    experiment_commands.show,
    experiment_commands.logs,
    framework_command.framework,
    campaign_commands.export,
    report_command.report,
    campaign_commands.pause,
    campaign_commands.bound,
    campaign_commands.resume,
    experiment_commands.answer,
    experiment_commands.abandon,
    evaluate_command.evaluate,
    decode_command.decode,
    reproduce_command.reproduce,
    package_command.packages,
    cloud_commands.up,
    cloud_commands.deploy,
    cloud_commands.down,
):
    app.command()(command)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None, log: Path = DEFAULT_STATE_DIR / "lab.log") -> NoReturn:
    """Run a command and exit: 0, 1 after a failure, 2 for wrong usage, 130 when interrupted."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        code = app(args=arguments, prog_name="lab", standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message(), error.exit_code)
    except typer.Abort:
        _fail("Aborted.", 1)
    except Exception as error:  # noqa: BLE001 - the person reads a sentence, the log has the rest
        _fail(explain(error) or write_traceback(error, log), 1)
    sys.exit(code or 0)


def _fail(sentence: str, code: int) -> NoReturn:
    if sentence:  # `lab` alone has shown its help instead
        sys.stderr.write(f"lab: {sentence}\n")
    sys.exit(code)
