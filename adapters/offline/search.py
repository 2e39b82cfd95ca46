"""Points of a declared search space, by a tree-structured Parzen estimator.

J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for Hyper-Parameter Optimization",
NIPS 2011, as Optuna has it. The study is built from the measured trials each time: nothing is kept
between two designs.
"""

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from codec_lab.minds import Trial
from codec_lab.parameters import Declared, Value, as_declared, rounded

STARTUP_TRIALS = 8
"""Trials before the estimator says more than chance."""


def suggested(declared: Declared, trials: Sequence[Trial], seed: int) -> dict[str, Value]:
    """Ask for the next point.

    Parameters
    ----------
    declared : Declared
        The space, and values for what is not in it.
    trials : sequence of Trial
        What was measured; those that lie in the space count.
    seed : int
        Equal seeds and trials give equal points.

    Returns
    -------
    dict
        All parameters, in the declared order.
    """
    space = {name: _distribution(declared, name) for name in declared.space}
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS),
    )
    for trial in trials:
        if not trial.parameters.keys() >= space.keys():
            continue
        values = {name: as_declared(declared, name, trial.parameters[name]) for name in space}
        if all(_inside(space[name], value) for name, value in values.items()):
            study.add_trial(
                optuna.trial.create_trial(
                    params=values, distributions=space, value=trial.bd_rate_percent
                )
            )
    drawn = study.ask(space).params
    return {**declared.parameters, **{name: _placed(declared, name, drawn[name]) for name in drawn}}


def _placed(declared: Declared, name: str, value: Value) -> Value:
    """Give a drawn value the digits and the type of the declared ones."""
    choices = declared.space[name]
    if isinstance(choices, tuple) and isinstance(value, float):
        value = rounded(value, *choices)
    return as_declared(declared, name, value)


def _distribution(declared: Declared, name: str) -> BaseDistribution:
    choices = declared.space[name]
    if not isinstance(choices, tuple):
        return CategoricalDistribution(choices)
    low, high = choices
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high)
    return FloatDistribution(float(low), float(high))


def _inside(distribution: BaseDistribution, value: Any) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    return isinstance(value, int | float) and distribution._contains(  # noqa: SLF001
        distribution.to_internal_repr(value)
    )
