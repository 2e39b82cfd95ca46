"""A small hybrid video codec for learning and for fast tests.

Macroblocks are predicted from the previous frame by a quarter-sample vector or, in 8×8 blocks,
from decoded neighbours; residuals are transformed, quantised and coded with adaptive contexts.
One walk over the frames serves both directions: it encodes a source, or decodes without one.
"""

from collections.abc import Iterable

import numpy as np

from codec_worker.contract import Clip
from codec_worker.toolbox import container, frames, interpolation, quantisation, range_coder
from codec_worker.toolbox.kernel import U8
from codec_worker.toolbox.motion_search import search_frame
from codec_worker.toolbox.residual import CONTEXTS, code_levels
from codec_worker.toolbox.transform import DCT2, forward, inverse

SEARCH_SPACE = {  # tuples are ranges with both ends, lists are choices
    "search_reach": [4, 8, 16, 32],  # first step of the motion search, samples
    "vector_weight": (0.25, 4.0),  # Lagrangian weight of a vector's bits, in quantiser steps
    "intra_rounding": (0.2, 0.5),  # share of a step added before truncation
    "inter_rounding": (0.1, 0.4),
    "intra_bias": (0, 2000),  # SAD by which intra must win a macroblock
    "inter_qp_offset": (-2, 3),
    "chroma_qp_offset": (-2, 3),
}
PARAMETERS = {
    "search_reach": 16,
    "vector_weight": 0.6,
    "intra_rounding": 0.34,
    "inter_rounding": 0.2,
    "intra_bias": 500,
    "inter_qp_offset": 1,
    "chroma_qp_offset": 1,
}

# Contexts: levels of luma and chroma, coded flags, macroblock type, intra modes, vectors.
_CODED = 2 * CONTEXTS
_TYPE, _MODE, _VECTOR, _CONTEXTS = _CODED + 2, _CODED + 3, _CODED + 5, _CODED + 39
# The 8×8 blocks of a macroblock: channel, row and column in the channel's plane.
_BLOCKS = (0, 0, 0), (0, 0, 8), (0, 8, 0), (0, 8, 8), (1, 0, 0), (2, 0, 0)


