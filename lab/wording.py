"""How values read at a terminal."""

from codec_lab.verdict import RatePoint

STOPPED = "stopped after the screen"
"""The outcome of an experiment that was not measured in full."""


def short(sha256: str | None) -> str:
    """Shorten a hash to what tells candidates apart at a glance."""
    return sha256[:10] if sha256 else "–"


def clock_time(seconds: float) -> str:
    """Write a duration as ``m:ss`` or ``h:mm:ss``."""
    minutes, s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def percent(value: float | None, reason: str | None = None) -> str:
    """Write a signed BD-rate, or why there is none."""
    if value is None:
        return f"n/a ({reason})" if reason else "n/a"
    return f"{value:+.1f} %"


def percent_within(value: float | None, low: float | None, high: float | None) -> str:
    """Write a signed BD-rate with its interval, where there is one: ``-24.0 % [-31.2, -12.4]``."""
    if value is None or low is None or high is None:
        return percent(value)
    return f"{percent(value)} [{low:+.1f}, {high:+.1f}]"


def rate(bitrate_bps: float) -> str:
    """Write a bitrate."""
    return f"{bitrate_bps / 1000:.1f} kb/s"


def rate_point(clip: str | None, point: RatePoint) -> str:
    """Write what was measured at one point."""
    vmaf = "" if point.vmaf is None else f", VMAF {point.vmaf:.1f}"
    return (
        f"{clip or 'clip'} at quality {point.quality}: {point.size_bytes} bytes, "
        f"{rate(point.bitrate_bps)}, PSNR-Y {point.psnr_y_db:.2f} dB, SSIM {point.ssim_y:.4f}{vmaf}"
    )


def wait_scale(scale: float) -> str:
    """Say how long pauses are."""
    if scale == 0:
        return "pauses are skipped"
    if scale == 1:
        return "pauses run at their full length"
    inverse = 1 / scale
    length = f"1/{inverse:.0f}" if abs(inverse - round(inverse)) < 1e-9 else f"{scale:g} times"
    return f"pauses run at {length} of their length"
