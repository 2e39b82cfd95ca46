"""Under which conditions a verdict was found."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from codec_lab.limits import Limits
from codec_lab.packages import AVAILABLE
from codec_worker import ffmpeg_program, measuring_code, video
from codec_worker.sandbox.probe import probe


def describe(limits: Limits) -> dict[str, str]:
    """Give image, versions, processor and limits as texts, for the verdict."""
    facts = {
        "image": os.environ.get("CODEC_LAB_IMAGE", "none"),
        "python": platform.python_version(),
        "measuring_code": measuring_code.SHA256[:12],
        "video_library": video.LIBRARY,
        "vmaf": ffmpeg_program.version_with("libvmaf"),
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "limits": limits.model_dump_json(),
        "sandbox": _sandbox_layers(),
    }
    for package in sorted(AVAILABLE):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "absent"
    return facts


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _sandbox_layers() -> str:
    layers = probe()
    found = {
        "rlimits": layers.rlimits,
        "own user": layers.uid_drop,
        "own names": layers.own_names,
        f"Landlock {layers.landlock_abi}": layers.landlock_abi > 0,
        "seccomp": layers.seccomp,
    }
    return ", ".join(name for name, present in found.items() if present)
