"""Settings of the one-machine cloud, shared by the process that starts it and the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
HOST = "127.0.0.1"

REPOSITORY_ROOT = Path(__file__).resolve().parent.parent


class CloudSettings(BaseModel):
    """What a one-machine cloud is made of.

    Parameters
    ----------
    state_dir
        Folder that holds everything the cloud remembers; created when missing.
    port
        TCP port of the AWS endpoint on 127.0.0.1; 0 picks a free one at start.
    wait_scale
        Factor on Wait states and on the pauses between retries: 1 is real time, 0 skips them.
        Task time-outs are never scaled.
    batch_slots
        Batch jobs that run at once; further jobs stay RUNNABLE.
    worker_entry
        Command that stands for the container image's ENTRYPOINT in every Batch job.
    worker_preload
        Modules the fork server imports once, so that a job starts with them; a change of their
        source is seen after the next start.
    worker_dir
        Working directory of Batch jobs.
    handler_environment
        Variables added to the environment of the server and so of every Lambda handler, and of
        nothing else; the place for keys a handler needs. Host variables are not passed on.
    save_interval_s
        Longest time in seconds between a change and its copy on disk, for the services that are
        saved in the background (DynamoDB, S3, executions and jobs are written at once).
    schedule_tick_s
        Seconds between two looks at the EventBridge schedule rules.
    log_level
        Level of the server's log file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_dir: Path
    port: Annotated[int, Field(ge=0, le=65535)] = 4566
    wait_scale: Annotated[float, Field(ge=0)] = 1.0
    batch_slots: Annotated[int, Field(ge=1)] = Field(default_factory=lambda: os.cpu_count() or 1)
    worker_entry: tuple[str, ...] = (sys.executable, "-m", "codec_worker")
    worker_preload: tuple[str, ...] = (
        "codec_worker.job",
        "adapters.s3",
        "aws_lambda_powertools",
        "boto3",
    )
    worker_dir: Path = REPOSITORY_ROOT
    handler_environment: dict[str, str] = Field(default_factory=dict)
    save_interval_s: Annotated[float, Field(gt=0)] = 0.5
    schedule_tick_s: Annotated[float, Field(gt=0)] = 5.0
    log_level: str = "WARNING"

    @property
    def endpoint_url(self) -> str:
        """Address of the AWS endpoint."""
        return f"http://{HOST}:{self.port}"

    @property
    def temporary_dir(self) -> Path:
        """Folder for temporary files of the server and its children; emptied at start and stop."""
        return self.state_dir / "tmp"

    @property
    def log_path(self) -> Path:
        """Log file of the server process."""
        return self.state_dir / "server.log"


def client_environment(endpoint_url: str) -> dict[str, str]:
    """Return the environment variables that point any AWS SDK or CLI at the cloud.

    Parameters
    ----------
    endpoint_url
        Address of the AWS endpoint, ``http://127.0.0.1:PORT``.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCOUNT_ID": ACCOUNT_ID,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Whatever the user's own files say about regions or endpoints is not for this cloud.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def host_environment() -> dict[str, str]:
    """Return the host's variables that a child may see: none of AWS, none of the user's secrets."""
    names = (
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "LANGUAGE",
        "TZ",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "VIRTUAL_ENV",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    )
    return {
        name: value for name, value in os.environ.items() if name in names or name.startswith("LC_")
    }
