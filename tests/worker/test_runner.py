"""How the ends of a sandboxed call become typed faults; with a box that ends as it is told."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Literal

import pytest

from codec_lab.errors import BenchError
from codec_lab.limits import Limits
from codec_worker.contract import Clip, Geometry, Planes
from codec_worker.failure import CandidateFailedError
from codec_worker.runner import Runner
from codec_worker.sandbox.outcome import Outcome, Run
from tests.worker.samples import moving_clip, tiny_candidate


def ended(outcome: Outcome, value: Any = None, **facts: str) -> Run[Any]:
    return Run(
        outcome=outcome,
        value=value,
        error_type=facts.get("error_type"),
        message=facts.get("message", ""),
        traceback=facts.get("traceback", ""),
        log=facts.get("log", ""),
        cpu_s=0.25,
        wall_s=0.5,
        peak_memory_bytes=1000,
    )


class ScriptedBox:
    """Ends every call as it was told."""

    def __init__(self, run: Run[Any]) -> None:
        self.run = run

    def encode(self, clip: Clip, quality: int) -> Run[bytes]:
        assert clip.fps > 0
        assert 0 <= quality <= 100
        return self.run

    def decode(self, bitstream: bytes, geometry: Geometry) -> Run[Planes]:
        assert bitstream
        geometry.validate()
        return self.run


def runner_of(run: Run[Any]) -> Runner:
    def make_box(
        files: Mapping[str, str],
        direction: Literal["encode", "decode"],
        limits: Limits,
        preload: Sequence[str],
    ) -> AbstractContextManager[ScriptedBox]:
        return nullcontext(ScriptedBox(run))

    return Runner(tiny_candidate(), Limits(), make_box)


@pytest.mark.parametrize(
    ("outcome", "exception", "error_type", "limit"),
    [
        (Outcome.CPU_LIMIT, None, "LimitExceededError", "cpu_s"),
        (Outcome.WALL_LIMIT, None, "LimitExceededError", "wall_s"),
        (Outcome.MEMORY_LIMIT, "MemoryError", "LimitExceededError", "memory_bytes"),
        (Outcome.THREAD_LIMIT, "RuntimeError", "LimitExceededError", "threads"),
        (Outcome.LOG_LIMIT, None, "LimitExceededError", "log_bytes"),
        (Outcome.OUTPUT_LIMIT, None, "LimitExceededError", "output_bytes"),
        (Outcome.FILE_SIZE_LIMIT, "OSError", "LimitExceededError", None),
        (Outcome.KILLED_BY_SIGNAL, "SIGSEGV", "CandidateCrashError", None),
        (Outcome.EXCEPTION, "ValueError", "CandidateCrashError", None),
        (Outcome.EXCEPTION, "SystemExit", "CandidateCrashError", None),
        (Outcome.EXCEPTION, "SyntaxError", "CandidateSyntaxError", None),
        (Outcome.EXCEPTION, "ModuleNotFoundError", "CandidateImportError", None),
        (Outcome.EXCEPTION, "ImportError", "CandidateImportError", None),
        (Outcome.NO_RESULT, None, "ContractError", None),
        (Outcome.BAD_RESULT, None, "ContractError", None),
    ],
)
@pytest.mark.parametrize("direction", ["encode", "decode"])
def test_the_candidates_own_faults(
    outcome: Outcome, exception: str | None, error_type: str, limit: str | None, direction: str
) -> None:
    facts = {"message": "it went wrong", "traceback": "line 3", "log": "x" * 9000 + "end"}
    run = ended(outcome, **facts, **({"error_type": exception} if exception else {}))

    clip = moving_clip()
    with runner_of(run) as runner:
        calls = {
            "encode": partial(runner.encode, clip, 30, "a clip"),
            "decode": partial(runner.decode, b"bits", clip, "a clip"),
        }
        with pytest.raises(CandidateFailedError) as caught:
            calls[direction]()

    fault = caught.value.fault
    raised = f" raised {exception}" if exception and exception != "SIGSEGV" else ""
    assert fault.message == f"{direction} of a clip{raised}: it went wrong"
    assert (fault.error_type, fault.exception, fault.limit) == (error_type, exception, limit)
    assert (fault.direction, fault.traceback) == (direction, "line 3")
    assert len(fault.log_tail) == 4000
    assert fault.log_tail.endswith("end")


def test_every_end_has_its_type() -> None:
    for outcome in Outcome:
        if outcome in {Outcome.OK, Outcome.SANDBOX_ERROR}:
            continue
        with runner_of(ended(outcome)) as runner, pytest.raises(CandidateFailedError):
            runner.encode(moving_clip(), 30, "a clip")


def test_the_sandboxs_fault_is_never_the_candidates() -> None:
    run = ended(Outcome.SANDBOX_ERROR, message="no seccomp")

    with runner_of(run) as runner:
        with pytest.raises(BenchError, match="failed during encode of a clip: no seccomp"):
            runner.encode(moving_clip(), 30, "a clip")
        with pytest.raises(BenchError):
            runner.decode(b"bits", moving_clip(), "a clip")
        with pytest.raises(BenchError):
            runner.decode_untyped(b"bits", moving_clip(), "a clip")


def test_an_empty_bitstream_is_no_result() -> None:
    run = ended(Outcome.OK, b"")

    with runner_of(run) as runner, pytest.raises(CandidateFailedError) as caught:
        runner.encode(moving_clip(), 30, "a clip")

    assert caught.value.fault.error_type == "ContractError"
    assert "returned no bytes" in caught.value.fault.message


def test_a_bitstream_is_no_longer_than_its_clip() -> None:
    clip = moving_clip()  # 8 frames of 64 by 48
    most = 8 * 64 * 48 * 3 // 2 + 65536

    with runner_of(ended(Outcome.OK, bytes(most))) as runner:
        assert len(runner.encode(clip, 30, "a clip").bitstream) == most
    with (
        runner_of(ended(Outcome.OK, bytes(most + 1))) as runner,
        pytest.raises(CandidateFailedError) as caught,
    ):
        runner.encode(clip, 30, "a clip")

    fault = caught.value.fault
    assert (fault.error_type, fault.limit) == ("LimitExceededError", None)
    assert "returned 102401 bytes, more than the samples" in fault.message


def test_values_come_with_what_they_took() -> None:
    clip = moving_clip()

    with runner_of(ended(Outcome.OK, b"bits", log="hello\n")) as runner:
        assert runner.encode(clip, 30, "a clip") == (b"bits", 0.25, 1000)
    with runner_of(ended(Outcome.OK, clip[:3])) as decoder:
        planes, cpu_s, peak_memory_bytes = decoder.decode(b"bits", clip, "a clip")

    assert planes is not None
    assert planes[0] is clip.y
    assert (cpu_s, peak_memory_bytes) == (0.25, 1000)
    assert runner.log == ["== encode of a clip\nhello\n"]
    assert decoder.log == []
