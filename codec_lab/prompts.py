"""What a model was told, kept word for word beside what it answered."""

from datetime import datetime
from typing import NamedTuple, Protocol

from codec_lab import keys
from codec_lab.ports import Clock, ObjectStore

_TIME = "%Y%m%dT%H%M%S.%f"


class Prompts(Protocol):
    """Where the prompts of calls to a model are kept."""

    def keep(self, text: str) -> str | None:
        """Keep a prompt before it is sent; gives its key, None if nothing is kept."""


class NoPrompts:
    """Keeps nothing, for a mind outside of a campaign."""

    def keep(self, _: str) -> None:
        """Forget a prompt."""


class KeptPrompts:
    """Keeps the prompts of one phase of a run as objects, named by time and purpose.

    Parameters
    ----------
    experiment_id, run
        For which run is asked.
    purpose : str
        What is asked for, such as ``fix-validation-2``.
    objects, clock
        Where to, and when.
    """

    def __init__(
        self, experiment_id: str, run: int, purpose: str, *, objects: ObjectStore, clock: Clock
    ) -> None:
        self._prefix, self._purpose = keys.prompts(experiment_id, run), purpose
        self._objects, self._clock = objects, clock

    def keep(self, text: str) -> str:
        """Keep a prompt before it is sent; gives its key."""
        key = f"{self._prefix}{self._clock.now():{_TIME}}-{self._purpose}.txt"
        self._objects.put(key, text.encode(errors="replace"))
        return key


class PromptName(NamedTuple):
    """What the key of a kept prompt says."""

    run: int
    at: datetime
    purpose: str

    @classmethod
    def of(cls, key: str) -> "PromptName | None":
        """Read a key; None if it is not a prompt's."""
        *_, run, folder, name = ["", "", *key.split("/")]
        if folder != keys.PROMPTS:
            return None
        at, _, purpose = name.removesuffix(".txt").partition("-")
        return cls(
            int(run.removeprefix("run-")), datetime.strptime(f"{at}Z", f"{_TIME}%z"), purpose
        )
