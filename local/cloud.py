"""Start and stop the one-machine cloud.

::

    settings = CloudSettings(state_dir=Path(".lab"))
    with OneMachineCloud(settings) as cloud:
        environment = {**os.environ, **cloud.environment}   # for any AWS SDK or CLI
        cloud.set_wait_scale(0.01)

The server is a process of its own. It ends with the process that started it, however that one
ends, unless it is started detached; then any process may stop it by its state directory.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from pydantic import BaseModel, ConfigDict

from local.access_tokens import make_tokens, read_tokens, write_tokens
from local.errors import CloudStartError, PortInUseError, StateInUseError
from local.server import ServerRequest
from local.settings import (
    HOST,
    REPOSITORY_ROOT,
    CloudSettings,
    client_environment,
    host_environment,
)

_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 10.0
_LOG_LINES_SHOWN = 12


class RunningServer(BaseModel):
    """The note a started server leaves in its state directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    started_at: float
    port: int

    def process(self) -> psutil.Process | None:
        """Return the server's process if it still runs."""
        try:
            process = psutil.Process(self.pid)
        except psutil.NoSuchProcess:
            return None
        return process if process.create_time() == self.started_at and _runs(process) else None


class OneMachineCloud:
    """A one-machine cloud on 127.0.0.1, started and stopped by this object.

    Parameters
    ----------
    settings
        What the cloud is made of. With port 0 a free port is picked at start.
    """

    def __init__(self, settings: CloudSettings) -> None:
        self.settings = settings
        self._child: subprocess.Popen[str] | None = None
        if server := self._running():
            self.settings = settings.model_copy(update={"port": server.port})

    # -- state --------------------------------------------------------------------------------

    @property
    def endpoint_url(self) -> str:
        """Address of the AWS endpoint."""
        return self.settings.endpoint_url

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point AWS SDKs and CLIs at this cloud."""
        return client_environment(self.endpoint_url)

    @property
    def is_running(self) -> bool:
        """Whether a server works on the state directory, whoever started it."""
        return self._running() is not None

    def _running(self) -> RunningServer | None:
        try:
            server = RunningServer.model_validate_json(self._note_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return server if server.process() else None

    @property
    def dashboard_url(self) -> str:
        """Address of the dashboard with the token of an operator, for the person who started it."""
        token = read_tokens(self._tokens_path)["operator"]
        return f"{self.endpoint_url}/admin/#token={token}"

    @property
    def _tokens_path(self) -> Path:
        return self.settings.state_dir / "tokens.json"

    @property
    def _note_path(self) -> Path:
        return self.settings.state_dir / "server.json"

    # -- start and stop -----------------------------------------------------------------------

    def start(self, *, detached: bool = False) -> None:
        """Start the server and wait until it answers.

        Parameters
        ----------
        detached
            Let the server outlive the calling process.

        Raises
        ------
        PortInUseError
            When another program listens on the port.
        StateInUseError
            When a server already works on the state directory.
        CloudStartError
            When the server does not come up; names its last log lines.
        """
        state_dir = self.settings.state_dir.resolve()
        if server := self._running():
            message = (
                f"A one-machine cloud (process {server.pid}) already works on {state_dir}, at "
                f"port {server.port}; stop it or choose another state folder."
            )
            raise StateInUseError(message)
        port = _claim_port(self.settings.port)
        self.settings = self.settings.model_copy(update={"port": port, "state_dir": state_dir})
        state_dir.mkdir(parents=True, exist_ok=True)
        self._empty_temporary_dir()
        self.settings.temporary_dir.mkdir()
        tokens = make_tokens()
        write_tokens(self._tokens_path, tokens)
        request = ServerRequest(settings=self.settings, lifeline=not detached, tokens=tokens)
        with self.settings.log_path.open("w", encoding="utf-8") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "local.server"],
                cwd=REPOSITORY_ROOT,
                env=host_environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        process = psutil.Process(self._child.pid)
        note = RunningServer(pid=process.pid, started_at=process.create_time(), port=port)
        self._note_path.write_text(note.model_dump_json(), encoding="utf-8")
        try:
            self._hand_over(request)
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and everything it started; does nothing when none runs."""
        if (server := self._running()) and (process := server.process()):
            family = [process, *process.children(recursive=True)]
            process.terminate()
            for survivor in _left_after([process], _STOP_TIMEOUT_S):
                survivor.kill()
            for survivor in _left_after(family, _STOP_TIMEOUT_S):
                survivor.kill()
        if self._child:
            if self._child.stdin:
                with contextlib.suppress(BrokenPipeError):
                    self._child.stdin.close()
            self._child.wait()
            self._child = None
        self._note_path.unlink(missing_ok=True)
        self._tokens_path.unlink(missing_ok=True)
        self._empty_temporary_dir()

    def __enter__(self) -> Self:
        """Start the cloud."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the cloud."""
        self.stop()

    # -- live settings ------------------------------------------------------------------------

    def set_wait_scale(self, scale: float) -> None:
        """Change the factor on Wait states and retry pauses of the running server."""
        self._ask("POST", "/_ministack/config", {"stepfunctions._SFN_WAIT_SCALE": scale})
        self.settings = self.settings.model_copy(update={"wait_scale": scale})

    # -- details ------------------------------------------------------------------------------

    def _hand_over(self, request: ServerRequest) -> None:
        pipe = self._child.stdin if self._child else None
        if pipe is None:
            return
        with contextlib.suppress(BrokenPipeError):  # the health check tells why it died
            pipe.write(request.model_dump_json() + "\n")
            pipe.flush()
            if not request.lifeline:
                pipe.close()

    def _ask(self, method: str, path: str, body: dict[str, float] | None = None) -> None:
        connection = http.client.HTTPConnection(HOST, self.settings.port, timeout=10)
        with contextlib.closing(connection):
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            connection.getresponse().read()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self._child and self._child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                return self._ask("GET", "/_ministack/health")
            time.sleep(0.05)
        lines = self.settings.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = "\n  ".join(lines[-_LOG_LINES_SHOWN:]) or "(nothing logged)"
        message = (
            f"The one-machine cloud did not start; its log {self.settings.log_path} ends with:\n"
            f"  {shown}"
        )
        raise CloudStartError(message)

    def _empty_temporary_dir(self) -> None:
        shutil.rmtree(self.settings.temporary_dir, ignore_errors=True)


def _runs(process: psutil.Process) -> bool:
    """Say whether a process runs; one that ended but was not yet waited for does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _left_after(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until processes have ended and return those that have not in time."""
    deadline = time.monotonic() + timeout_s
    while (left := [one for one in processes if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


def _claim_port(port: int) -> int:
    """Return a port that can be listened on; 0 asks for any."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = (
                f"Port {port} on {HOST} is in use by another program; stop it or choose another "
                f"port for the one-machine cloud."
            )
            raise PortInUseError(message) from error
        return int(probe.getsockname()[1])
