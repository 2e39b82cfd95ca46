"""The order of encodes and decodes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.turns import encode_then_decode

Task = tuple[str, int]


class Log:
    """Notes what begins and ends, as threads do it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.encoding: list[str] = []
        self.most_at_once = 0
        self.at_once = 0
        self.overlaps: list[str] = []

    def encode(self, task: Task) -> str:
        with self._lock:
            self._begin()
            self.encoding.append(task[0])
        with self._lock:
            self.encoding.remove(task[0])
            self.at_once -= 1
        return f"{task[0]}{task[1]}"

    def decode(self, task: Task, encoded: str) -> str:
        with self._lock:
            self._begin()
            if task[0] in self.encoding:
                self.overlaps.append(encoded)
        with self._lock:
            self.at_once -= 1
        return encoded.upper()

    def _begin(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99)), unique=True, max_size=12),
    st.integers(1, 4),
)
def test_every_task_is_done_once_and_no_decoder_beside_an_encoder_of_its_clip(
    tasks: list[Task], workers: int
) -> None:
    log = Log()

    with ThreadPoolExecutor(workers) as pool:
        named = [(task[0], task) for task in tasks]
        done = list(encode_then_decode(pool, workers, named, log.encode, log.decode))

    assert sorted(done) == sorted((task, f"{task[0]}{task[1]}".upper()) for task in tasks)
    assert log.overlaps == []
    assert log.most_at_once <= workers


def test_decoders_wait_for_the_last_encoder_of_their_clip_alone() -> None:
    events: list[str] = []

    def encode(task: str) -> str:
        events.append(f"encode {task}")
        return task

    def decode(task: str, encoded: str) -> str:
        events.append(f"decode {encoded}")
        return task

    tasks = [("a", "a1"), ("a", "a2"), ("b", "b1"), ("b", "b2")]
    with ThreadPoolExecutor(1) as pool:
        done = [task for task, _ in encode_then_decode(pool, 1, tasks, encode, decode)]

    assert done == ["a1", "a2", "b1", "b2"]
    assert events == [
        *("encode a1", "encode a2", "decode a1", "decode a2"),
        *("encode b1", "encode b2", "decode b1", "decode b2"),
    ]


def test_a_fault_of_either_half_is_raised() -> None:
    def fail(*_: object) -> str:
        raise ValueError("spoilt")

    with ThreadPoolExecutor(2) as pool:
        with pytest.raises(ValueError, match="spoilt"):
            list(encode_then_decode(pool, 2, [("a", 1)], fail, fail))
        with pytest.raises(ValueError, match="spoilt"):
            list(encode_then_decode(pool, 2, [("a", 1)], lambda task: task, fail))
