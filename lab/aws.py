"""Deploying to an AWS account with the pinned CDK CLI, which speaks to the person itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from codec_lab.errors import ConfigurationError
from local.settings import REPOSITORY_ROOT

_CLI = REPOSITORY_ROOT / "node_modules" / ".bin" / "cdk"


def deploy(profile: str, region: str | None) -> None:
    """Deploy every stack; the CLI asks before it widens permissions.

    Raises
    ------
    ConfigurationError
        If the CLI is missing or ends with an error.
    """
    _cdk("deploy", profile, region)


def destroy(profile: str, region: str | None) -> None:
    """Delete every stack, after the CLI has asked; the table and the buckets stay.

    Raises
    ------
    ConfigurationError
        If the CLI is missing or ends with an error.
    """
    _cdk("destroy", profile, region)


def _cdk(command: str, profile: str, region: str | None) -> None:
    if shutil.which("node") is None or not _CLI.exists():
        raise ConfigurationError("The CDK CLI is not installed: run `make setup` with Node.js.")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        **({"AWS_REGION": region} if region else {}),
    }
    finished = subprocess.run(
        [str(_CLI), command, "--all", "--profile", profile],
        cwd=REPOSITORY_ROOT,
        env=environment,
        check=False,
    )
    if finished.returncode != 0:
        raise ConfigurationError(f"cdk {command} ended with exit code {finished.returncode}.")
