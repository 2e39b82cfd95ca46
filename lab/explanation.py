"""What a person reads when a command fails: one sentence, never a traceback."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from codec_lab.errors import CodecLabError
from local.errors import OneMachineCloudError


def explain(error: Exception) -> str | None:
    """Say what went wrong, where and how to mend it.

    Returns
    -------
    str or None
        None for an error that nobody foresaw.
    """
    if isinstance(error, CodecLabError | OneMachineCloudError):
        return str(error)
    if isinstance(error, ClientError):
        fault = error.response.get("Error", {})
        return f"AWS refused {error.operation_name}: {fault.get('Code')}: {fault.get('Message')}"
    if isinstance(error, BotoCoreError):
        return f"AWS cannot be used: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return None


def write_traceback(error: Exception, log: Path) -> str:
    """Keep an unforeseen error's traceback in a file, and say so in one sentence."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"\n{datetime.now(UTC).isoformat()}\n")
        traceback.print_exception(error, file=file)
    return f"Something unforeseen failed ({type(error).__name__}: {error}); {log} tells where."
