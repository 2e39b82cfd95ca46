"""The processor that code is compiled for.

Compiled for the very processor of a machine, a cached kernel would be of no use on the next: EC2
gives one job this processor and another that. Code is compiled for one of two levels instead
(x86-64 psABI, section 3.1.1), which a worker's image holds both: ``x86-64-v3`` is what any server
since 2013 has, ``x86-64-v4`` adds the vectors of 512 bits, which make the seed a tenth faster.
Results do not depend on the level.
"""

import platform
from functools import cache
from pathlib import Path

_FEATURES_OF_V3 = {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}
_FEATURES_OF_V4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


@cache
def numba_settings() -> dict[str, str]:
    """Return numba's environment variables for the highest level that this machine has.

    Returns
    -------
    dict of str
        Empty on a machine of another kind or an older one: then it compiles for itself.
    """
    if platform.machine() != "x86_64":
        return {}
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    if not _FEATURES_OF_V3.issubset(flags):
        return {}
    level = "x86-64-v4" if _FEATURES_OF_V4.issubset(flags) else "x86-64-v3"
    return {"NUMBA_CPU_NAME": level, "NUMBA_CPU_FEATURES": ""}
