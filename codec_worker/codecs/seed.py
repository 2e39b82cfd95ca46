"""The strong seed: a hybrid codec of the HEVC generation out of the toolbox's blocks.

Frames are coded in a hierarchical or low-delay order. 64×64 tree blocks are split by quarters and
halves; each block merges a neighbour's motion, codes its own from up to two references, or is
predicted from decoded neighbours. Residuals are quantised under rate-distortion control and coded
with adaptive contexts; decoded frames are deblocked before others refer to them.
"""

from typing import Any

import numpy as np

from codec_worker.contract import Clip
from codec_worker.toolbox import (
    coding_state,
    container,
    deblocking,
    frames,
    gop,
    interpolation,
    loop_filters,
    motion_search,
    quantisation,
    range_coder,
)
from codec_worker.toolbox.block_syntax import CONTEXTS
from codec_worker.toolbox.kernel import I16, I32, U8
from codec_worker.toolbox.partition import code_frame

SEARCH_SPACE = {  # tuples are ranges with both ends, lists are choices
    "structure": ["random_access", "low_delay"],
    "gop_size": [4, 8, 16, 32],  # distance of key frames in random access
    "references": (1, 4),  # in each list
    "key_qp_offset": (-2, 6),  # of inter key frames, to the intra frame's QP
    "layer_qp_offset": (0.0, 2.0),  # added for each layer of the hierarchy
    "chroma_qp_offset": (-3, 6),
    "lambda_scale": (0.3, 1.2),  # Lagrangian factor: lambda = scale * 2 ** ((QP - 12) / 3)
    "chroma_weight": (0.5, 2.0),  # of chroma's squared error in decisions
    "halvings": (0, 3),  # halves below a square of the tree
    "min_side": [4, 8, 16],  # shortest side of a block, samples
    "merge_trials": (1, 6),  # merge candidates coded in full
    "intra_trials": (1, 6),  # intra modes coded in full
    "search_reach": [2, 4, 8, 16],  # first step of a block's search, samples
    "frame_reach": [8, 16, 32, 64],  # first step of the search over the whole frame, samples
    "adaptive_transform": [0, 1],  # choose between DCT-II and DST-VII per block
    "early_stop": [0, 1, 2],  # skip decisions after a perfect skip: none, motion, splits too
    "split_margin": (0.5, 1.5),  # quarters cheaper than this share of a leaf end the halving
    "merge_margin": (1.0, 3.0),  # SATD above which further merge candidates are not tried
    "deblocking": [0, 1],
    "beta_offset": (-6, 6),  # of the deblocking filter
    "tc_offset": (-6, 6),
    "directional_filter": [0, 1],  # of decoded frames, along their edges
    "wiener_filter": [0, 1],  # with transmitted coefficients
    "wiener_filters": (1, 8),  # at most, of a luma plane
}
PARAMETERS = {
    "structure": "random_access",
    "gop_size": 16,
    "references": 2,
    "key_qp_offset": 3,
    "layer_qp_offset": 1.0,
    "chroma_qp_offset": 0,
    "lambda_scale": 0.6,
    "chroma_weight": 1.0,
    "halvings": 1,
    "min_side": 4,
    "merge_trials": 2,
    "intra_trials": 2,
    "search_reach": 4,
    "frame_reach": 32,
    "adaptive_transform": 1,
    "early_stop": 2,
    "split_margin": 0.9,
    "merge_margin": 1.5,
    "deblocking": 1,
    "beta_offset": 0,
    "tc_offset": 0,
    "directional_filter": 1,
    "wiener_filter": 1,
    "wiener_filters": 8,
}

_CHOSEN: dict[str, Any] = PARAMETERS
_CONTEXT_SETS = 5  # the intra frame, then one for each layer up to the fourth


