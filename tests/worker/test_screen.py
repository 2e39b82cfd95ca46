"""The static screen rejects by contract and by nothing else."""

import random

import pytest

from codec_lab.candidate import Candidate
from codec_lab.packages import AVAILABLE
from codec_lab.verdict import Fault
from codec_worker import imports
from codec_worker.failure import CandidateFailedError
from codec_worker.sandbox import import_policy
from codec_worker.screen import MAX_SOURCE_BYTES, MAX_TEXT_BYTES, screen, source_size_bytes
from tests.worker.samples import TINY_CODEC

HALVES = "def encode(clip, quality): ...\ndef decode(bitstream): ...\n"


def candidate(source: str, **files: str) -> Candidate:
    return Candidate(files={"codec.py": source, **{f"{name}.py": f for name, f in files.items()}})


def fault_of(refused: Candidate) -> Fault:
    with pytest.raises(CandidateFailedError) as caught:
        screen(refused)
    return caught.value.fault


@pytest.mark.parametrize(
    "source",
    [
        TINY_CODEC,
        HALVES,
        "def encode(clip, quality, *, effort=1): ...\ndef decode(bitstream, /): ...\n",
        "def encode(*arguments): ...\ndecode = lambda bitstream: None\n",
        "class Codec:\n    def __call__(self, clip, quality): ...\nencode = decode = Codec()\n",
        "from halves import encode, decode\n",
        "from halves import *\n",
        "import halves\nencode, decode = halves.encode, halves.decode\n",
        "try:\n    from numba import njit\nexcept ImportError:\n    njit = None\n" + HALVES,
        "try:\n    import cupy\nexcept ImportError:\n    cupy = None\n" + HALVES,
        "if True:\n    def encode(clip, quality): ...\ndef decode(bitstream): ...\n",
        "import scipy.fft, constriction, struct, dataclasses\n" + HALVES,
        "from codec_worker.toolbox import transform\n" + HALVES,
        "from codec_worker.contract import Clip\n" + HALVES,
        # Words that a denylist would stumble over.
        HALVES + "class Model:\n    def eval(self): return exec\n",
        HALVES + "import os, sys, socket, subprocess, ctypes, pickle\n",
        HALVES + "def __getattr__(name): return bytearray(hasattr(name, '__class__'))\n",
        HALVES + "try:\n    pass\nexcept Exception:\n    pass\n",
        HALVES + "x = '\\d'\n",
        HALVES + "if x:\n    pass\n" + "elif x:\n    pass\n" * 1500,
    ],
)
def test_what_can_keep_the_contract_passes(source: str) -> None:
    screen(candidate(source, halves=HALVES))


def test_syntax_error_with_its_line() -> None:
    fault = fault_of(candidate("import numpy\n\ndef encode(clip, quality)\n    return b''\n"))

    assert fault.error_type == "CandidateSyntaxError"
    assert fault.message == "codec.py, line 3: expected ':'."
    assert fault.exception == "SyntaxError"
    assert fault.traceback == '  File "codec.py", line 3\n    def encode(clip, quality)\n'


def test_of_an_endless_line_the_beginning_is_shown() -> None:
    fault = fault_of(candidate("x = (" + "1 " * 100_000 + "\n"))

    assert fault.traceback is not None
    assert fault.traceback.startswith('  File "codec.py", line 1\n    x = (1 1 ')
    assert len(fault.traceback) < 300


def test_syntax_error_in_another_file() -> None:
    fault = fault_of(candidate(HALVES, tables="  x = 1\n"))

    assert fault.message == "tables.py, line 1: unexpected indent."
    assert fault.exception == "IndentationError"


@pytest.mark.parametrize("source", ["\0", "x = " + "(" * 5000 + ")" * 5000, "-" * 100_000 + "1"])
def test_source_that_breaks_parsers(source: str) -> None:
    assert fault_of(candidate(HALVES + source)).error_type == "CandidateSyntaxError"


def test_a_parser_that_gives_no_reason_is_given_one() -> None:
    fault = fault_of(candidate("-" * 200_000 + "1"))

    assert fault.message == "codec.py cannot be parsed: it is nested too deeply."


