"""The order in which rate points are worked on: a clip's decoders begin when its encoders are gone.

Two processes that run at the same moment could talk by the rhythm of their work. So no decoder
of a clip runs while the clip is being encoded, though the cores are kept busy with other clips.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

_Task = TypeVar("_Task")
_Encoded = TypeVar("_Encoded")
_Decoded = TypeVar("_Decoded")


def encode_then_decode(
    pool: ThreadPoolExecutor,
    workers: int,
    tasks: Sequence[tuple[str, _Task]],
    encode: Callable[[_Task], _Encoded],
    decode: Callable[[_Task, _Encoded], _Decoded],
) -> Iterator[tuple[_Task, _Decoded]]:
    """Do every task in two halves, clip by clip.

    Parameters
    ----------
    pool : ThreadPoolExecutor
        Does the work.
    workers : int
        How many halves may be in work at once.
    tasks : sequence of tuple
        Name of the clip and task, in the order in which they are to be encoded.
    encode : callable
        The first half.
    decode : callable
        The second half, begun when the first halves of all tasks of its clip have ended.

    Yields
    ------
    tuple
        Each task and what its second half gave, as soon as it has ended.
    """
    to_encode = deque(tasks)
    to_decode: deque[tuple[_Task, _Encoded]] = deque()
    in_encoders = Counter(clip for clip, _ in tasks)
    encoded: defaultdict[str, list[tuple[_Task, _Encoded]]] = defaultdict(list)
    encoding: dict[Future[_Encoded], tuple[str, _Task]] = {}
    decoding: dict[Future[_Decoded], _Task] = {}
    while to_encode or to_decode or encoding or decoding:
        while (to_encode or to_decode) and len(encoding) + len(decoding) < workers:
            if to_decode:
                task, bitstreams = to_decode.popleft()
                decoding[pool.submit(decode, task, bitstreams)] = task
            else:
                clip, task = to_encode.popleft()
                encoding[pool.submit(encode, task)] = clip, task
        in_work: list[Future[Any]] = [*encoding, *decoding]
        wait(in_work, return_when=FIRST_COMPLETED)
        for ended in [future for future in encoding if future.done()]:
            clip, task = encoding.pop(ended)
            encoded[clip].append((task, ended.result()))
            in_encoders[clip] -= 1
            if not in_encoders[clip]:
                to_decode.extend(encoded.pop(clip))
        for decoded in [future for future in decoding if future.done()]:
            yield decoding.pop(decoded), decoded.result()
