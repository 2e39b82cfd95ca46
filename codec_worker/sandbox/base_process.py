"""The bench's end of a base: starting it, asking it for zygotes, ending it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from codec_worker.sandbox.base import ZYGOTE
from codec_worker.sandbox.messages import BaseSetup

_FIND = "import sys, json; sys.path[:0] = json.loads(sys.argv[3]); "
_ENTER = "from codec_worker.sandbox.namespaces import enter; enter(); "
_SERVE = "from codec_worker.sandbox.base import main; main(int(sys.argv[1]), int(sys.argv[2]))"
_END_TIMEOUT_S = 5.0
_LAST_MOMENT_S = 0.5
"""Between the end of a process's sockets and that of the process."""

_MOST_IDLE = 1
_CODE_ROOT = str(Path(__file__).resolve().parents[2])


class BaseProcess:
    """A base, started at once; zygotes can be asked for before it is ready.

    Parameters
    ----------
    setup
        What it is to hold.
    environment
        All of its environment variables.

    Attributes
    ----------
    zygotes : int
        How many of its zygotes are in use.
    lost : bool
        Whether it failed and is of no further use.
    """

    def __init__(self, setup: BaseSetup, environment: Mapping[str, str]) -> None:
        self.zygotes = 0
        self.lost = False
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this object)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile("w+", encoding="utf-8") as file:
            json.dump(setup, file)
            file.seek(0)
            file.flush()
            descriptors = (theirs.fileno(), file.fileno())
            search = [_CODE_ROOT, *setup.import_roots]
            program = f"{_FIND}{_ENTER if setup.own_names else ''}{_SERVE}"
            self._process = subprocess.Popen(
                [
                    sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", program,
                    *map(str, descriptors), json.dumps(search),
                ],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                pass_fds=descriptors,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the bench, which then ends this
            )  # fmt: skip

    @property
    def is_usable(self) -> bool:
        """Whether it can give further zygotes."""
        return not self.lost and self._process.poll() is None

    def fork(self, zygote_socket: int, setup: int, complaints: int) -> None:
        """Ask for a zygote, which gets these descriptors; it answers on the socket.

        If the base is gone there will be no answer but the end of the socket.
        """
        try:
            socket.send_fds(self._socket, [ZYGOTE], [zygote_socket, setup, complaints])
        except ConnectionError:
            self.lost = True

    def last_words(self) -> str:
        """Say how it ended, if it did; empty while it runs."""
        try:
            status = self._process.wait(_LAST_MOMENT_S)
        except subprocess.TimeoutExpired:
            return ""
        self.lost = True
        return last_line(self._complaints) or _how_it_ended(status)

    def close(self) -> None:
        """End it and wait until it is gone."""
        self._socket.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._complaints.close()


_Key = tuple[int, str, str]
_bases: dict[_Key, BaseProcess] = {}  # the one that was lent last comes last
_lock = threading.Lock()


def lend(setup: BaseSetup, environment: Mapping[str, str]) -> BaseProcess:
    """Return a base for one zygote more, started if there is none; give it back when done."""
    key = (os.getpid(), json.dumps(setup), json.dumps(dict(environment)))
    with _lock:
        base = _bases.pop(key, None)
        if base is None or not base.is_usable:
            base = BaseProcess(setup, environment)
        _bases[key] = base
        base.zygotes += 1
        return base


def give_back(base: BaseProcess) -> None:
    """Say that a zygote is gone; of the bases without any the last one stays ready."""
    with _lock:
        base.zygotes -= 1
        idle = [key for key, known in _bases.items() if known.zygotes == 0]
        for key in idle[: None if base.lost else -_MOST_IDLE]:
            _bases.pop(key).close()


def close_idle_bases() -> None:
    """End every base that has no zygote; otherwise they end with this process."""
    with _lock:
        for key in [key for key, base in _bases.items() if base.zygotes == 0]:
            _bases.pop(key).close()


def last_line(file: BinaryIO) -> str:
    """Return the last line of what a process printed; empty if it printed nothing."""
    file.seek(0)
    lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"its base was killed by {signal.Signals(-status).name}"
    return f"its base ended with exit status {status}"
