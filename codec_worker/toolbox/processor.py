"""The processor that code is compiled for.

Compiled for the very processor of a machine, a cached kernel would be of no use on the next: EC2
gives one job this processor and another that. Any server since 2013 (Intel Haswell, AMD Excavator)
has the features of the level ``x86-64-v3`` (x86-64 psABI, section 3.1.1); vectors of 512 bits,
which some have beyond that, are a small gain here.
"""

import platform
from functools import cache
from pathlib import Path

_LEVEL = "x86-64-v3"
_FEATURES = {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}


@cache
def numba_settings() -> dict[str, str]:
    """Return numba's environment variables for the common processor.

    Returns
    -------
    dict of str
        Empty on a machine of another kind or an older one: then it compiles for itself.
    """
    if platform.machine() != "x86_64":
        return {}
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    if not _FEATURES.issubset(flags):
        return {}
    return {"NUMBA_CPU_NAME": _LEVEL, "NUMBA_CPU_FEATURES": ""}
