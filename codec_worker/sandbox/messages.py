"""What the bench, the zygote and the candidate's process tell each other.

All of it is JSON, or raw bytes whose number the bench fixes beforehand: nothing that comes out
of a candidate's process is ever unpickled.
"""

import struct
from typing import NamedTuple

RESULT_HEADER = struct.Struct("<8sQ80s80s80s")
"""Kind of a result, its length in bytes and, of a decoder's, what each plane is, such as
``uint8 (8, 288, 352)``; the payload follows."""

RESULT_OK = b"OK"
RESULT_FAILED = b"FAILED"
FAILURE_BYTES = 64 << 10
"""Room for the JSON that describes a failure."""

OCCUPIED_BYTES = 2 << 20
"""Memory that a call of a candidate occupies before it begins, at most."""

LOCKED = b"locked"
"""What a candidate's process reports, before it runs the candidate, once nothing is left open."""


class BaseSetup(NamedTuple):
    """What a base is told once: all that does not depend on a candidate but for its packages.

    ``packages`` are the modules that each folder of an installed package offers.
    """

    preload: list[str]
    import_roots: list[str]
    interpreter_roots: list[str]
    readable: list[str]
    listable: list[str]
    packages: dict[str, list[str]]
    seccomp_filter_hex: str
    drop_uid: bool
    own_names: bool


class Setup(NamedTuple):
    """What a zygote is told once; it serves one direction of one candidate."""

    direction: str
    files: dict[str, str]
    cpu_s: int
    memory_bytes: int
    max_threads: int


class Ready(NamedTuple):
    """A zygote's answer to its setup: empty error, who it is, what it occupies before any call.

    A descriptor of its process goes with it.
    """

    error: str
    pid: int
    address_space_bytes: int
    resident_bytes: int


class Request(NamedTuple):
    """One call; file descriptors of input, output, log and status go with it.

    Of the clip and the quality only an encoder is told, for a candidate can read all of this.
    """

    input_bytes: int
    output_bytes: int
    frames: int = 0
    height: int = 0
    width: int = 0
    fps: float = 0.0
    quality: int = 0


class Ended(NamedTuple):
    """How a candidate's process ended, as the kernel tells the zygote."""

    wait_status: int
    cpu_s: float
    peak_memory_bytes: int
