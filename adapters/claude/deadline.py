"""When an attempt of the model must have ended, whatever the service sends until then."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import anthropic
import httpx2

from codec_lab.errors import ModelUnavailableError


class Deadline:
    """A moment some seconds from now.

    Parameters
    ----------
    budget_s : float
        Seconds until then.
    """

    def __init__(self, budget_s: float) -> None:
        self._at = time.monotonic() + budget_s

    @property
    def remaining_s(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._at - time.monotonic())

    def timeout(self, given: float | anthropic.Timeout | None) -> anthropic.Timeout:
        """Shorten a request's timeouts to what is left."""
        left_s = self.remaining_s
        timeouts = anthropic.Timeout(given).as_dict()
        return anthropic.Timeout(
            **{name: left_s if s is None else min(s, left_s) for name, s in timeouts.items()}
        )

    @contextmanager
    def holds(self, response: httpx2.Response, model: str) -> Iterator[None]:
        """Break a response off at the deadline, also one of pings, which the SDK does not show.

        Raises
        ------
        ModelUnavailableError
            In place of what the break causes.
        """
        connection = response.extensions["network_stream"].get_extra_info("socket")
        late = threading.Event()

        def end() -> None:
            late.set()
            with suppress(OSError):  # it has ended by itself
                # That of the plain socket: an SSLSocket's own would take its state from the reader.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

        timer = threading.Timer(self.remaining_s, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception:
            if late.is_set():
                raise ModelUnavailableError(
                    f"{model} is too slow: its answer was not complete in time."
                ) from None
            raise
        finally:
            timer.cancel()
