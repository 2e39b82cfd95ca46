"""What a worker is asked to do."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from codec_lab import keys
from codec_lab.charge import Reserved
from codec_lab.model import Model, Moment, Name, Sha256
from codec_lab.phase import MAX_ATTEMPTS

Prefix = Annotated[str, Field(pattern=r"/$")]


class JobKind(StrEnum):
    """The two jobs of a worker."""

    VALIDATE = "validate"
    EXECUTE = "execute"


class JobSpec(Model):
    """One job of a worker, as the state machine submits it.

    Attributes
    ----------
    kind : JobKind
        Validate on a few frames, or measure everything.
    experiment_id : str
        The experiment.
    run : int
        Which execution of the experiment, from 1.
    attempt : int
        Which attempt of the phase within the run, from 1.
    candidate_sha256, bundle_sha256 : str
        What must run; anything else is refused.
    bundle_key, plan_key : str
        Where the bundle and the evaluation plan lie.
    output_prefix : str
        Where the verdict and what belongs to the attempt go; ends with a slash.
    clips : tuple of str
        Which of the plan's clips an execution measures; all if none is named.
    points_prefix : str
        Where the measured rate points go and are looked for; ends with a slash. Jobs of one run
        about one bundle share it.
    reserved : Reserved or None
        What is set aside for the machines of this deployment; none where they cost nothing.
    deadline : datetime or None
        When a worker ends itself: so long the reservation lasts.
    """

    kind: JobKind
    experiment_id: Name
    run: Annotated[int, Field(ge=1)]
    attempt: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)]
    candidate_sha256: Sha256
    bundle_sha256: Sha256
    bundle_key: str
    plan_key: str
    output_prefix: Prefix
    points_prefix: Prefix
    clips: tuple[Name, ...] = ()
    reserved: Reserved | None = None
    deadline: Moment | None = None

    @property
    def verdict_key(self) -> str:
        """Where the verdict goes."""
        return keys.verdict(self.output_prefix)

    @property
    def progress_key(self) -> str:
        """Where the rate points measured so far go while the job runs."""
        return f"{self.output_prefix}progress.json"
