"""How good predictions were: the expected BD-rate against the measured one."""

from collections.abc import Iterable
from statistics import fmean

from codec_lab.experiment import Experiment
from codec_lab.model import Model


class Calibration(Model):
    """The score of predictions.

    Attributes
    ----------
    count : int
        Predictions with an outcome.
    bias_percent : float
        Mean of measured minus expected BD-rate; positive: too hopeful.
    error_percent : float
        Mean absolute difference.
    """

    count: int
    bias_percent: float
    error_percent: float

    @classmethod
    def of(cls, experiments: Iterable[Experiment]) -> "Calibration | None":
        """Score the experiments that have a prediction and an outcome; None if none has."""
        errors = [
            one.bd_rate_percent - one.expected_bd_rate_percent
            for one in experiments
            if one.bd_rate_percent is not None and one.expected_bd_rate_percent is not None
        ]
        if not errors:
            return None
        return cls(
            count=len(errors), bias_percent=fmean(errors), error_percent=fmean(map(abs, errors))
        )

    @property
    def sentence(self) -> str:
        """Say it to the one who predicts."""
        tendency = "too hopeful" if self.bias_percent > 0 else "too careful"
        return (
            f"{self.count} predicted BD-rates were off by {self.error_percent:.1f} points in the "
            f"mean, {abs(self.bias_percent):.1f} {tendency}."
        )
