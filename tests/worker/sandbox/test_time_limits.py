"""A call ends within a second of its limit, whatever it is doing, and never has a score."""

import textwrap
import time
from pathlib import Path

import pytest

from codec_lab.job import JobKind
from codec_lab.limits import Limits
from codec_worker.contract import Geometry
from codec_worker.sandbox.outcome import Outcome
from codec_worker.sandbox.sandbox import Sandbox
from tests.worker.bench import Bench
from tests.worker.samples import moving_clip, tiny_candidate

CPU = Limits(cpu_s=1, wall_s=30)
WALL = Limits(cpu_s=1, wall_s=1)
CLIP = moving_clip()

TOP = """
import signal
import threading
import time

import numpy as np

def in_threads(work):
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def spin():
    while True:
        pass

def multiply():
    square = np.ones((1500, 1500))
    while True:
        square @ square
"""

BUSY = {
    "a loop": "spin()",
    "a loop that ignores signals": """
        for number in (signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        spin()
    """,
    "a call of C that holds the interpreter": "pow(7, 10**8)",
    "a call of C that lets it go": "np.linalg.svd(np.random.default_rng(1).random((4000, 4000)))",
    "threads that compute": "in_threads(multiply)",
    "threads that spin": "in_threads(spin)",
}
IDLE = {
    "a sleep": "time.sleep(60)",
    "a sleep that blocks signals": """
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(60)
    """,
    "a lock that nobody opens": "threading.Lock().acquire() and threading.Event().wait()",
    "threads that sleep": "in_threads(lambda: time.sleep(60))",
}
CASES = [
    *(pytest.param(CPU, body, id=f"CPU: {name}") for name, body in BUSY.items()),
    *(pytest.param(WALL, body, id=f"clock: {name}") for name, body in IDLE.items()),
]


def codec(*, at_import: str = "", encode: str = "pass", decode: str = "pass") -> dict[str, str]:
    parts = [TOP, textwrap.dedent(at_import)]
    for head, body in (("encode(clip, quality)", encode), ("decode(bitstream)", decode)):
        parts.append(f"def {head}:\n" + textwrap.indent(textwrap.dedent(body).strip(), "    "))
    return {"codec.py": "\n".join(parts) + "\n"}


@pytest.mark.parametrize("place", ["at_import", "encode", "decode"])
@pytest.mark.parametrize(("limits", "body"), CASES)
def test_every_call_ends_within_a_second_of_its_limit(
    limits: Limits, body: str, place: str
) -> None:
    files = codec(**{place: body})
    direction = "decode" if place == "decode" else "encode"
    with Sandbox(files, direction, limits) as box:
        assert box._zygote is not None
        assert box._zygote.ready.pid
        started = time.monotonic()
        if direction == "encode":
            run = box.encode(CLIP, 30)
        else:
            run = box.decode(b"damaged", Geometry.of(CLIP))
        elapsed_s = time.monotonic() - started

    assert run.value is None
    if limits is CPU:
        assert run.outcome is Outcome.CPU_LIMIT, run
        assert run.cpu_s < limits.cpu_s + 1.1  # the kernel counts in ticks
    else:
        assert run.outcome is Outcome.WALL_LIMIT, run
        assert elapsed_s < limits.wall_s + 1


def nested(levels: int, body: list[str]) -> list[str]:
    """Put lines into ``finally`` clauses, each of which doubles the compiled code."""
    for _ in range(levels):
        body = ["try:", " pass", "finally:", *(f" {line}" for line in body)]
    return body


BOMB = "\n".join(nested(9, ["def f():", *(f" {line}" for line in nested(13, ["x = 1"]))])) + "\n"


def test_source_that_takes_long_to_compile_is_held_to_the_limits_of_the_call() -> None:
    codec = (
        "def encode(clip, quality):\n    if quality > 50:\n        import bomb\n    return b''\n"
    )
    with Sandbox({"codec.py": codec, "bomb.py": BOMB}, "encode", CPU) as box:
        runs = [box.encode(CLIP, quality) for quality in (30, 60, 30)]

    assert [run.outcome for run in runs] == [Outcome.OK, Outcome.CPU_LIMIT, Outcome.OK]
    assert all(run.cpu_s < CPU.cpu_s + 1.1 for run in runs), runs


def test_a_run_that_is_ended_has_no_score(tmp_path: Path) -> None:
    slow = tiny_candidate(
        encode="if quality > 50:\n    while True: pass\nreturn honest_encode(clip, quality)"
    )
    bench = Bench(tmp_path, slow, Limits(cpu_s=1, wall_s=30))

    verdict = bench.run(JobKind.EXECUTE)

    assert verdict.fault is not None
    assert (verdict.fault.error_type, verdict.fault.limit) == ("LimitExceededError", "cpu_s")
    assert verdict.results == ()
