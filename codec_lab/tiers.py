"""The goals against HEVC, by BD-rate on the same clips."""

REFERENCE_ANCHOR = "x265-medium"
"""The HEVC encoder that tiers are measured against."""

_TIERS = ((-90.0, "90 % below HEVC"), (-70.0, "70 % below HEVC"), (-50.0, "50 % below HEVC"))


def tier_of(luma_percent: float | None, yuv_percent: float | None) -> str | None:
    """Name the goal that BD-rates against x265 reach.

    Luma alone would reward a codec that leaves the chroma out.

    Parameters
    ----------
    luma_percent, yuv_percent : float or None
        Means over the development clips on PSNR-Y and on PSNR-YUV (6:1:1); None if one is not
        known on every clip.

    Returns
    -------
    str or None
        The highest tier that both reach, None where there is none.
    """
    if luma_percent is None or yuv_percent is None:
        return None
    worse = max(luma_percent, yuv_percent)
    return next((name for limit, name in _TIERS if worse <= limit), None)


def withheld_tier(luma_percent: float | None, yuv_percent: float | None) -> str | None:
    """Say why a tier that luma alone reaches is not given; None where none is withheld."""
    by_luma = tier_of(luma_percent, luma_percent)
    if by_luma == tier_of(luma_percent, yuv_percent):
        return None
    chroma = "has no mean" if yuv_percent is None else f"is {yuv_percent:+.1f} %"
    return (
        f"The tier {by_luma} is withheld: it needs as much on PSNR-YUV, where the BD-rate {chroma}."
    )
