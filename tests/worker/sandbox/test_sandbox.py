"""The sandbox as the bench uses it: honest candidates, typed failures, their evidence."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest

from codec_lab.limits import Limits
from codec_worker.contract import Clip, Geometry
from codec_worker.sandbox import Outcome, Sandbox, SandboxUnavailableError
from codec_worker.sandbox.probe import judge

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


def test_second_call_with_compiled_source_gives_the_same(honest: tuple[Sandbox, Sandbox]) -> None:
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


def test_syntax_error_names_its_line() -> None:
    run = run_encode("def encode(clip, quality)\n    return b''\n")
    assert (run.outcome, run.error_type) == (Outcome.EXCEPTION, "SyntaxError")
    assert 'File "codec.py", line 1' in run.traceback
    assert "def encode(clip, quality)" in run.traceback


def test_a_candidate_that_hangs_says_where() -> None:
    run = run_encode(
        "import time\n\ndef encode(clip, quality):\n    time.sleep(60)  # for ever\n",
        Limits(cpu_s=1, wall_s=1),
    )
    assert run.outcome is Outcome.WALL_LIMIT
    assert run.value is None
    assert 1.0 <= run.wall_s < 2.0
    assert 'File "codec.py", line 4 in encode\n    time.sleep(60)  # for ever' in run.traceback


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
    ],
)
def test_too_few_layers_are_refused(
    lack: dict[Literal["linux", "landlock_abi", "filter_fault", "uid_drop"], object], sentence: str
) -> None:
    enough = {
        "linux": True, "root": True, "uid_drop": True, "landlock_abi": 1, "filter_fault": "",
    }  # fmt: skip
    assert judge(**enough).lacking == ""
    assert sentence in judge(**{**enough, **lack}).lacking
    assert judge(**{**enough, "root": False, "uid_drop": False}).lacking == ""
