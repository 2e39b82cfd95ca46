"""Temporal structures: in which order frames are coded and what each may refer to.

A schedule is a list of :class:`Step`; encoder and decoder compute the same one from the number of
frames. Layers count from 0 (key frames) upwards; higher layers are referred to less and bear
coarser quantisation ("QP cascading", Schwarz, Marpe and Wiegand, "Analysis of hierarchical B
pictures and MCTF", 2006).
"""

from typing import NamedTuple

import numpy as np

from codec_worker.toolbox.coding_state import (
    LIST0_LENGTH,
    LIST1_LENGTH,
    POC,
    REF0,
    SAME_LISTS,
    V0Y,
    Frame,
)
from codec_worker.toolbox.kernel import I16


class Step(NamedTuple):
    """One frame of a schedule.

    ``frame`` is its index in time; ``references`` are the frame indices of both lists, nearest
    first; ``slot`` is where it is kept for reference, or -1; ``slots`` are those of its
    references.
    """

    frame: int
    layer: int
    references: tuple[tuple[int, ...], tuple[int, ...]]
    slot: int = -1
    slots: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    @property
    def intra(self) -> bool:
        """Whether the frame refers to nothing."""
        return not self.references[0]


def hierarchical(count: int, size: int, per_list: int) -> list[Step]:
    """Hierarchical B frames for random access: key frames every ``size``, halves between them.

    Parameters
    ----------
    count
        Frames of the clip.
    size
        Distance of key frames.
    per_list
        References in each list at most.
    """
    layers = {0: 0}
    order = [0]

    def halve(first: int, last: int, layer: int) -> None:
        if last - first < 2:
            return
        middle = (first + last) // 2
        layers[middle] = layer
        order.append(middle)
        halve(first, middle, layer + 1)
        halve(middle, last, layer + 1)

    for first in range(0, count - 1, size):
        last = min(first + size, count - 1)
        layers[last] = 0
        order.append(last)
        halve(first, last, 1)
    steps = []
    for place, frame in enumerate(order):
        layer = layers[frame]
        usable = [
            other
            for other in order[:place]
            if layers[other] < max(layer, 2 if layer == 0 else 1) and abs(other - frame) <= 2 * size
        ]
        past = sorted((other for other in usable if other < frame), reverse=True)
        future = sorted(other for other in usable if other > frame)
        lists = (past + future)[:per_list], (future + past)[:per_list]
        steps.append(Step(frame, layer, (tuple(lists[0]), tuple(lists[1]))))
    return _with_slots(steps)


def low_delay(count: int, per_list: int) -> list[Step]:
    """Frames in display order, each from its predecessor and earlier frames of better quality.

    Every fourth frame is of layer 0, every second of layer 1, the others of layer 2. Both lists
    are equal.
    """
    steps = []
    for frame in range(count):
        layer = 0 if frame % 4 == 0 else (1 if frame % 2 == 0 else 2)
        anchors = [other for other in range(frame - 2, -1, -1) if other % 4 == 0]
        usable = tuple(([frame - 1] if frame else []) + anchors)[:per_list]
        steps.append(Step(frame, layer, (usable, usable)))
    return _with_slots(steps)


def _with_slots(steps: list[Step]) -> list[Step]:
    """Give each frame that is referred to a slot of the pool until its last use."""
    last_use = {}
    for place, step in enumerate(steps):
        for other in (*step.references[0], *step.references[1]):
            last_use[other] = place
    held: dict[int, int] = {}
    result = []
    for place, step in enumerate(steps):
        slots = (
            tuple(held[other] for other in step.references[0]),
            tuple(held[other] for other in step.references[1]),
        )
        slot = -1
        if step.frame in last_use:
            slot = next(index for index in range(len(steps)) if index not in held.values())
            held[step.frame] = slot
        result.append(step._replace(slot=slot, slots=slots))
        for other in [frame for frame in held if last_use[frame] <= place]:
            del held[other]
    return result


def slot_count(steps: list[Step]) -> int:
    """Return how many slots a schedule needs."""
    return 1 + max((step.slot for step in steps), default=0)


def fill_lists(state: Frame, step: Step) -> None:
    """Write a step's reference lists and its time into a frame's state."""
    for axis in range(2):
        length = len(step.slots[axis])
        state.slots[axis, :length] = step.slots[axis]
        state.pocs[axis, :length] = step.references[axis]
        state.numbers[(LIST0_LENGTH, LIST1_LENGTH)[axis]] = length
    state.numbers[POC] = step.frame
    state.numbers[SAME_LISTS] = step.references[0] == step.references[1]


def motion_of(state: Frame) -> tuple[I16, I16]:
    """Return a coded frame's vectors and reference distances, for temporal prediction.

    Returns
    -------
    tuple
        int16 (rows, columns, 2, 2), [list, (y, x)], and int16 (rows, columns, 2), the distance in
        frames from the reference to the frame; 0 where a list is not used.
    """
    cells = state.cells
    vectors = cells[:, :, V0Y : V0Y + 4].reshape(*cells.shape[:2], 2, 2)
    references = cells[:, :, REF0 : REF0 + 2]
    distances = np.zeros(references.shape, np.int16)
    for axis in range(2):
        used = references[:, :, axis]
        distance = (state.numbers[POC] - state.pocs[axis])[np.maximum(used, 0)]
        distances[:, :, axis] = np.where(used >= 0, distance, 0)
    return np.ascontiguousarray(vectors), distances
