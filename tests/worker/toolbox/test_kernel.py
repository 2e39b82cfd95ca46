"""Kernels come from the cache, serve others that inline them, and suit a common processor."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codec_lab.limits import Limits
from codec_worker.contract import Clip
from codec_worker.sandbox.sandbox import Sandbox
from codec_worker.toolbox import processor

V3 = "fpu sse4_2 abm avx avx2 bmi1 bmi2 f16c fma movbe"
OWN_KERNEL = """
import json

import numba
from numba import config

from codec_worker.toolbox import distortion

@numba.njit
def cost(a, b):
    return distortion.sad(a, 0, 0, b, 0, 0, 8, 8) + distortion.ssd(a, 0, 0, b, 0, 0, 8, 8)

def encode(clip, quality):
    a, b = clip.y[0, :8, :8].copy(), clip.y[1, :8, :8].copy()
    total = int(cost(a, b))
    hits = sum(distortion.sad.stats.cache_hits.values())
    answer = [total, hits, config.CPU_NAME or "", config.CPU_FEATURES]
    return json.dumps(answer).encode()
"""


def test_a_candidates_own_kernel_can_call_one_of_the_toolbox() -> None:
    y = np.random.default_rng(3).integers(0, 256, (2, 16, 16), np.uint8)
    clip = Clip(y, y[:, ::2, ::2].copy(), y[:, ::2, ::2].copy(), 25.0)
    difference = np.abs(y[0, :8, :8].astype(int) - y[1, :8, :8])

    modules = ("numba", "codec_worker.toolbox.distortion")
    with Sandbox({"codec.py": OWN_KERNEL}, "encode", Limits(cpu_s=60, wall_s=200), modules) as box:
        run = box.encode(clip, 30)

    assert run.value is not None, run.message
    cost, hits, cpu_name, cpu_features = json.loads(run.value)
    assert cost == difference.sum() + (difference**2).sum()
    assert hits == 1  # loaded, not compiled
    wanted = processor.numba_settings()
    assert cpu_name == wanted.get("NUMBA_CPU_NAME", "")
    assert cpu_features == wanted.get("NUMBA_CPU_FEATURES")


@pytest.mark.parametrize(
    ("machine", "flags", "name"),
    [
        ("x86_64", f"{V3} avx512f avx512bw avx512cd avx512dq avx512vl amx", "x86-64-v4"),
        ("x86_64", f"{V3} avx512f", "x86-64-v3"),
        ("x86_64", V3, "x86-64-v3"),
        ("x86_64", "fpu sse4_2 avx", None),
        ("x86_64", "", None),
        ("aarch64", "fpu", None),
    ],
)
def test_only_a_processor_with_all_its_features_takes_the_common_code(
    machine: str, flags: str, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor.platform, "machine", lambda: machine)
    monkeypatch.setattr(Path, "read_text", lambda *_: f"processor : 0\nflags\t\t: {flags}\n")

    settings = processor.numba_settings.__wrapped__()

    assert settings.get("NUMBA_CPU_NAME") == name
    assert (settings.get("NUMBA_CPU_FEATURES") == "") is (name is not None)


def test_another_processor_can_be_asked_for() -> None:
    program = "from codec_worker.toolbox import kernel; print(kernel.config.CPU_NAME)"
    for chosen in ({}, {"NUMBA_CPU_NAME": "generic"}):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **chosen},
            capture_output=True,
            text=True,
            check=True,
        )
        default = processor.numba_settings().get("NUMBA_CPU_NAME")
        assert done.stdout.strip() == str(chosen.get("NUMBA_CPU_NAME", default))


def test_an_inner_kernel_is_loaded_at_its_first_call() -> None:
    program = """
import numpy as np
from codec_worker.toolbox.distortion import sad

assert not sad.overloads
a, b = np.zeros((8, 8), np.uint8), np.full((8, 8), 3, np.uint8)
print(sad(a, 0, 0, b, 0, 0, 8, 4), len(sad.overloads), sum(sad.stats.cache_hits.values()))
try:
    sad(a.astype(float), 0, 0, b, 0, 0, 8, 4)
except TypeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    value, refusal = done.stdout.strip().split("\n", maxsplit=1)
    assert value == f"{8 * 4 * 3} 1 1"
    assert refusal.startswith("No matching definition")


def test_an_inner_kernel_refuses_other_types_in_its_first_call_too() -> None:
    program = """
import numpy as np
from codec_worker.toolbox.distortion import sad

a = np.zeros((16, 8), np.uint8)[::2]
sad(a, 0, 0, a, 0, 0, 8, 4)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No matching definition" in done.stderr


def test_threads_may_call_an_inner_kernel_first_together() -> None:
    program = """
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from codec_worker.toolbox.distortion import sad

sys.setswitchinterval(1e-6)
a, b = np.zeros((8, 8), np.uint8), np.full((8, 8), 3, np.uint8)
with ThreadPoolExecutor(8) as pool:
    print({pool.submit(sad, a, 0, 0, b, 0, 0, 8, 4).result() for _ in range(64)})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{96}"
