"""The notebook of lessons: what changes did to the measured BD-rate, the largest effects first.

It is made anew from the records after each measurement, so that it holds nothing that was not
measured, and is cut to what a prompt has room for.
"""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

from codec_lab.archive import Archive
from codec_lab.calibration import Calibration
from codec_lab.experiment import Experiment
from codec_lab.parameters import difference

MAX_LESSONS = 20
MAX_CHARACTERS = 3000


def lessons(experiments: Iterable[Experiment]) -> str:
    """Write the notebook.

    Parameters
    ----------
    experiments : iterable of Experiment
        All of a campaign. An experiment teaches what its change did if its parent was measured
        too, in full or, where the screen ended it, there; predictions and explanations teach
        nothing.

    Returns
    -------
    str
        One lesson a line, in percent points of BD-rate; empty while there is none.
    """
    known = sorted(experiments, key=lambda one: one.number)
    archive = Archive(known)
    effects: dict[str, list[float]] = defaultdict(list)
    idle: list[str] = []
    for one in known:
        parent = archive.parent_of(one)
        if parent is None:
            continue
        change = _change(parent, one)
        screened = archive.screened_points(one)
        if screened is not None:
            effects[f"{change} (on the screen, which stopped it)"].append(screened)
        if one.bd_rate_percent is None or parent.bd_rate_percent is None:
            continue
        if one.repeats is not None:
            idle.append(f"no effect: {change}")
        else:
            effects[change].append(one.bd_rate_percent - parent.bd_rate_percent)
    means = sorted(((fmean(deltas), change, len(deltas)) for change, deltas in effects.items()))
    lines = [
        f"{delta:+.2f} points{f' in the mean of {count}' if count > 1 else ''}: {change}"
        for delta, change, count in sorted(means, key=lambda mean: -abs(mean[0]))
    ]
    calibration = Calibration.of(known)
    head = [calibration.sentence] if calibration else []
    return _cut([*head, *lines[:MAX_LESSONS], *idle[-3:]])


def _change(parent: Experiment, child: Experiment) -> str:
    before, after = parent.parameters, child.parameters
    same_names = before is not None and after is not None and before.keys() == after.keys()
    only_parameters = child.mind == "offline" and same_names and before != after
    if only_parameters and before is not None and after is not None:
        return difference(before, after)
    return " ".join((child.change or "an unnamed change").split())


def _cut(lines: list[str]) -> str:
    kept: list[str] = []
    room = MAX_CHARACTERS
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)