@pytest.mark.parametrize(
    ("source", "message", "direction"),
    [
        (
            "def decode(bitstream): ...\n",
            "codec.py defines no encode(clip, quality) at its top level.",
            "encode",
        ),
        (
            "def encode(clip, quality): ...\ndef main():\n    def decode(bitstream): ...\n",
            "codec.py defines no decode(bitstream) at its top level.",
            "decode",
        ),
        (
            "def encode(clip): ...\ndef decode(bitstream): ...\n",
            "codec.py, line 1: encode must be callable as encode(clip, quality).",
            "encode",
        ),
        (
            "def encode(clip, quality): ...\ndef decode(bitstream, shape): ...\n",
            "codec.py, line 2: decode must be callable as decode(bitstream).",
            "decode",
        ),
        (
            "def encode(clip, quality): ...\ndef decode(bitstream, *, shape): ...\n",
            "codec.py, line 2: decode must be callable as decode(bitstream).",
            "decode",
        ),
        (
            "async def encode(clip, quality): ...\ndef decode(bitstream): ...\n",
            "codec.py, line 1: encode must be a plain function, not async.",
            "encode",
        ),
    ],
)
def test_missing_or_wrong_functions(source: str, message: str, direction: str) -> None:
    fault = fault_of(candidate(source))

    assert (fault.error_type, fault.message, fault.direction) == (
        "ContractError",
        message,
        direction,
    )


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("import av", "av"),
        ("def f():\n    import torch.nn", "torch.nn"),
        ("from skvideo import datasets", "skvideo"),
        ("from codec_worker import anchors", "codec_worker.anchors"),
        ("from codec_worker.video import encode as e", "codec_worker.video"),
        ("import codec_lab", "codec_lab"),
    ],
)
def test_modules_that_the_bench_does_not_have(line: str, module: str) -> None:
    fault = fault_of(candidate(f"{HALVES}{line}\n"))

    assert fault.error_type == "CandidateImportError"
    assert f"the bench has no module {module} for candidates" in fault.message


def test_unknown_package() -> None:
    refused = Candidate(files={"codec.py": HALVES}, packages=("torch", "numpy"))

    fault = fault_of(refused)

    assert fault.error_type == "CandidateImportError"
    assert fault.message == (
        "The candidate asks for torch; the bench has constriction, numba, numpy, scipy."
    )


def test_a_source_that_could_hold_a_clip() -> None:
    table = random.Random(0).randbytes(MAX_SOURCE_BYTES + 1000).hex()

    fault = fault_of(candidate(f"{HALVES}TABLE = bytes.fromhex('{table}')\n"))

    assert fault.error_type == "ContractError"
    assert "at most 65536 are allowed" in fault.message


def test_a_source_that_would_take_long_to_parse() -> None:
    fault = fault_of(candidate(HALVES, noise="# the same words\n" * (MAX_TEXT_BYTES // 16)))

    assert fault.error_type == "ContractError"
    assert "bytes of text, at most 1048576 are allowed" in fault.message


def test_the_size_counts_all_files_compressed() -> None:
    small, padded = candidate(HALVES), candidate(HALVES + "# the same words\n" * 50_000)
    noise = random.Random(0).randbytes(20_000).hex()

    assert source_size_bytes(small.files) < 200
    assert source_size_bytes(padded.files) < 5_000
    two = candidate(HALVES, a=f"A = '{noise}'", b=f"B = '{noise[::-1]}'")
    assert source_size_bytes(two.files) > 40_000


def test_preload_names_what_exists_of_the_bench() -> None:
    asked = candidate(
        "import scipy.fft, math, other\n"
        "from codec_worker.toolbox import transform, no_such_block\n"
        "from numpy.typing import NDArray\n" + HALVES,
        other="from constriction.stream import model\nimport numba.tests, scipy.fft._pocketfft\n",
        more="import numpy.f2py.__main__\n",  # a program, which ends what imports it
    )

    assert imports.preload(asked.files) == (
        "numpy",
        "codec_worker.toolbox",
        "codec_worker.toolbox.transform",
        "constriction",
        "numba",
        "numpy.f2py",
        "numpy.typing",
        "scipy.fft",
    )


def test_the_sandbox_lets_in_what_the_lab_offers() -> None:
    assert set(import_policy.PACKAGES) == AVAILABLE
