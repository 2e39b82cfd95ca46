"""What the states of the two state machines send to their handlers and get back."""

from typing import Annotated, Literal

from pydantic import Field

from codec_lab.experiment import Experiment, FixTried
from codec_lab.job import JobSpec
from codec_lab.model import Model, Moment, Name, Sha256
from codec_lab.phase import MAX_ATTEMPTS, Phase

Run = Annotated[int, Field(ge=1)]
AttemptNumber = Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)]


class PhaseRequest(Model):
    """Asks for a phase of a run: ``Design``, ``Analyze``, ``DesignNext``, ``NotifyHuman``."""

    experiment_id: Name
    run: Run


class DesignResult(Model):
    """What ``Design`` made."""

    candidate_sha256: Sha256
    change: str


class DeployRequest(Model):
    """Asks ``Deploy`` for the bundle and the jobs of the next attempts."""

    experiment_id: Name
    run: Run
    validation_attempt: AttemptNumber
    execution_attempt: AttemptNumber


class DeployResult(Model):
    """The jobs of the deployed bundle.

    Attributes
    ----------
    validation : JobSpec
        The first.
    execution : JobSpec
        The execution as a whole: its verdict is merged from those of the shards.
    shards : tuple of JobSpec
        The jobs that measure some of its clips each, side by side.
    """

    validation: JobSpec
    execution: JobSpec
    shards: Annotated[tuple[JobSpec, ...], Field(min_length=1)]


class JudgeRequest(Model):
    """Asks to judge a job that has ended.

    Attributes
    ----------
    job : JobSpec
        A validation, or an execution as a whole.
    shards : tuple of JobSpec
        The execution's shards, whose verdicts are merged into the job's.
    began_at : datetime or None
        When the execution began.
    """

    job: JobSpec
    shards: tuple[JobSpec, ...] = ()
    began_at: Moment | None = None


class JudgeResult(Model):
    """What passed.

    Attributes
    ----------
    clips, rate_points : int
        How much was measured.
    stopped : bool
        Whether the screen ends the experiment: the full measurement would be wasted.
    """

    candidate_sha256: Sha256
    clips: int
    rate_points: int
    stopped: bool = False


class FixRequest(Model):
    """Asks ``FixValidation`` or ``FixExecution`` to mend the fault of an attempt."""

    experiment_id: Name
    run: Run
    phase: Literal[Phase.VALIDATION, Phase.EXECUTION]
    attempt: AttemptNumber


class FixResult(FixTried):
    """What a fix was, and what must be replayed before it counts.

    Attributes
    ----------
    framework_version : int or None
        The version that it proposes, if it changes the framework.
    replays : tuple of JobSpec
        The jobs of that version's replay.
    """

    framework_version: int | None = None
    replays: tuple[JobSpec, ...] = ()


class FrameworkRequest(Model):
    """Asks ``JudgeFramework`` to decide on a change set by its replay.

    Attributes
    ----------
    phase, attempt
        The attempt that follows the fix.
    framework_version : int
        The proposed version.
    replays : tuple of JobSpec
        What was replayed.
    """

    experiment_id: Name
    run: Run
    phase: Literal[Phase.VALIDATION, Phase.EXECUTION]
    attempt: AttemptNumber
    framework_version: Annotated[int, Field(ge=1)]
    replays: tuple[JobSpec, ...] = ()


class FrameworkResult(Model):
    """What became of a change set.

    Attributes
    ----------
    adopted : bool
        Whether it came into force.
    redeploy : bool
        Whether the experiment's bundle is another on it; if not, the fault stands.
    reason : str
        Why.
    error_type, message : str
        The fault that led to it.
    """

    framework_version: int
    adopted: bool
    redeploy: bool
    reason: str
    error_type: str
    message: str


class AnalyzeResult(Model):
    """What ``Analyze`` found."""

    bd_rate_percent: float | None
    tier: str | None
    analysis: str


class DesignNextResult(Model):
    """Where the next experiment starts."""

    parent_sha256: Sha256
    reason: str


class NotifyResult(Model):
    """What a person was told."""

    subject: str


class ExperimentInput(Model):
    """The input of an execution of the experiment's state machine.

    Attributes
    ----------
    resume_from : Phase
        Where it begins.
    hinted : bool
        Whether a person's hint waits in the record for the mind.
    """

    experiment_id: Name
    campaign_id: Name
    run: Run
    resume_from: Phase = Phase.DESIGN
    hinted: bool = False

    @classmethod
    def of(cls, experiment: Experiment) -> "ExperimentInput":
        """Give the input for an experiment's current run."""
        return cls(
            experiment_id=experiment.experiment_id,
            campaign_id=experiment.campaign_id,
            run=experiment.run,
            resume_from=experiment.resume_from or Phase.DESIGN,
            hinted=bool(experiment.hint),
        )


class ChooseRequest(Model):
    """Asks ``ChooseExperiment`` for the campaign's next experiment."""

    campaign_id: Name


class Choice(Model):
    """The next experiment, or why there is none.

    Attributes
    ----------
    action : str
        ``run`` or ``stop``.
    experiment_id, run
        What to run.
    input : ExperimentInput or None
        The input of the experiment's execution.
    reason : str
        Why, for people.
    """

    action: Literal["run", "stop"]
    experiment_id: Name | None = None
    run: Run | None = None
    input: ExperimentInput | None = None
    reason: str


class OutcomeRequest(Model):
    """Tells ``RecordOutcome`` how an experiment's execution ended.

    Attributes
    ----------
    succeeded : bool
        Whether the execution succeeded.
    error_type, message : str
        The error it ended with; empty after a success.
    """

    campaign_id: Name
    experiment_id: Name
    run: Run
    succeeded: bool
    error_type: str = ""
    message: str = ""


class OutcomeResult(Model):
    """How long to wait before the next experiment.

    Attributes
    ----------
    rolled_back : str or None
        Why the framework went back to an earlier version, if it did.
    """

    pause_s: int
    failures_in_a_row: int
    rolled_back: str | None = None
