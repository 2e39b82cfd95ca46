"""What a person reads when a command fails: one sentence, never a traceback."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from codec_lab.errors import CodecLabError
from local.errors import OneMachineCloudError, PortInUseError


def explain(error: Exception) -> str | None:
    """Say what went wrong, where and how to mend it.

    Returns
    -------
    str or None
        None for an error that nobody foresaw.
    """
    if isinstance(error, PortInUseError):
        return f"{error} `--port N` chooses one (of make: PORT=N), 0 any that is free."
    if isinstance(error, CodecLabError | OneMachineCloudError):
        return str(error)
    if isinstance(error, ClientError):
        fault = error.response.get("Error", {})
        return f"AWS refused {error.operation_name}: {fault.get('Code')}: {fault.get('Message')}"
    if isinstance(error, BotoCoreError):
        return f"AWS cannot be used: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return _explain_path(error, Path(error.filename))
    return None


def _explain_path(error: OSError, path: Path) -> str:
    """Say what is wrong with a path, and what to name instead."""
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder, where a file is needed: name a file."
    if isinstance(error, NotADirectoryError | FileExistsError):
        file = next((one for one in (path, *path.parents) if one.is_file()), path)
        return f"{file} is a file, where a folder is needed: name a folder."
    if isinstance(error, FileNotFoundError):
        if not path.parent.is_dir():
            return f"There is no folder {path.parent}: make it, or name a file in another one."
        return f"There is no file {path}: name one that exists."
    if isinstance(error, PermissionError):
        return f"{path} must not be used by you: change its permissions, or name another path."
    return f"{path}: {error.strerror}."


def write_traceback(error: Exception, log: Path) -> str:
    """Keep an unforeseen error's traceback in a file, and say so in one sentence."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"\n{datetime.now(UTC).isoformat()}\n")
        traceback.print_exception(error, file=file)
    return f"Something unforeseen failed ({type(error).__name__}: {error}); {log} tells where."
