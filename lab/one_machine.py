"""The one-machine cloud as the commands use it: started when needed, deployed when changed."""

import contextlib
import hashlib
import json
import mimetypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from codec_lab.errors import ConfigurationError
from codec_lab.model import Model, Sha256
from infra.paths import built_dashboard
from lab.settings import CloudOptions
from lab.target import Target
from local.cdk import CdkCli, check_cli
from local.cloud import OneMachineCloud
from local.settings import REPOSITORY_ROOT, CloudSettings

_DEPLOYED_SOURCES = ("adapters", "codec_lab", "dashboard/dist", "infra", "lambdas")
_DEPLOYED_FILES = ("app.py", "cdk.json", "package-lock.json", "requirements.txt")
_SITE_PREFIX = "admin/"


class _Deployed(Model):
    """What the last deployment was made of, and where it went."""

    sources_sha256: Sha256
    endpoint_url: str


def cloud_at(state_dir: Path, options: CloudOptions | None = None) -> OneMachineCloud:
    """Name the one-machine cloud of a state directory, running or not.

    Raises
    ------
    ConfigurationError
        If this is not Linux.
    """
    if sys.platform != "linux":
        raise ConfigurationError(
            "The one-machine cloud needs Linux (its sandbox is made of kernel features); "
            "on another system use a virtual machine, or AWS by --profile NAME."
        )
    keys = {name: os.environ[name] for name in ("ANTHROPIC_API_KEY",) if os.environ.get(name)}
    chosen = options or CloudOptions()
    return OneMachineCloud(
        CloudSettings(
            state_dir=state_dir,
            port=chosen.port,
            wait_scale=chosen.wait_scale,
            handler_environment=keys,
        )
    )


@contextlib.contextmanager
def running(cloud: OneMachineCloud, wait_scale: float) -> Iterator[bool]:
    """Have the cloud running; one that was started here is stopped at the end.

    Yields
    ------
    bool
        Whether it was started here.

    Raises
    ------
    CdkError
        If the CDK CLI is missing, before anything is started.
    """
    if cloud.is_running:
        cloud.set_wait_scale(wait_scale)
        yield False
        return
    check_cli()
    try:
        cloud.start()
        yield True
    finally:
        stop(cloud)


def stop(cloud: OneMachineCloud) -> None:
    """Stop the cloud; another Ctrl-C meanwhile does not leave it half stopped."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cloud.stop()
    finally:
        signal.signal(signal.SIGINT, before)


def target_of(cloud: OneMachineCloud) -> Target:
    """Name the deployment in a running cloud.

    Raises
    ------
    ConfigurationError
        If the cloud does not run.
    """
    if not cloud.is_running:
        raise ConfigurationError(
            "The one-machine cloud does not run: start it with `lab up` or `lab run`, "
            "or name an AWS profile by --profile."
        )
    return Target.one_machine(cloud.endpoint_url)


def is_up_to_date(cloud: OneMachineCloud) -> bool:
    """Tell whether what is deployed was made of the sources as they are."""
    try:
        last = _Deployed.model_validate_json(_note_of(cloud).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return False
    return last == _deployed_now(cloud) and target_of(cloud).is_deployed


def context_of(cloud: OneMachineCloud) -> dict[str, str]:
    """Give what the app is told when it is synthesized for one machine."""
    return {
        "one_machine": "true",
        "endpoint_port": str(cloud.settings.port),
        "keep_data": "false",  # the state directory is what is kept, or deleted
        "schedule_minutes": "0",  # campaigns start by `lab run` and `lab resume` alone
    }


def deploy(cloud: OneMachineCloud) -> None:
    """Deploy the app and its pages.

    Raises
    ------
    ConfigurationError
        If the pages have not been built, before anything is changed.
    """
    pages = built_dashboard()
    note = _note_of(cloud)
    now = _deployed_now(cloud)
    note.unlink(missing_ok=True)
    CdkCli(cloud).deploy(context=context_of(cloud))
    upload_site(target_of(cloud), pages)
    target_of(cloud).s3.put_object(
        Bucket=target_of(cloud).outputs.site_bucket_name,
        Key=f"{_SITE_PREFIX}config.json",
        Body=json.dumps({"sign_in": "token"}).encode(),
        ContentType="application/json",
    )
    note.write_text(now.model_dump_json(), encoding="utf-8")


def upload_site(target: Target, folder: Path) -> None:
    """Put the dashboard's files into the site's bucket, as BucketDeployment does on AWS."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content_type, _ = mimetypes.guess_type(path.name)
            target.s3.put_object(
                Bucket=target.outputs.site_bucket_name,
                Key=_SITE_PREFIX + path.relative_to(folder).as_posix(),
                Body=path.read_bytes(),
                ContentType=content_type or "application/octet-stream",
            )


def _note_of(cloud: OneMachineCloud) -> Path:
    return cloud.settings.state_dir / "deployed.json"


def _deployed_now(cloud: OneMachineCloud) -> _Deployed:
    return _Deployed(sources_sha256=_sources_sha256(), endpoint_url=cloud.endpoint_url)


def _sources_sha256() -> Sha256:
    """Hash everything that the deployed templates and functions are made of."""
    files = [REPOSITORY_ROOT / name for name in _DEPLOYED_FILES]
    for folder in _DEPLOYED_SOURCES:
        found = sorted((REPOSITORY_ROOT / folder).rglob("*"))
        files += [path for path in found if path.is_file() and "__pycache__" not in path.parts]
    digest = hashlib.sha256(sys.version.encode())
    for path in files:
        data = path.read_bytes()
        digest.update(f"{path.relative_to(REPOSITORY_ROOT)}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