class _Codec:
    """Everything encoder and decoder share; the coder's mode is the direction."""

    def __init__(self, header: container.Header, coder: range_coder.Coder) -> None:
        self.header, self.coder = header, coder
        self.encoding = coder.state[range_coder.MODE] == range_coder.ENCODE
        self.qp = quantisation.qp_of_quality(header.quality)

    def frame(self, inter: bool, source: frames.Planes, before: frames.Planes) -> frames.Planes:
        """Code one frame; the decoder passes blank planes as source."""
        self.inter, self.source, self.reference = inter, source, interpolation.reference(before)
        self.decoded = frames.blank(self.header.height, self.header.width, 16)
        self.predicted = [np.zeros_like(plane) for plane in self.decoded]
        vectors = np.zeros([*(side // 16 for side in self.decoded[0].shape), 2], np.int16)
        if inter and self.encoding:
            weight = PARAMETERS["vector_weight"] * quantisation.step(self.qp)
            reach, planes = int(PARAMETERS["search_reach"]), self.reference[0]
            search_frame(source[0], planes, 16, reach, weight, vectors)
        for row, line in enumerate(vectors.tolist()):
            vector = [0, 0]
            for column, guess in enumerate(line):
                vector = self.macroblock(row * 16, column * 16, guess, vector)
        return self.decoded

    def macroblock(self, y: int, x: int, guess: list[int], left: list[int]) -> list[int]:
        """Code one macroblock; return its vector, or its left neighbour's if it has none."""
        vector, moved = left, 0
        if self.inter:
            self.compensate(y, x, *guess)
            window = np.s_[y : y + 16, x : x + 16]
            block = self.source[0][window].astype(np.int32)
            flat_loss = abs(block - block.mean()).sum() + PARAMETERS["intra_bias"]
            moved = int(abs(block - self.predicted[0][window]).sum() < flat_loss)
            moved = range_coder.code_bin(self.coder, _TYPE, moved)
        if moved:
            vy = left[0] + range_coder.code_signed(self.coder, _VECTOR, guess[0] - left[0])
            vx = left[1] + range_coder.code_signed(self.coder, _VECTOR + 17, guess[1] - left[1])
            vector = [vy, vx]
            self.compensate(y, x, vy, vx)
        for channel, dy, dx in _BLOCKS:
            self.block(channel, (y >> (channel > 0)) + dy, (x >> (channel > 0)) + dx, moved)
        return vector

    def compensate(self, y: int, x: int, vy: int, vx: int) -> None:
        """Predict a macroblock from the frame before."""
        interpolation.luma_block(self.reference[0], y, x, vy, vx, 16, 16, self.predicted[0], y, x)
        for plane, out in zip(self.reference[1:], self.predicted[1:], strict=True):
            interpolation.chroma_block(plane, y // 2, x // 2, vy, vx, 8, 8, out, y // 2, x // 2)

    def block(self, channel: int, y: int, x: int, moved: int) -> None:
        """Predict, code and rebuild one 8×8 block of a plane."""
        window, plane, chroma = np.s_[y : y + 8, x : x + 8], self.decoded[channel], int(channel > 0)
        planes = self.source[channel], self.predicted[channel]
        target, prediction = (values[window].astype(np.int32) for values in planes)
        if not moved:
            above = plane[y - 1, x : x + 8].astype(np.int32) if y else np.full(8, 128, np.int32)
            left = plane[y : y + 8, x - 1].astype(np.int32) if x else np.full(8, 128, np.int32)
            flat = np.full((8, 8), (above.sum() + left.sum() + 8) >> 4, np.int32)
            modes = flat, above[None].repeat(8, 0), left[:, None].repeat(8, 1)
            mode = int(np.argmin([abs(target - choice).sum() for choice in modes]))
            prediction = modes[range_coder.code_unary(self.coder, _MODE, 2, mode)]
        qp = self.qp + chroma * PARAMETERS["chroma_qp_offset"]
        qp = min(max(int(qp + self.inter * PARAMETERS["inter_qp_offset"]), 0), quantisation.MAX_QP)
        levels, count = np.zeros((32, 32), np.int32), 0
        if self.encoding:
            levels[:8, :8] = target - prediction
            forward(levels, 3, 3, DCT2, DCT2)
            rounding = PARAMETERS["inter_rounding" if moved else "intra_rounding"]
            count = quantisation.quantise(levels, 8, 8, qp, rounding)
        if range_coder.code_bin(self.coder, _CODED + chroma, int(count > 0)):
            code_levels(self.coder, chroma * CONTEXTS, 1 - chroma, levels, 3, 3)
            quantisation.dequantise(levels, 8, 8, qp)
            inverse(levels, 3, 3, DCT2, DCT2)
            prediction = np.clip(prediction + levels[:8, :8], 0, 255)
        plane[window] = prediction


def _walk(codec: _Codec, sources: Iterable[frames.Planes]) -> tuple[U8, U8, U8]:
    header, done = codec.header, [frames.blank(codec.header.height, codec.header.width, 16)]
    for index, source in enumerate(sources):
        done.append(codec.frame(index > 0, source, done[-1]))
        if range_coder.overrun(codec.coder):
            raise container.BitstreamError(f"The bitstream ends inside frame {index}.")
    return frames.cropped(done[1:], header.height, header.width)


def encode_with_reconstruction(clip: Clip, quality: int) -> tuple[bytes, tuple[U8, U8, U8]]:
    """Encode a clip; return the bitstream and the planes that decode() will return."""
    count, height, width = clip.y.shape
    header = container.Header(width, height, count, clip.fps, quality)
    codec = _Codec(header, range_coder.encoder(_CONTEXTS, clip.y.size * 4 + 4096))
    sources = (frames.extended(*planes, 16) for planes in zip(*clip[:3], strict=True))
    reconstruction = _walk(codec, sources)
    return container.pack(header, range_coder.finish(codec.coder)), reconstruction


def encode(clip: Clip, quality: int) -> bytes:
    """Encode a clip at quality 0..100."""
    return encode_with_reconstruction(clip, quality)[0]


def decode(bitstream: bytes) -> tuple[U8, U8, U8]:
    """Decode to (y, u, v) of the source's shapes; BitstreamError when damaged."""
    header, payload = container.unpack(bitstream)
    codec = _Codec(header, range_coder.decoder(_CONTEXTS, payload))
    return _walk(codec, [frames.blank(header.height, header.width, 16)] * header.frames)
