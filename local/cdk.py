"""Deploy to the one-machine cloud with the real CDK CLI.

::

    cdk = CdkCli(cloud, app_dir=REPOSITORY_ROOT)
    outputs = cdk.deploy(context={"local": "true"})   # {"Stack": {"Output": "value"}}
    cdk.destroy()

The CLI is the version pinned in ``package.json``: newer majors cannot read the assembly the
pinned ``aws-cdk-lib`` writes. What it prints goes to ``cdk.log`` in the state directory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from local.cloud import OneMachineCloud
from local.errors import CdkError
from local.settings import ACCOUNT_ID, REGION, REPOSITORY_ROOT, host_environment

CLI = REPOSITORY_ROOT / "node_modules" / ".bin" / "cdk"
_BOOTSTRAP_STACK = "CDKToolkit"
_LOG_LINES_SHOWN = 15

StackOutputs = dict[str, dict[str, str]]


def check_cli() -> None:
    """Check that the CDK CLI can be started.

    Raises
    ------
    CdkError
        When Node.js or the CLI is missing.
    """
    if shutil.which("node") is None:
        message = "Node.js is not installed; install version 20.19 or newer (apt install nodejs)."
        raise CdkError(message)
    if not CLI.exists():
        message = f"The CDK CLI is not installed; run: npm ci (in {REPOSITORY_ROOT})"
        raise CdkError(message)


class CdkCli:
    """The CDK CLI for one app and one cloud.

    Parameters
    ----------
    cloud
        The running cloud to deploy to.
    app_dir
        Folder of the app's ``cdk.json``.
    """

    def __init__(self, cloud: OneMachineCloud, app_dir: Path = REPOSITORY_ROOT) -> None:
        self._cloud = cloud
        self._app_dir = app_dir
        self._work_dir = cloud.settings.state_dir / "cdk"

    @property
    def log_path(self) -> Path:
        """Where the CLI's words are written."""
        return self._cloud.settings.state_dir / "cdk.log"

    def bootstrap(self) -> None:
        """Create the bootstrap stack unless the cloud has it.

        Raises
        ------
        CdkError
            When the CLI is missing or ends with an error.
        """
        if self._stack_status(_BOOTSTRAP_STACK) in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        self._work_dir.mkdir(parents=True, exist_ok=True)
        # Outside the app's folder, so that the app is not synthesised for it.
        self._run(["bootstrap", f"aws://{ACCOUNT_ID}/{REGION}"], self._work_dir)

    def deploy(self, *stacks: str, context: Mapping[str, str] | None = None) -> StackOutputs:
        """Bootstrap when needed, synthesise and deploy.

        Parameters
        ----------
        stacks
            Names of the stacks; none means all.
        context
            Context values of the app (``-c name=value``).

        Returns
        -------
        dict
            The outputs of each deployed stack by stack and output name.

        Raises
        ------
        CdkError
            When the CLI is missing or ends with an error.
        """
        self.bootstrap()
        outputs_path = self._work_dir / "outputs.json"
        self._work_dir.mkdir(parents=True, exist_ok=True)
        outputs_path.unlink(missing_ok=True)
        self._run(
            [
                "deploy",
                *(stacks or ["--all"]),
                *self._app_options(context),
                "--require-approval=never",
                "--method=direct",
                f"--outputs-file={outputs_path}",
            ],
            self._app_dir,
        )
        if not outputs_path.exists():  # the CLI writes none when no stack has outputs
            return {}
        outputs: StackOutputs = json.loads(outputs_path.read_text(encoding="utf-8"))
        return outputs

    def destroy(self, *stacks: str, context: Mapping[str, str] | None = None) -> None:
        """Delete stacks and what they hold; none named means all.

        Raises
        ------
        CdkError
            When the CLI is missing or ends with an error.
        """
        self._run(
            ["destroy", *(stacks or ["--all"]), *self._app_options(context), "--force"],
            self._app_dir,
        )

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a deployed stack, empty when there is no such stack."""
        found = self._describe(stack)
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    # -- details ------------------------------------------------------------------------------

    def _app_options(self, context: Mapping[str, str] | None) -> list[str]:
        values = [f"--context={name}={value}" for name, value in (context or {}).items()]
        return [f"--output={self._work_dir / 'cdk.out'}", *values]

    def _run(self, arguments: list[str], directory: Path) -> None:
        check_cli()
        command = [str(CLI), *arguments, "--progress=events", "--no-color", "--no-notices"]
        with self.log_path.open("a", encoding="utf-8") as log:
            log.write(f"$ cdk {' '.join(arguments)}\n")
            log.flush()
            finished = subprocess.run(
                command,
                cwd=directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if finished.returncode != 0:
            lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
            shown = "\n  ".join(lines[-_LOG_LINES_SHOWN:])
            message = (
                f"cdk {arguments[0]} ended with exit code {finished.returncode}; "
                f"{self.log_path} ends with:\n  {shown}"
            )
            raise CdkError(message)

    def _environment(self) -> dict[str, str]:
        """Return an environment in which the app runs with this interpreter."""
        host = host_environment()
        return {
            **host,
            **self._cloud.environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), host.get("PATH", "")]),
            # Images are neither built nor pushed: the Batch runner starts the worker itself.
            "CDK_DOCKER": shutil.which("true") or "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
            "TMPDIR": str(self._cloud.settings.temporary_dir),
        }

    def _stack_status(self, stack: str) -> str | None:
        status: str | None = self._describe(stack).get("StackStatus")
        return status

    def _describe(self, stack: str) -> dict[str, Any]:
        environment = self._cloud.environment
        client = boto3.client(
            "cloudformation",
            endpoint_url=self._cloud.endpoint_url,
            region_name=REGION,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )
        try:
            return dict(client.describe_stacks(StackName=stack)["Stacks"][0])
        except client.exceptions.ClientError:
            return {}
