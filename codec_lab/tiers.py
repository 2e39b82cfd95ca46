"""The goals against HEVC, by BD-rate on the same clips."""

REFERENCE_ANCHOR = "x265-medium"
"""The HEVC encoder that tiers are measured against."""

_TIERS = ((-90.0, "90 % below HEVC"), (-70.0, "70 % below HEVC"), (-50.0, "50 % below HEVC"))


def tier_of(bd_rate_percent: float | None) -> str | None:
    """Name the goal that a BD-rate against x265 reaches.

    Parameters
    ----------
    bd_rate_percent : float or None
        Mean over all clips of the plan; None if it is not known on every one.

    Returns
    -------
    str or None
        The highest tier reached, None where there is none.
    """
    if bd_rate_percent is None:
        return None
    return next((name for limit, name in _TIERS if bd_rate_percent <= limit), None)
