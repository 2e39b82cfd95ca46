"""How long a campaign waits before its next experiment."""

from typing import NamedTuple

AFTER_SUCCESS_S = 10
AFTER_FAILURE_S = 30
AFTER_FAILURES_IN_A_ROW_S = 300
FAILURES_IN_A_ROW = 5


class Pause(NamedTuple):
    """A pause in seconds and the failures counted towards the next long one."""

    pause_s: int
    failures_in_a_row: int


def pause_after(*, succeeded: bool, failures_in_a_row: int, counted: bool = False) -> Pause:
    """Choose the pause after an experiment.

    Parameters
    ----------
    succeeded : bool
        Whether the experiment completed.
    failures_in_a_row : int
        Failures counted so far.
    counted : bool
        Whether this one is among them already.

    Returns
    -------
    Pause
        10 s after a success, 30 s after a failure, 300 s after the fifth failure in a row, which
        starts the count anew.
    """
    if succeeded:
        return Pause(AFTER_SUCCESS_S, 0)
    failures = failures_in_a_row if counted else (failures_in_a_row + 1) % FAILURES_IN_A_ROW
    return Pause(AFTER_FAILURE_S if failures else AFTER_FAILURES_IN_A_ROW_S, failures)
