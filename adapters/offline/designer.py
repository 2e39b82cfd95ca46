"""Designs by search in the declared space, in moves of four kinds."""

import random
from collections.abc import Callable, Iterator

from codec_lab import parameters
from codec_lab.candidate import ENTRY_FILE
from codec_lab.errors import DesignRejectedError
from codec_lab.minds import DesignTask
from codec_lab.parameters import Declared, Value
from codec_lab.proposal import Mind, Proposal

DRAWS = 200
"""Moves drawn before the space counts as exhausted."""

Values = dict[str, Value]
_Move = Callable[[DesignTask, Declared, random.Random], Values]


class OfflineDesigner:
    """Keeps the port ``Designer``: writes the parent's source with other parameters.

    A seeded draw chooses the move: a *step* changes one or two parameters of the parent, a *swap*
    puts another alternative in the place of a stage, a *recombination* takes each parameter from
    the parent or from another of the best, and the *estimator* asks a model of all trials.
    A person's hint is not read, and so no proposal names one.
    """

    def design(self, task: DesignTask) -> Proposal:
        """Propose the first drawn point that was not tried before.

        Raises
        ------
        DesignRejectedError
            If the parent declares no parameters, or nothing new is found.
        """
        source = task.parent.candidate.files[ENTRY_FILE]
        declared = parameters.read(source)
        for kind, values in _points(task, declared):
            candidate = task.parent.candidate.with_file(
                ENTRY_FILE, parameters.write(source, values)
            )
            if not task.is_new(candidate):
                continue
            return Proposal(
                candidate=candidate,
                limits=task.limits,
                mind=Mind.OFFLINE,
                parent_sha256=task.parent.candidate.sha256,
                change=parameters.difference(declared.parameters, values),
                hypothesis=f"Drawn by the search ({kind}); it predicts nothing.",
            )
        raise DesignRejectedError(
            f"None of {DRAWS} points near the parent is new: its search space is exhausted."
        )


def _points(task: DesignTask, declared: Declared) -> Iterator[tuple[str, Values]]:
    """Draw moves until one leads to something new; equal tasks draw alike."""
    generator = random.Random(  # noqa: S311
        f"{task.random_seed}/{task.experiment_number}/{task.attempt}"
    )
    kinds, weights = zip(*((kind, weight) for kind, (weight, _) in _MOVES.items()), strict=True)
    for _ in range(DRAWS):
        kind = generator.choices(kinds, weights)[0]
        yield kind, _MOVES[kind][1](task, declared, generator)


def _step(_: DesignTask, declared: Declared, generator: random.Random) -> Values:
    return parameters.step(declared, generator, changes=generator.choice((1, 1, 2)))


def _swap(_: DesignTask, declared: Declared, generator: random.Random) -> Values:
    """Change a stage: a parameter whose alternatives are listed by name or as on and off."""
    stages = [
        name
        for name, choices in declared.space.items()
        if isinstance(choices, list) and (len(choices) == 2 or isinstance(choices[0], str))
    ]
    if not stages:
        return parameters.step(declared, generator, changes=1)
    chosen = Declared(declared.parameters, {name: declared.space[name] for name in stages})
    return parameters.step(chosen, generator, changes=1)


def _recombination(task: DesignTask, declared: Declared, generator: random.Random) -> Values:
    """Cross the parent with another of the best, and change one parameter besides."""
    others = [
        trial.parameters
        for trial in sorted(task.trials, key=lambda trial: trial.bd_rate_percent)
        if trial.parameters.keys() == declared.parameters.keys()
        and trial.parameters != declared.parameters
    ]
    if not others:
        return _step(task, declared, generator)
    other = generator.choice(others[:4])
    crossed = {
        name: generator.choice((value, parameters.as_declared(declared, name, other[name])))
        if name in declared.space
        else value
        for name, value in declared.parameters.items()
    }
    return parameters.step(Declared(crossed, declared.space), generator, changes=1)


def _estimator(task: DesignTask, declared: Declared, generator: random.Random) -> Values:
    """Move the parent half-way to the point of the estimator, parameter by parameter."""
    # Optuna and NumPy take a second to import: only where they are used.
    from adapters.offline.search import STARTUP_TRIALS, suggested  # noqa: PLC0415

    if len(task.trials) < STARTUP_TRIALS:
        return _step(task, declared, generator)
    point = suggested(declared, task.trials, seed=generator.getrandbits(32))
    return {
        name: generator.choice((value, point[name])) for name, value in declared.parameters.items()
    }


_MOVES: dict[str, tuple[float, _Move]] = {
    "step": (0.35, _step),
    "swap": (0.05, _swap),
    "recombination": (0.2, _recombination),
    "estimator": (0.4, _estimator),
}
"""How often each kind of move is drawn, and the move."""
