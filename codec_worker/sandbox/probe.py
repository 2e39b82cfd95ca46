"""Which layers of defence this machine has, and whether they are enough."""

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from codec_worker.sandbox import landlock, names, seccomp
from codec_worker.sandbox.outcome import SandboxUnavailableError

_CAP_SETGID, _CAP_SETUID = 6, 7
_HIDDEN = re.compile(r"\bhidepid=(?!0\b|off\b)")


@dataclass(frozen=True)
class Layers:
    """What was found.

    Attributes
    ----------
    linux : bool
        Nothing else is known to hold.
    root : bool
        Whether this process is root.
    uid_drop : bool
        Whether candidates get a user of their own; only root can give them one.
    landlock_abi : int
        Version of Landlock, 0 if there is none.
    seccomp : bool
        Whether system calls can be filtered.
    rlimits : bool
        Whether the kernel enforces resource limits.
    lacking : str
        Why this is not enough, and the mend, in one sentence; empty if it is enough.
    own_names : bool
        Whether candidates get a tree of names of their own, which is not required.
    """

    linux: bool
    root: bool
    uid_drop: bool
    landlock_abi: int
    seccomp: bool
    rlimits: bool
    lacking: str
    own_names: bool = False


def probe() -> Layers:
    """Find out what this machine offers."""
    if sys.platform != "linux":
        return judge(
            linux=False,
            root=False,
            uid_drop=False,
            landlock_abi=0,
            filter_fault="",
            hides_processes=False,
        )
    try:
        seccomp.compile_filter()
        fault = "" if _kernel_filters() else "The kernel has no seccomp: use a kernel that has it."
    except SandboxUnavailableError as error:
        fault = str(error)
    root = os.geteuid() == 0
    layers = judge(
        linux=True,
        root=root,
        uid_drop=root and _may_change_user(),
        landlock_abi=landlock.abi_version(),
        filter_fault=fault,
        hides_processes=_hides_processes(),
    )
    return replace(layers, own_names=names.are_possible())


def judge(
    *,
    linux: bool,
    root: bool,
    uid_drop: bool,
    landlock_abi: int,
    filter_fault: str,
    hides_processes: bool,
) -> Layers:
    """Decide whether these layers are enough; with any doubt they are not."""
    lacking = ""
    if not linux:
        lacking = (
            "The sandbox needs Linux: run the bench on a Linux machine, a virtual machine or in "
            "a Linux container."
        )
    elif filter_fault:
        lacking = filter_fault
    elif landlock_abi < 1:
        lacking = (
            "The kernel has no Landlock, so a candidate could read any file: use Linux 5.13 or "
            "later with lsm=landlock, and a container runtime that lets its system calls pass."
        )
    elif root and not uid_drop:
        lacking = (
            "The bench is root but may not become another user: give the container the "
            "capabilities SETUID and SETGID, or start it as an ordinary user."
        )
    elif hides_processes and not root:
        lacking = (
            "An ordinary user cannot watch candidates here, for /proc is mounted with hidepid: "
            "mount it without, or start the bench as root."
        )
    return Layers(
        linux=linux,
        root=root,
        uid_drop=uid_drop,
        landlock_abi=landlock_abi,
        seccomp=linux and not filter_fault,
        rlimits=linux,
        lacking=lacking,
    )


def require_layers() -> Layers:
    """Return what this machine offers.

    Raises
    ------
    SandboxUnavailableError
        If it is not enough to run a candidate.
    """
    layers = probe()
    if layers.lacking:
        raise SandboxUnavailableError(layers.lacking)
    return layers


def _kernel_filters() -> bool:
    return "\nSeccomp:" in Path("/proc/self/status").read_text(encoding="ascii")


def _hides_processes() -> bool:
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return any(line.split()[4] == "/proc" and _HIDDEN.search(line) for line in mounts)


def _may_change_user() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            capabilities = int(line.split()[1], 16)
            return all(capabilities >> bit & 1 for bit in (_CAP_SETGID, _CAP_SETUID))
    return False
