"""The sandbox as the bench uses it: honest candidates, typed failures, their evidence."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import pytest

from codec_lab.limits import Limits
from codec_worker.contract import Clip, Geometry
from codec_worker.sandbox import process
from codec_worker.sandbox.outcome import Outcome, SandboxUnavailableError
from codec_worker.sandbox.probe import judge, probe
from codec_worker.sandbox.reach import require_reachable
from codec_worker.sandbox.sandbox import Sandbox

HONEST = {
    "codec.py": """
import numpy as np
from blocks.pack import pack, unpack
import sizes

def encode(clip, quality):
    print("encoding at", quality, "with", clip.fps, "frames/s")
    return sizes.write(clip.y.shape) + pack(b"".join(plane.tobytes() for plane in clip[:3]))

def decode(bitstream):
    n, h, w = sizes.read(bitstream)
    planes = np.frombuffer(unpack(bitstream[6:]), np.uint8)
    y, u, v = np.split(planes, [n * h * w, n * h * w * 5 // 4])
    return y.reshape(n, h, w), u.reshape(n, h // 2, w // 2), v.reshape(n, h // 2, w // 2)
""",
    "sizes.py": """
import struct

def write(shape):
    return struct.pack("<3H", *shape)

def read(bitstream):
    return struct.unpack("<3H", bitstream[:6])
""",
    "blocks/pack.py": """
from zlib import compress as pack, decompress as unpack
""",
}
T = TypeVar("T")
LIMITS = Limits(cpu_s=20, wall_s=60)


def noise(frames: int = 2, height: int = 16, width: int = 32) -> Clip:
    random = np.random.default_rng(7)
    chroma = (2, frames, height // 2, width // 2)
    y = random.integers(0, 256, (frames, height, width), dtype=np.uint8)
    u, v = random.integers(0, 256, chroma, dtype=np.uint8)
    return Clip(y, u, v, 25.0)


@pytest.fixture(scope="module")
def honest() -> Iterator[tuple[Sandbox, Sandbox]]:
    with Sandbox(HONEST, "encode", LIMITS) as encoder, Sandbox(HONEST, "decode", LIMITS) as decoder:
        yield encoder, decoder


def test_honest_codec_of_several_files_makes_the_round_trip(
    honest: tuple[Sandbox, Sandbox],
) -> None:
    encoder, decoder = honest
    clip = noise()
    encoded = encoder.encode(clip, 40)
    assert (encoded.outcome, encoded.message) == (Outcome.OK, "")
    assert encoded.log == "encoding at 40 with 25.0 frames/s\n"
    assert encoded.value is not None
    decoded = decoder.decode(encoded.value, Geometry.of(clip))
    assert (decoded.outcome, decoded.message) == (Outcome.OK, "")
    assert decoded.value is not None
    for found, wanted in zip(decoded.value, clip[:3], strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert decoded.cpu_s > 0
    assert decoded.wall_s > 0
    assert decoded.peak_memory_bytes > 1 << 20


def test_a_second_call_gives_the_same(honest: tuple[Sandbox, Sandbox]) -> None:
    encoder, _ = honest
    first, second = (encoder.encode(noise(), 30) for _ in range(2))
    assert first.outcome is second.outcome is Outcome.OK
    assert first.value == second.value


def test_frames_of_several_sizes_in_one_sandbox(honest: tuple[Sandbox, Sandbox]) -> None:
    encoder, decoder = honest
    for size in ((1, 2, 2), (3, 144, 176)):
        clip = noise(*size)
        encoded = encoder.encode(clip, 40)
        assert encoded.value is not None
        decoded = decoder.decode(encoded.value, Geometry(*size))
        assert decoded.value is not None
        assert [plane.shape for plane in decoded.value] == list(Geometry(*size).plane_shapes)


SPY = """
import mmap, resource, sys

def decode(bitstream):
    frame = sys._getframe()
    while frame is not None:
        for name, value in sorted(frame.f_locals.items()):
            if isinstance(value, (int, float, bytes, tuple, list, mmap.mmap)):
                print(frame.f_code.co_name, name, value)
        frame = frame.f_back
    print(resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_FSIZE))
"""


def test_a_decoder_finds_nothing_of_the_clip_in_its_own_process() -> None:
    with Sandbox({"codec.py": SPY}, "decode", LIMITS) as box:
        sizes = ((1, 2, 2), (1, 2, 2), (300, 288, 352))  # at first other descriptors are free
        _, small, large = (box.decode(b"x", Geometry(*size)).log for size in sizes)
    assert "request Request(input_bytes=1" in small
    assert "length=" in small
    assert small == large


def test_a_picture_that_is_larger_than_all_memory_is_refused() -> None:
    source = "import numpy as np\ndef decode(bitstream):\n    return [np.broadcast_to(np.uint8(1), "
    with Sandbox({"codec.py": f"{source}(1 << 20, 99, 99))] * 3\n"}, "decode", LIMITS) as box:
        run = box.decode(b"x", Geometry(1, 2, 2))
    assert (run.outcome, run.value) == (Outcome.MEMORY_LIMIT, None)
    assert run.message == (
        "decode returned 30831280128 bytes; it may use 2147483648 bytes of memory"
    )


NAMES = """
import json, os, sys
import numpy, scipy.fft

def encode(clip, quality):
    files = [module.__file__ for module in list(sys.modules.values())
             if getattr(module, "__file__", None) and os.path.exists(module.__file__)]
    folders = {"/", "/usr", "/usr/lib"}
    for file in files:
        while file != "/":
            file = os.path.dirname(file)
            folders.add(file)
    disks = {os.stat(folder).st_dev for folder in folders if os.path.exists(folder)}
    machine = ("/proc/self", "/var/log", "/dev/null", "/etc/passwd", "/usr/bin")
    seen = [name for name in machine if os.path.exists(name)]
    return json.dumps([len(files), len(disks), disks.pop(), seen]).encode()
"""


@pytest.mark.skipif(not probe().own_names, reason="this machine allows no namespaces")
def test_a_candidate_looks_up_names_in_a_tree_of_its_own_alone() -> None:
    with Sandbox({"codec.py": NAMES}, "encode", LIMITS, ("numpy", "scipy.fft")) as box:
        files, disks, disk, seen = json.loads(box.encode(noise(), 40).value or b"")
    assert files > 100  # its libraries are all there
    assert (disks, seen) == (1, [])
    assert disk not in {Path(path).stat().st_dev for path in ("/", "/usr/lib", np.__path__[0])}


ADDRESSES = """
import numpy as np

def encode(clip, quality):
    arrays = np.zeros(9), np.zeros(10**6)
    places = id(object()), id([[]]), id(arrays[0]), *(array.ctypes.data for array in arrays)
    return " ".join(map(str, places)).encode()
"""


def test_nothing_that_a_candidate_makes_has_one_address_in_every_call() -> None:
    with Sandbox({"codec.py": ADDRESSES}, "encode", LIMITS) as box:
        calls = [(box.encode(noise(), 40).value or b"").split() for _ in range(12)]
    assert [len(set(places)) > 1 for places in zip(*calls, strict=True)] == [True] * 5


def test_a_python_that_only_root_can_enter_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "private" / "python").mkdir(parents=True)
    for place in (*tmp_path.parents[:-2], tmp_path, tmp_path / "private" / "python"):
        place.chmod(place.stat().st_mode | 0o001)
    require_reachable([str(tmp_path)])
    (tmp_path / "private").chmod(0o700)
    with pytest.raises(SandboxUnavailableError) as refusal:
        require_reachable([str(tmp_path / "private" / "python")])
    assert f"who cannot enter {tmp_path}/private, where this Python is" in str(refusal.value)
    assert f"chmod o+x {tmp_path}/private" in str(refusal.value)


def run_encode(source: str, limits: Limits = LIMITS, clip: Clip | None = None):
    with Sandbox({"codec.py": source}, "encode", limits) as box:
        return box.encode(clip or noise(), 40)


def test_traceback_shows_the_lines_of_every_file_and_only_of_the_candidate() -> None:
    files = {
        "codec.py": "import halves\n\ndef encode(clip, quality):\n    return halves.of(clip.y)\n",
        "halves.py": "def of(plane):\n    return plane / missing  # the fault\n",
    }
    with Sandbox(files, "encode", LIMITS) as box:
        run = box.encode(noise(), 40)
    assert (run.outcome, run.error_type) == (Outcome.EXCEPTION, "NameError")
    assert run.message == "name 'missing' is not defined"
    assert run.traceback.startswith(
        'Traceback (most recent call last):\n  File "codec.py", line 4, in encode\n'
        "    return halves.of(clip.y)\n"
    )
    assert "    return plane / missing  # the fault\n" in run.traceback
    assert "candidate_process" not in run.traceback


@pytest.mark.parametrize("fault", ["return missing", "time.sleep(60)"])
def test_a_form_feed_within_a_line_moves_no_line_of_a_traceback(fault: str) -> None:
    source = f"import time\n# a \f page\u2028break\ndef encode(clip, quality):\n    {fault}\n"
    run = run_encode(source, Limits(cpu_s=2, wall_s=2))
    assert run.outcome in {Outcome.EXCEPTION, Outcome.WALL_LIMIT}
    assert f"in encode\n    {fault}\n" in f"{run.traceback}\n"


def test_syntax_error_names_its_line() -> None:
    run = run_encode("def encode(clip, quality)\n    return b''\n")
    assert (run.outcome, run.error_type) == (Outcome.EXCEPTION, "SyntaxError")
    assert 'File "codec.py", line 1' in run.traceback
    assert "def encode(clip, quality)" in run.traceback


def test_only_a_file_that_is_imported_can_fail_a_call() -> None:
    codec = (
        "def encode(clip, quality):\n    if quality > 50:\n        import notes\n    return b''\n"
    )
    with Sandbox({"codec.py": codec, "notes.py": "return 1\n"}, "encode", LIMITS) as box:
        runs = [box.encode(noise(), quality) for quality in (30, 30, 60, 30)]
    ok = (Outcome.OK, None, "")
    fault = (Outcome.EXCEPTION, "SyntaxError", "'return' outside function (notes.py, line 1)")
    assert [(run.outcome, run.error_type, run.message) for run in runs] == [ok, ok, fault, ok]


@pytest.mark.parametrize(
    ("source", "outcome", "error_type", "message"),
    [
        ("", Outcome.BAD_RESULT, None, "codec.py defines no function encode"),
        ("encode = 3", Outcome.BAD_RESULT, None, "codec.py defines no function encode"),
        ("import av", Outcome.EXCEPTION, "ModuleNotFoundError", "No module named 'av'"),
        ("1 / 0", Outcome.EXCEPTION, "ZeroDivisionError", "division by zero"),
        ("raise SystemExit", Outcome.EXCEPTION, "SystemExit", "SystemExit was raised"),
        ("def encode(clip): ...", Outcome.EXCEPTION, "TypeError", "takes 1 positional argument"),
    ],
)
def test_a_module_that_is_no_codec_is_told_apart(
    source: str, outcome: Outcome, error_type: str | None, message: str
) -> None:
    run = run_encode(source)
    assert (run.outcome, run.error_type) == (outcome, error_type)
    assert message in run.message


def test_a_candidate_that_hangs_says_where() -> None:
    run = run_encode(
        "import time\n\ndef encode(clip, quality):\n    time.sleep(60)  # for ever\n",
        Limits(cpu_s=1, wall_s=1),
    )
    assert run.outcome is Outcome.WALL_LIMIT
    assert run.value is None
    assert 1.0 <= run.wall_s < 10
    assert 'File "codec.py", line 4 in encode\n    time.sleep(60)  # for ever' in run.traceback


def test_of_an_endless_line_the_beginning_is_shown() -> None:
    line = "time.sleep(60)  # " + "for ever " * 10_000
    run = run_encode(
        f"import time\n\ndef encode(clip, quality):\n    {line}\n", Limits(cpu_s=1, wall_s=1)
    )
    assert "    time.sleep(60)  # for ever for" in run.traceback
    assert len(run.traceback) < 1000


STATUS = """
import json, os, resource

def status():
    names = ("AS", "CORE", "CPU", "FSIZE", "MEMLOCK", "NOFILE")
    limits = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}
    ids = [os.getuid(), os.geteuid(), os.getgid(), os.getegid()]
    return {"ids": ids, "limits": limits, "environment": dict(os.environ)}

def encode(clip, quality):
    return json.dumps(status()).encode()

def decode(bitstream):
    raise RuntimeError(json.dumps(status()["ids"]))
"""


def test_each_direction_has_limits_an_environment_and_if_possible_a_user_of_its_own() -> None:
    files = {"codec.py": STATUS}
    with Sandbox(files, "encode", LIMITS) as encoder, Sandbox(files, "decode", LIMITS) as decoder:
        status = json.loads(encoder.encode(noise(), 40).value or b"")
        other = json.loads(decoder.decode(b"", Geometry(1, 2, 2)).message)
    for ids in (status["ids"], other):
        assert len(set(ids)) == 1
    if os.geteuid() == 0:
        assert len({0, status["ids"][0], other[0]}) == 3
    limits = status["limits"]
    assert limits["CPU"] == [LIMITS.cpu_s, LIMITS.cpu_s + 1]
    assert limits["CORE"] == limits["FSIZE"] == limits["MEMLOCK"] == [0, 0]
    assert limits["NOFILE"] == [64, 64]
    assert (
        LIMITS.memory_bytes < limits["AS"][0] == limits["AS"][1] < LIMITS.memory_bytes + (2 << 30)
    )
    assert set(status["environment"]) <= {
        "HOME", "LANG", "LC_CTYPE", "MALLOC_ARENA_MAX", "MKL_NUM_THREADS",
        "NUMBA_CACHE_LOCATOR_CLASSES", "NUMBA_CPU_FEATURES", "NUMBA_CPU_NAME",
        "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER",
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "PYTHONHASHSEED",
    }  # fmt: skip


def test_frames_are_read_only_and_results_too() -> None:
    run = run_encode("def encode(clip, quality):\n    clip.y[0, 0, 0] = 1\n")
    assert (run.outcome, run.error_type) == (Outcome.EXCEPTION, "ValueError")
    assert "read-only" in run.message


LIBRARIES = """
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import constriction
import numba
import numpy as np
import scipy.fft

@numba.njit(cache=True)
def double(value):
    return 2 * value

@dataclass
class Model:
    mean: float = 0.0
    eval: str = "a name that a word filter would refuse"

def encode(clip, quality):
    table = constriction.stream.model.QuantizedGaussian(-50, 50, Model().mean, 5.0)
    coder = constriction.stream.stack.AnsCoder()
    coder.encode_reverse(np.arange(10, dtype=np.int32), table)
    with ThreadPoolExecutor(4) as pool:
        doubled = bytes(pool.map(double, range(4)))
    coefficients = scipy.fft.dctn(np.ones((8, 8)), norm="ortho", workers=2)
    product = np.ones((200, 200)) @ np.ones((200, 200))
    try:
        import yaml
    except ImportError:
        product[0, 0] += hasattr(np, "dot")
    numbers = coefficients[0, 0], product[0, 0], len(coder.get_compressed())
    return doubled + bytes(map(int, numbers))
"""


def test_libraries_threads_and_ordinary_python_work() -> None:
    with Sandbox({"codec.py": LIBRARIES}, "encode", LIMITS, ("numpy", "numba", "scipy.fft")) as box:
        runs = [box.encode(noise(), 40) for _ in range(2)]
    for run in runs:
        assert (run.outcome, run.message, run.log) == (Outcome.OK, "", "")
        assert run.value is not None
        assert run.value[:6] == bytes([0, 2, 4, 6, 8, 201])
        assert run.value[6] > 0


def test_a_sandbox_whose_zygote_died_says_so_and_starts_anew() -> None:
    with Sandbox(HONEST, "encode", LIMITS) as box:
        assert box.encode(noise(), 40).outcome is Outcome.OK
        assert box._zygote is not None
        os.kill(box._zygote.ready.pid, signal.SIGKILL)
        lost = box.encode(noise(), 40)
        assert (lost.outcome, lost.value) == (Outcome.SANDBOX_ERROR, None)
        assert "its zygote for encode is lost: something killed its process" in lost.message
        assert box.encode(noise(), 40).outcome is Outcome.OK


def test_a_zygote_that_does_not_answer_is_a_fault_of_the_bench(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_FORK_TIMEOUT_S", "_END_TIMEOUT_S"):
        monkeypatch.setattr(process, name, 0.2)
    with Sandbox(HONEST, "encode", LIMITS) as box:
        assert box._zygote is not None
        os.kill(box._zygote.ready.pid, signal.SIGSTOP)
        lost = box.encode(noise(), 40)
        assert (lost.outcome, lost.value) == (Outcome.SANDBOX_ERROR, None)
        assert "did not start a call within 0.2 s" in lost.message
        monkeypatch.undo()
        assert box.encode(noise(), 40).outcome is Outcome.OK


def test_a_bench_that_dies_takes_its_candidates_with_it() -> None:
    program = """
import os, sys
from tests.worker.sandbox.test_sandbox import LIMITS, Sandbox, noise
source = "import time\\ndef encode(clip, quality):\\n    time.sleep(60)"
box = Sandbox({"codec.py": source}, "encode", LIMITS)
print(box._zygote._base._process.pid, box._zygote.ready.pid, flush=True)
box.encode(noise(), 40)
"""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as bench:
        assert bench.stdout is not None
        base, zygote = map(int, bench.stdout.readline().split())
        assert children(base) == [zygote]
        family = [base, zygote, *wait_for(lambda: children(zygote))]
        bench.kill()
    wait_for(lambda: not any(is_alive(pid) for pid in family))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read a sandbox's memory")
def test_nothing_of_a_candidate_is_in_the_memory_of_another_or_of_the_base() -> None:
    sources, secrets = {}, {}
    for name in ("first", "second"):
        secrets[name] = f"{name}'s-own-{os.urandom(16).hex()}"
        sources[name] = {
            "codec.py": f"SECRET = {secrets[name]!r}\n"
            "def encode(clip, quality):\n    return bytes(clip.y[0, 0, :32])\n"
        }
    clip = noise()
    frames = clip.y[0, 0, :32].tobytes()
    with Sandbox(sources["first"], "encode", LIMITS) as first:
        assert first.encode(clip, 40).value == first.encode(clip, 40).value == frames
        with (
            Sandbox(sources["first"], "decode", LIMITS) as decoder,
            Sandbox(sources["second"], "encode", LIMITS) as second,
        ):
            zygotes = {
                name: box._zygote.ready.pid
                for name, box in (("first", first), ("decoder", decoder), ("second", second))
                if box._zygote is not None
            }
            base = second._zygote._base._process.pid if second._zygote is not None else 0
            assert {*children(base)} >= {*zygotes.values()}
            memory = {name: memory_of(pid) for name, pid in {**zygotes, "base": base}.items()}
    found = {
        name: {owner for owner, secret in secrets.items() if secret.encode() in content}
        for name, content in memory.items()
    }
    assert found == {"first": {"first"}, "decoder": {"first"}, "second": {"second"}, "base": set()}
    assert not [name for name, content in memory.items() if frames in content]


def memory_of(pid: int) -> bytes:
    parts = []
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                start, end = (int(address, 16) for address in span.split("-"))
                memory.seek(start)
                parts.append(memory.read(end - start))
    return b"".join(parts)


def test_a_base_serves_again_and_a_dead_one_is_replaced() -> None:
    with Sandbox(HONEST, "encode", LIMITS) as box:
        assert box._zygote is not None
        base = box._zygote._base._process
    with Sandbox(HONEST, "encode", LIMITS) as box:
        assert box._zygote is not None
        assert box._zygote._base._process is base
        assert box._zygote.ready.pid > 0
        base.kill()
        base.wait()
        assert box.encode(noise(), 40).outcome is Outcome.OK  # a zygote outlives its base
    with Sandbox(HONEST, "encode", LIMITS) as box:
        assert box._zygote is not None
        assert box._zygote._base._process is not base
        assert box.encode(noise(), 40).outcome is Outcome.OK


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition: Callable[[], T]) -> T:
    for _ in range(500):
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen within 10 s")


def test_the_wrong_direction_and_a_missing_entry_file_are_refused() -> None:
    with Sandbox(HONEST, "decode", LIMITS) as box, pytest.raises(ValueError, match="for decode"):
        box.encode(noise(), 40)
    with pytest.raises(ValueError, match=r"needs a file codec\.py"):
        Sandbox({"coder.py": ""}, "encode", LIMITS)
    with pytest.raises(ValueError, match="cannot be imported"):
        Sandbox({"codec.py": "", "../x.py": ""}, "encode", LIMITS)


def test_a_module_that_cannot_be_preloaded_is_named() -> None:
    with (
        Sandbox(HONEST, "encode", LIMITS, preload=("no_such_block",)) as box,
        pytest.raises(SandboxUnavailableError, match="No module named 'no_such_block'"),
    ):
        box.encode(noise(), 40)


@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        ({"linux": False}, "needs Linux"),
        ({"landlock_abi": 0}, "no Landlock"),
        ({"filter_fault": "The sandbox needs the library libseccomp"}, "libseccomp"),
        ({"uid_drop": False}, "SETUID"),
        ({"root": False, "uid_drop": False, "hides_processes": True}, "hidepid"),
    ],
)
def test_too_few_layers_are_refused(
    lack: dict[Literal["linux", "landlock_abi", "filter_fault", "uid_drop"], object], sentence: str
) -> None:
    enough = {
        "linux": True, "root": True, "uid_drop": True, "landlock_abi": 1,
        "filter_fault": "", "hides_processes": False,
    }  # fmt: skip
    assert judge(**enough).lacking == ""
    assert sentence in judge(**{**enough, **lack}).lacking
    assert judge(**{**enough, "root": False, "uid_drop": False}).lacking == ""
