"""The server process of the one-machine cloud; `local.cloud` starts it.

Reads one line of JSON from standard input (`ServerRequest`), applies the seams to MiniStack and
serves until SIGTERM, or until standard input closes when it is the lifeline of the process that
started it. A stop is a save and an exit: state is kept so that it may stop at any moment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading

from pydantic import BaseModel, ConfigDict

from local.errors import OneMachineCloudError
from local.pins import check_pins
from local.settings import ACCOUNT_ID, HOST, REGION, CloudSettings, host_environment


class ServerRequest(BaseModel):
    """What the starting process asks of the server.

    Parameters
    ----------
    settings
        The settings of the cloud, with the port to listen on.
    lifeline
        Stop when standard input closes.
    tokens
        What lets a person use the dashboard's API, by role.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: CloudSettings
    lifeline: bool
    tokens: dict[str, str]


def _emulator_environment(settings: CloudSettings) -> dict[str, str]:
    """Return the environment MiniStack reads its configuration from, and handlers inherit."""
    return {
        **host_environment(),
        **settings.handler_environment,
        "GATEWAY_PORT": str(settings.port),
        "BIND_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state_dir / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.state_dir / "s3"),
        "SFN_WAIT_SCALE": str(settings.wait_scale),
        "LOG_LEVEL": settings.log_level,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TMPDIR": str(settings.temporary_dir),
    }


def serve(request: ServerRequest) -> None:
    """Apply the seams and serve; does not return."""
    settings = request.settings
    os.environ.clear()
    os.environ.update(_emulator_environment(settings))

    # MiniStack reads its environment when it is imported.
    from hypercorn.asyncio import serve as serve_http  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app as ministack_app  # noqa: PLC0415
    from ministack.core import lambda_runtime  # noqa: PLC0415
    from ministack.services import eventbridge  # noqa: PLC0415

    from local import (  # noqa: PLC0415
        api_tokens,
        batch_runner,
        cloudformation_batch,
        cloudformation_properties,
        dashboard_front,
        dynamodb_queries,
        lambda_worker,
        own_pages,
        persistence,
        step_functions_engine,
    )
    from local.execution_records import ExecutionRecords  # noqa: PLC0415
    from local.records import RecordStore  # noqa: PLC0415

    records = RecordStore(settings.state_dir / "records.sqlite")
    executions = ExecutionRecords(records)
    engine = step_functions_engine.install(executions, settings.endpoint_url)
    lambda_worker.install()
    api_tokens.install(request.tokens)
    dynamodb_queries.install()
    cloudformation_batch.install()
    cloudformation_properties.install()
    eventbridge._SCHEDULER_TICK_INTERVAL = settings.schedule_tick_s
    autosave = persistence.install(records, settings.save_interval_s, engine.save_running)
    runner = batch_runner.install(settings, records, autosave.mark_logs)
    autosave.restorers += [executions.restore, runner.restore]

    stopping = threading.Lock()

    def stop() -> None:
        if not stopping.acquire(blocking=False):
            return
        autosave.save_changed(now=True)
        records.close()
        runner.stop()
        lambda_runtime.reset()
        os._exit(0)

    def stop_in_thread(*_: object) -> None:
        threading.Thread(target=stop, name="stop").start()

    signal.signal(signal.SIGTERM, stop_in_thread)
    signal.signal(signal.SIGINT, stop_in_thread)

    def stop_after_starter() -> None:
        sys.stdin.read()
        stop()

    if request.lifeline:
        threading.Thread(target=stop_after_starter, name="lifeline", daemon=True).start()

    async def never() -> None:
        await asyncio.Event().wait()

    config = Config()
    config.bind = [f"{HOST}:{settings.port}"]
    config.keep_alive_timeout = 75
    config.loglevel = settings.log_level
    application = own_pages.own_pages_only(dashboard_front.with_dashboard(ministack_app.app))
    asyncio.run(serve_http(application, config, shutdown_trigger=never))


def main() -> None:
    """Read the request and serve; one sentence and exit code 1 when the server cannot start."""
    logging.basicConfig(format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
    try:
        check_pins()
        serve(ServerRequest.model_validate_json(sys.stdin.readline()))
    except OneMachineCloudError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