class _Codec:
    """What encoder and decoder share; the coder's mode is the direction."""

    def __init__(self, header: container.Header, coder: range_coder.Coder) -> None:
        self.header, self.coder = header, coder
        self.encoding = coder.state[range_coder.MODE] == range_coder.ENCODE
        self.qp = quantisation.qp_of_quality(header.quality)
        references = int(_CHOSEN["references"])
        if _CHOSEN["structure"] == "low_delay":
            self.steps = gop.low_delay(header.frames, references)
        else:
            self.steps = gop.hierarchical(header.frames, int(_CHOSEN["gop_size"]), references)
        height, width = frames.blank(header.height, header.width, 8)[0].shape
        slots, margin = gop.slot_count(self.steps), 2 * interpolation.MARGIN
        half = slots, height // 2 + margin, width // 2 + margin
        self.pool = coding_state.References(
            np.zeros((slots, interpolation.PHASES, height + margin, width + margin), np.uint8),
            np.zeros(half, np.uint8),
            np.zeros(half, np.uint8),
        )
        self.motions: dict[int, tuple[I16, I16]] = {}
        self.sets: dict[int, I32] = {}
        self.last_set = coder.contexts
        self.filters = loop_filters.LoopFilters(
            bool(_CHOSEN["wiener_filter"]),
            bool(_CHOSEN["directional_filter"]),
            int(_CHOSEN["wiener_filters"]),
        )

    def frame_qp(self, step: gop.Step) -> int:
        """Return the luma QP of a frame."""
        offset = 0.0
        if not step.intra:
            offset = _CHOSEN["key_qp_offset"] + step.layer * _CHOSEN["layer_qp_offset"]
        return min(max(round(self.qp + offset), 0), quantisation.MAX_QP)

    def settings(self, state: coding_state.Frame, step: gop.Step) -> None:
        """Fill in a frame's numbers and reference lists."""
        numbers = state.numbers
        qp = self.frame_qp(step)
        chroma = quantisation.chroma_qp(qp + int(_CHOSEN["chroma_qp_offset"]))
        numbers[[coding_state.QP, coding_state.QP_CHROMA]] = qp, chroma
        numbers[coding_state.INTRA_FRAME] = step.intra
        for place, name in (
            (coding_state.TREE_DEPTH, "halvings"),
            (coding_state.MIN_SIDE, "min_side"),
            (coding_state.MERGE_TRIALS, "merge_trials"),
            (coding_state.INTRA_TRIALS, "intra_trials"),
            (coding_state.REACH, "search_reach"),
            (coding_state.ADAPTIVE_TRANSFORM, "adaptive_transform"),
            (coding_state.EARLY_STOP, "early_stop"),
        ):
            numbers[place] = _CHOSEN[name]
        state.weights[:] = (
            _CHOSEN["lambda_scale"] * 2 ** ((qp - 12) / 3),
            _CHOSEN["chroma_weight"],
            _CHOSEN["split_margin"],
            _CHOSEN["merge_margin"],
        )
        gop.fill_lists(state, step)
        if not step.intra:
            vectors, distances = self.motions[step.references[1][0]]
            state.near_vectors[:] = vectors
            state.near_distances[:] = distances

    def search_whole(self, state: coding_state.Frame, step: gop.Step) -> None:
        """Give each block of the encoder a first vector into each reference."""
        height, width = state.y.shape
        rows, columns = height // 16, width // 16
        weight = float(np.sqrt(state.weights[coding_state.LAMBDA]))
        window = np.ascontiguousarray(state.source_y[: rows * 16, : columns * 16])
        done: dict[int, I16] = {}
        for axis in range(2):
            for place, (frame, slot) in enumerate(
                zip(step.references[axis], step.slots[axis], strict=True)
            ):
                if frame not in done:
                    vectors = np.zeros((rows, columns, 2), np.int16)
                    planes, reach = self.pool.luma[slot], int(_CHOSEN["frame_reach"])
                    motion_search.search_frame(window, planes, 16, reach, weight, vectors)
                    done[frame] = vectors
                cells = done[frame].repeat(4, 0).repeat(4, 1)
                state.history[axis, place, : rows * 4, : columns * 4] = cells

    def frame(self, step: gop.Step, source: frames.Planes) -> frames.Planes:
        """Code one frame; the decoder passes blank planes as source."""
        decoded = frames.blank(self.header.height, self.header.width, 8)
        state = coding_state.new_frame(decoded, source, self.pool, np.zeros(4))
        self.settings(state, step)
        if self.encoding and not step.intra:
            self.search_whole(state, step)
        key = 0 if step.intra else min(step.layer + 1, _CONTEXT_SETS - 1)
        contexts = self.sets.setdefault(key, self.last_set.copy())
        self.last_set = contexts
        self.coder = range_coder.grown(self.coder, source[0].size * 4 + 4096)
        code_frame(self.coder._replace(contexts=contexts), state)
        if _CHOSEN["deblocking"]:
            deblocking.deblock(state, int(_CHOSEN["beta_offset"]), int(_CHOSEN["tc_offset"]))
        weight = state.weights[coding_state.LAMBDA]
        chroma = weight / state.weights[coding_state.CHROMA_WEIGHT]
        weights = np.array([weight, chroma, chroma])
        decoded = self.filters.run(self.coder, decoded, source, weights)
        self.motions[step.frame] = gop.motion_of(state)
        if step.slot >= 0:
            for kept, plane in zip(self.pool, interpolation.reference(decoded), strict=True):
                kept[step.slot] = plane
        return decoded

    def walk(self, sources: list[frames.Planes]) -> tuple[U8, U8, U8]:
        """Code all frames in the schedule's order; return them in display order."""
        done: dict[int, frames.Planes] = {}
        for step in self.steps:
            done[step.frame] = self.frame(step, sources[step.frame])
            if range_coder.overrun(self.coder):
                raise container.BitstreamError(f"The bitstream ends inside frame {step.frame}.")
        ordered = [done[index] for index in range(self.header.frames)]
        return frames.cropped(ordered, self.header.height, self.header.width)


def encode_with_reconstruction(clip: Clip, quality: int) -> tuple[bytes, tuple[U8, U8, U8]]:
    """Encode a clip; return the bitstream and the planes that decode() will return."""
    count, height, width = clip.y.shape
    header = container.Header(width, height, count, clip.fps, quality)
    codec = _Codec(header, range_coder.encoder(CONTEXTS, 4096))
    sources = [frames.extended(*planes, 8) for planes in zip(*clip[:3], strict=True)]
    reconstruction = codec.walk(sources)
    return container.pack(header, range_coder.finish(codec.coder)), reconstruction


def encode(clip: Clip, quality: int) -> bytes:
    """Encode a clip at quality 0..100."""
    return encode_with_reconstruction(clip, quality)[0]


def decode(bitstream: bytes) -> tuple[U8, U8, U8]:
    """Decode to (y, u, v) of the source's shapes; BitstreamError when damaged."""
    header, payload = container.unpack(bitstream)
    codec = _Codec(header, range_coder.decoder(CONTEXTS, payload))
    return codec.walk([frames.blank(header.height, header.width, 8)] * header.frames)
