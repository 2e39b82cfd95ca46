"""A bundle's packages in its sandboxes: there for its candidate, and for nobody else."""

from __future__ import annotations

import platform
import sys
import tempfile
from pathlib import Path

import pytest

from codec_lab.bundle import Bundle
from codec_lab.candidate import Candidate
from codec_lab.errors import WheelError
from codec_lab.job import JobKind
from codec_lab.limits import Limits
from codec_lab.proposal import Mind, Proposal
from codec_lab.wheel import Wheel
from codec_worker.failure import CandidateFailedError
from codec_worker.installed import fits, sandboxes
from codec_worker.runner import Runner
from codec_worker.screen import screen
from tests.tiny_wheel import DATA, WHEEL, pinned, zipped
from tests.worker.bench import Bench
from tests.worker.samples import moving_clip, tiny_candidate

STEPPED = tiny_candidate(
    top="import tinystep",
    encode="return bytes([tinystep.STEP]) + honest_encode(clip, quality)",
    decode="assert bitstream[0] == tinystep.STEP\nreturn honest_decode(bitstream[1:])",
)


def bundle_of(candidate: Candidate, *wheels: tuple[Wheel, bytes]) -> Bundle:
    for wheel, _ in wheels:
        candidate = candidate.with_wheel(wheel)
    proposal = Proposal(
        candidate=candidate,
        limits=Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="c",
        hypothesis="h",
    )
    return Bundle.of(proposal).with_wheels({wheel.file: data for wheel, data in wheels})


def encoded(bundle: Bundle) -> bytes:
    with (
        sandboxes(bundle) as make_box,
        Runner(bundle.candidate, bundle.manifest.limits, make_box) as runner,
    ):
        return runner.encode(moving_clip(), 50, "a clip").bitstream


def module(source: str) -> tuple[Wheel, bytes]:
    """A wheel whose module runs a source when it is imported."""
    data = zipped({"tinystep/__init__.py": source})
    return pinned(data), data


def test_both_directions_import_the_package(tmp_path: Path) -> None:
    bench = Bench(tmp_path, STEPPED.with_wheel(WHEEL), wheel_files={WHEEL.file: DATA})
    verdict = bench.run(JobKind.VALIDATE)
    assert verdict.fault is None
    assert verdict.environment["package tinystep"] == WHEEL.requirement
    assert b"package tinystep: tinystep==1.0" in bench.store.get("out/reproduce.txt")


def test_nobody_else_imports_it() -> None:
    assert encoded(bundle_of(STEPPED, (WHEEL, DATA)))[0] == 3
    with pytest.raises(CandidateFailedError, match="no module tinystep"):
        screen(STEPPED)
    with pytest.raises(CandidateFailedError, match="No module named 'tinystep'"):
        encoded(bundle_of(STEPPED))


def test_a_candidates_own_file_goes_before_a_package() -> None:
    own = STEPPED.with_file("tinystep.py", "STEP = 7\n")
    assert encoded(bundle_of(own, (WHEEL, DATA)))[0] == 7


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("open('/etc/passwd').read()", "PermissionError|FileNotFoundError"),
        ("open(__file__, 'a')", "PermissionError"),
        ("import os; os.listdir(os.path.dirname(os.path.dirname(__path__[0])))", "PermissionError"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "PermissionError|signal"),
        ("import codec_lab", "ModuleNotFoundError"),
        ("import boto3", "ModuleNotFoundError"),
    ],
)
def test_a_package_stays_within_the_walls(source: str, error: str) -> None:
    with pytest.raises(CandidateFailedError, match=error):
        encoded(bundle_of(STEPPED, module(f"{source}\nSTEP = 1\n")))


def test_a_package_is_imported_within_the_walls_alone() -> None:
    # What the warm process outside imported would be in its modules before the candidate runs.
    names = "sorted(name for name in sys.modules if name.startswith('tinystep'))"
    candidate = tiny_candidate(
        top=f"import sys\nBEFORE = {names}\nimport tinystep",
        encode="assert BEFORE == [], BEFORE\nreturn honest_encode(clip, quality)",
    )
    assert encoded(bundle_of(candidate, (WHEEL, DATA)))


def test_a_package_holds_to_the_limits() -> None:
    hungry = module("STEP = len(bytearray(4 << 30))\n")
    with pytest.raises(CandidateFailedError) as raised:
        encoded(bundle_of(STEPPED, hungry))
    assert raised.value.fault.limit == "memory_bytes"


def test_nothing_is_left_behind() -> None:
    before = set(Path(tempfile.gettempdir()).glob("codec-lab-packages-*"))
    encoded(bundle_of(STEPPED, (WHEEL, DATA)))
    assert set(Path(tempfile.gettempdir()).glob("codec-lab-packages-*")) == before


OWN = f"cp{sys.version_info[0]}{sys.version_info[1]}"
MACHINE = platform.machine()


@pytest.mark.parametrize(
    ("tags", "right"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        (f"{OWN}-{OWN}-manylinux_2_17_{MACHINE}.manylinux2014_{MACHINE}", True),
        (f"cp38-abi3-manylinux_2_17_{MACHINE}", True),
        (f"cp399-abi3-manylinux_2_17_{MACHINE}", False),
        (f"cp38-cp38-manylinux_2_17_{MACHINE}", False),
        (f"{OWN}-{OWN}-manylinux_2_17_s390x", False),
        (f"{OWN}-{OWN}-macosx_11_0_{MACHINE}", False),
        (f"{OWN}-{OWN}-win_amd64", False),
        ("py2-none-any", False),
    ],
)
def test_a_wheel_fits_by_its_tags(tags: str, right: bool) -> None:
    assert fits(f"tinystep-1.0-{tags}.whl") is right


def test_a_wheel_for_another_python_is_refused_in_one_sentence() -> None:
    wheel = pinned(DATA, file="tinystep-1.0-cp38-cp38-win_amd64.whl")
    with pytest.raises(WheelError, match=r"is not for Python 3\.\d+\.\d+ on"):
        encoded(bundle_of(STEPPED, (wheel, DATA)))
