"""Numbers as people read them."""

MISSING = "–"
"""Stands where nothing is known; never a zero."""

_MINUS = "\N{MINUS SIGN}"
_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


def decimal(value: float | None, digits: int = 2) -> str:
    """Write a number with a fixed count of decimals and a true minus."""
    return MISSING if value is None else f"{value:.{digits}f}".replace("-", _MINUS)


def signed(value: float | None, digits: int = 1) -> str:
    """Write a difference: always with its sign."""
    if value is None:
        return MISSING
    text = decimal(value, digits)
    return f"+{text}" if value > 0 else text


def interval(low: float | None, high: float | None, digits: int = 1) -> str | None:
    """Write a 95 % interval; None where it is not known."""
    if low is None or high is None:
        return None
    return f"{signed(low, digits)} … {signed(high, digits)}"


def grouped(value: float) -> str:
    """Write a whole number with its thousands in groups."""
    return f"{value:,.0f}".replace(",", _NARROW_SPACE)


def kilobits(bitrate_bps: float | None, digits: int = 1) -> str:
    """Write a rate in kb/s."""
    return MISSING if bitrate_bps is None else decimal(bitrate_bps / 1000, digits)


def size(size_bytes: int) -> str:
    """Write a size in binary units."""
    if size_bytes < 1 << 10:
        return f"{size_bytes} B"
    if size_bytes < 1 << 20:
        return f"{size_bytes / (1 << 10):.1f} KiB"
    return f"{size_bytes / (1 << 20):.1f} MiB"


def words(name: str) -> str:
    """Write ``needs_human`` as people say it."""
    return name.replace("_", " ").capitalize()


def listed(names: tuple[object, ...]) -> str:
    """Write names as a list in a sentence."""
    texts = [str(name) for name in names]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
