"""The screen of a validation: whether the full measurement is worth its time."""

from collections.abc import Sequence

from codec_lab.analyzing import mean_bd_rate
from codec_lab.experiment import Experiment
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import Records
from codec_lab.verdict import ClipResult

RIVALS = 5
"""Experiments of the lowest BD-rate in full among which the best screen is looked for. Others
stay out: a candidate that failed the full measurement must not set the bar."""


def screen_bd_rate(plan: EvaluationPlan, screen: Sequence[ClipResult]) -> float | None:
    """Give the screen's mean BD-rate in percent, None if it is not known on every clip."""
    return mean_bd_rate(screen, plan.screen_anchor) if screen else None


def stop_reason(
    experiment: Experiment,
    bd_rate_percent: float | None,
    plan: EvaluationPlan,
    records: Records,
) -> str | None:
    """Say why an experiment stops after its screen.

    Parameters
    ----------
    experiment : Experiment
        Which.
    bd_rate_percent : float or None
        Its screen's mean BD-rate.
    plan : EvaluationPlan
        Names the margin.
    records : Records
        Know the campaign's other experiments.

    Returns
    -------
    str or None
        None if it goes on: it is good enough, or there is nothing to compare.
    """
    rivals = [
        (one.screen_bd_rate_percent, one.experiment_id)
        for one in records.best_experiments(experiment.campaign_id, RIVALS)
        if one.screen_bd_rate_percent is not None and one.experiment_id != experiment.experiment_id
    ]
    if bd_rate_percent is None or plan.screen is None or not rivals:
        return None
    best_percent, best_id = min(rivals)
    worse = bd_rate_percent - best_percent
    if worse <= plan.screen.margin_percent:
        return None
    return (
        f"Stopped after the screen: BD-rate {bd_rate_percent:+.1f} % against "
        f"{plan.screen_anchor} on {len(plan.screen_clips)} clips, {worse:.1f} points worse than "
        f"{best_id} there ({best_percent:+.1f} %); the margin is {plan.screen.margin_percent:g}."
    )
