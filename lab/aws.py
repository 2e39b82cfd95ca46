"""Deploying to an AWS account with the pinned CDK CLI, which speaks to the person itself."""

import os
import subprocess
import sys
from pathlib import Path

from codec_lab.errors import ConfigurationError
from local.cdk import CLI, check_cli
from local.settings import REPOSITORY_ROOT


def deploy(profile: str, region: str | None) -> None:
    """Deploy every stack; the CLI asks before it widens permissions.

    Raises
    ------
    CdkError
        If the CLI is missing.
    ConfigurationError
        If it ends with an error.
    """
    _cdk("deploy", profile, region)


def destroy(profile: str, region: str | None) -> None:
    """Delete every stack, after the CLI has asked; the table and the buckets stay.

    Raises
    ------
    CdkError
        If the CLI is missing.
    ConfigurationError
        If it ends with an error.
    """
    _cdk("destroy", profile, region)


def _cdk(command: str, profile: str, region: str | None) -> None:
    check_cli()
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        **({"AWS_REGION": region} if region else {}),
    }
    finished = subprocess.run(
        [str(CLI), command, "--all", "--profile", profile],
        cwd=REPOSITORY_ROOT,
        env=environment,
        check=False,
    )
    if finished.returncode != 0:
        raise ConfigurationError(f"cdk {command} ended with exit code {finished.returncode}.")
