"""An experiment in short, as the table's index holds it."""

from decimal import Decimal
from functools import cached_property

from codec_lab.dashboard.experiment_views import ExperimentRow
from codec_lab.experiment import Experiment
from codec_lab.model import Model, Moment, Sha256
from codec_lab.phase import Phase, Status

_NAME_LENGTH = 120


class ListedExperiment(Model):
    """The attributes of ``Experiment`` that tables and plots of all experiments need.

    An index holds them, which can hold 20 beside its keys.
    """

    experiment_id: str
    run: int
    status: Status
    phase: Phase
    updated_at: Moment
    change: str | None = None
    validation_attempts: int = 0
    execution_attempts: int = 0
    bd_rate_percent: float | None = None
    bd_rate_low_percent: float | None = None
    bd_rate_high_percent: float | None = None
    bitrate_bps: float | None = None
    psnr_y_db: float | None = None
    ssim_y: float | None = None
    vmaf: float | None = None
    tier: str | None = None
    stop_reason: str | None = None
    candidate_sha256: Sha256 | None = None
    parent_sha256: Sha256 | None = None
    model_cost_usd: Decimal = Decimal(0)
    aws_cost_usd: Decimal | None = None

    @classmethod
    def of(cls, experiment: Experiment) -> "ListedExperiment":
        """Shorten an experiment's record."""
        names = cls.model_fields.keys() & type(experiment).model_fields.keys()
        return cls.model_validate({name: getattr(experiment, name) for name in names})

    @property
    def number(self) -> int:
        """Counts within the campaign, and ends the identifier."""
        return int(self.experiment_id.rpartition("-")[2])

    @property
    def cost_usd(self) -> Decimal:
        """What calls to a model and AWS cost."""
        return self.model_cost_usd + (self.aws_cost_usd or Decimal(0))

    @property
    def name(self) -> str:
        """What it changes, in a line."""
        line = " ".join((self.change or "").split())
        return line if len(line) <= _NAME_LENGTH else f"{line[: _NAME_LENGTH - 1]}…"

    @cached_property
    def searched(self) -> str:
        """What a filter by text looks into: identifier and name, in lower case."""
        return f"{self.experiment_id}\n{self.name}".casefold()

    @property
    def attempts(self) -> int:
        """The attempts of the phase where it stands."""
        if self.phase.number >= Phase.EXECUTION.number:
            return self.execution_attempts
        return self.validation_attempts

    def row(self) -> ExperimentRow:
        """Give the experiment's row of the table."""
        return ExperimentRow(
            experiment_id=self.experiment_id,
            number=self.number,
            version=self.run,
            name=self.name,
            status=self.status,
            phase=self.phase,
            needs_human=self.status is Status.NEEDS_HUMAN,
            attempts=self.attempts,
            bd_rate_percent=self.bd_rate_percent,
            bd_rate_low_percent=self.bd_rate_low_percent,
            bd_rate_high_percent=self.bd_rate_high_percent,
            bitrate_bps=self.bitrate_bps,
            psnr_y_db=self.psnr_y_db,
            ssim_y=self.ssim_y,
            vmaf=self.vmaf,
            tier=self.tier,
            stop_reason=self.stop_reason,
            cost_usd=float(self.cost_usd),
            updated_at=self.updated_at,
        )
