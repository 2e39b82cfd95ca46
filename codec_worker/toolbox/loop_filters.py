"""The in-loop filters with transmitted parameters: what the encoder chooses and how it is coded.

A frame passes the directional filter, then the Wiener filter. Each is switched per frame and plane
and, by :mod:`codec_worker.toolbox.filter_switches`, per tile. Wiener coefficients are sent anew or
taken from one of the last sets sent, since frames of a clip resemble each other. Encoder and
decoder run the same functions; the coder's mode is the direction.
"""

from typing import NamedTuple

import numpy as np

from codec_worker.toolbox import directional_filter as directional
from codec_worker.toolbox import wiener_filter as wiener
from codec_worker.toolbox.filter_switches import CONTEXTS as SWITCH_CONTEXTS
from codec_worker.toolbox.filter_switches import code_switches, spread, tile_errors
from codec_worker.toolbox.kernel import F64, I64, U8
from codec_worker.toolbox.range_coder import (
    BIT_PRICE,
    BITS,
    ENCODE,
    MODE,
    Coder,
    code_bin,
    code_signed,
    code_unary,
    contexts,
    price,
)

TILE = 64  # side of a switched tile in samples of its plane
STORED = 4  # sets of Wiener filters remembered for each plane
MOST_FILTERS = 8

# Pairs of primary and secondary strength that can be signalled.
STRENGTHS = np.array(
    [(0, 1), (1, 1), (2, 1), (0, 2), (2, 2), (0, 4), (4, 4), (8, 4)], np.int64
)  # fmt: skip
DAMPING = 5

# Contexts, a set for each plane.
_ON, _ORIGIN, _COUNT, _CLASS = 0, 1, 6, 14
_TAP = _CLASS + MOST_FILTERS
_STRENGTH = _TAP + 3 * 17
_SWITCH = _STRENGTH + 8
_DIRECTIONAL_ON = _SWITCH + SWITCH_CONTEXTS
_DIRECTIONAL_SWITCH = _DIRECTIONAL_ON + 1
_SET = _DIRECTIONAL_SWITCH + SWITCH_CONTEXTS

# Taps next to the centre, those two away, and the rest share contexts.
_TAP_GROUP = np.array([0, 1, 2, 0, 1, 2, 2, 1, 1, 2, 2, 2], np.int64)


class WienerChoice(NamedTuple):
    """Wiener parameters of one plane.

    ``origin`` is 0 for a new set, else the place of a stored one, from 1 (the latest);
    ``filters`` int64 (n, 12), ``mapping`` int64 (25,): class to filter; ``flags`` uint8 tiles.
    """

    origin: int
    filters: I64
    mapping: I64
    flags: U8


class LoopFilters:
    """The filters of a clip; keeps what one frame leaves to the next.

    Parameters
    ----------
    use_wiener, use_directional
        Which filters are part of the bitstream.
    most_filters
        Largest number of Wiener filters of a luma plane, 1..8.
    """

    def __init__(self, use_wiener: bool, use_directional: bool, most_filters: int) -> None:
        self.use_wiener, self.use_directional = use_wiener, use_directional
        self.most_filters = most_filters
        self.contexts = contexts(3 * _SET)
        self.stored: list[list[tuple[I64, I64]]] = [[], [], []]

    def run(self, coder: Coder, planes: list[U8], source: list[U8], weights: F64) -> list[U8]:
        """Filter a decoded frame.

        Parameters
        ----------
        coder
            Range coder; its contexts are not used.
        planes
            Decoded planes; luma's sides are multiples of 8.
        source
            Planes to come close to; the decoder passes ``planes`` again.
        weights
            float64 (3,): for each plane the weight of a bit in squared sample differences.

        Returns
        -------
        list
            The filtered planes, each a new array where its filter is on.
        """
        coder = coder._replace(contexts=self.contexts)
        result = list(planes)
        if self.use_directional:
            ways = np.zeros([side // 8 for side in planes[0].shape], np.uint8)
            variances = np.zeros(ways.shape, np.int64)
            directional.directions(planes[0], ways, variances)
            for channel in range(3):
                result[channel] = self._directional(
                    coder, channel, planes[channel], source[channel], weights[channel],
                    ways, variances,
                )  # fmt: skip
        if self.use_wiener:
            for channel in range(3):
                result[channel] = self._wiener(
                    coder, channel, result[channel], source[channel], weights[channel]
                )
        return result

    def _directional(
        self, coder: Coder, channel: int, plane: U8, source: U8, weight: float, ways: U8, var: I64
    ) -> U8:
        base = channel * _SET
        tile = TILE if channel == 0 else TILE // 2
        tiles = [-(-side // tile) for side in plane.shape]
        block = 8 if channel == 0 else 4

        def filtered(strength: int, flags: U8) -> U8:
            out = np.empty_like(plane)
            primary, secondary = STRENGTHS[strength]
            each = spread(flags, tile, block, *plane.shape)
            directional.enhance(
                plane, ways, var, each, primary, secondary, DAMPING, int(channel == 0), out
            )
            return out

        def code(target: Coder, strength: int, flags: U8) -> int:
            strength = code_unary(target, base + _STRENGTH, len(STRENGTHS) - 1, strength)
            code_switches(target, base + _DIRECTIONAL_SWITCH, flags)
            return strength

        best_cost, best, flags = 0.0, -1, np.zeros(tiles, np.uint8)
        if coder.state[MODE] == ENCODE:
            before = tile_errors(source, plane, tile)
            for strength in range(len(STRENGTHS)):
                trial = filtered(strength, np.ones(tiles, np.uint8))
                gains = before - tile_errors(source, trial, tile)
                on = (gains > weight).astype(np.uint8)
                if not on.any():
                    continue
                counter = price(coder)
                code(counter, strength, on)
                cost = weight * counter.state[BITS] / BIT_PRICE - float(gains[on > 0].sum())
                if cost < best_cost:
                    best_cost, best, flags = cost, strength, on
        if not code_bin(coder, base + _DIRECTIONAL_ON, int(best >= 0)):
            return plane
        strength = code(coder, max(best, 0), flags)
        return filtered(strength, flags)

    def _code_wiener(self, coder: Coder, channel: int, choice: WienerChoice) -> WienerChoice:
        base = channel * _SET
        stored = self.stored[channel]
        origin = 0
        if stored:
            origin = code_unary(coder, base + _ORIGIN, len(stored), choice.origin)
        if origin:
            filters, mapping = stored[-origin]
        else:
            most = self.most_filters if channel == 0 else 1
            count = 1 + code_unary(coder, base + _COUNT, most - 1, len(choice.filters) - 1)
            filters, mapping = np.zeros((count, wiener.TAPS), np.int64), choice.mapping.copy()
            for place in range(wiener.CLASSES if count > 1 else 0):
                mapping[place] = code_unary(coder, base + _CLASS, count - 1, int(mapping[place]))
            for place in range(count):
                for tap in range(wiener.TAPS):
                    value = int(choice.filters[place, tap]) if place < len(choice.filters) else 0
                    group = base + _TAP + 17 * int(_TAP_GROUP[tap])
                    value = code_signed(coder, group, value)
                    most_tap = wiener.MAX_COEFFICIENT
                    filters[place, tap] = min(max(value, -most_tap), most_tap)
        code_switches(coder, base + _SWITCH, choice.flags)
        return WienerChoice(origin, filters, mapping, choice.flags)

    def _wiener(self, coder: Coder, channel: int, plane: U8, source: U8, weight: float) -> U8:
        blocks = [side // wiener.BLOCK for side in plane.shape]
        classes, turns = np.zeros((2, *blocks), np.uint8)
        if channel == 0:
            wiener.classify(plane, classes, turns)
        tiles = [-(-side // TILE) for side in plane.shape]

        def filtered(filters: I64, mapping: I64, flags: U8) -> U8:
            out = np.empty_like(plane)
            each = spread(flags, TILE, wiener.BLOCK, *plane.shape)
            wiener.apply(plane, classes, turns, each, filters[mapping], out)
            return out

        nothing = np.zeros(tiles, np.uint8)
        chosen = WienerChoice(
            0, np.zeros((1, wiener.TAPS), np.int64), np.zeros(wiener.CLASSES, np.int64), nothing
        )
        worth = False
        if coder.state[MODE] == ENCODE:
            best_cost = 0.0
            before = tile_errors(source, plane, TILE)
            for trial in self._candidates(channel, plane, source, classes, turns, weight):
                gains = before - tile_errors(source, filtered(*trial[1:3], trial.flags), TILE)
                flags = (gains > weight).astype(np.uint8)
                if not flags.any():
                    continue
                counter = price(coder)
                candidate = trial._replace(flags=flags)
                self._code_wiener(counter, channel, candidate)
                cost = weight * counter.state[BITS] / BIT_PRICE - float(gains[flags > 0].sum())
                if cost < best_cost:
                    best_cost, chosen, worth = cost, candidate, True
        if not code_bin(coder, channel * _SET + _ON, int(worth)):
            return plane
        chosen = self._code_wiener(coder, channel, chosen)
        if not chosen.origin:
            self.stored[channel] = [
                *self.stored[channel][1 - STORED :],
                (chosen.filters, chosen.mapping),
            ]
        return filtered(chosen.filters, chosen.mapping, chosen.flags)

    def _candidates(
        self, channel: int, plane: U8, source: U8, classes: U8, turns: U8, weight: float
    ) -> list[WienerChoice]:
        """Design a new set and take the most promising stored one, for all tiles."""
        products = np.zeros((wiener.CLASSES, wiener.TAPS, wiener.TAPS))
        targets = np.zeros((wiener.CLASSES, wiener.TAPS))
        everywhere = np.ones(classes.shape, np.uint8)
        wiener.gather_statistics(
            source, plane, classes, turns, everywhere, products, targets,
            np.zeros(wiener.CLASSES),
        )  # fmt: skip
        all_on = np.ones([-(-side // TILE) for side in plane.shape], np.uint8)
        most = self.most_filters if channel == 0 else 1
        filters, mapping, _ = wiener.design(products, targets, weight, most)
        result = [WienerChoice(0, filters, mapping, all_on)]
        stored = self.stored[channel]
        if stored:
            gains = [
                wiener.gain(products, targets, old[old_mapping]).sum()
                for old, old_mapping in reversed(stored)
            ]
            place = int(np.argmax(gains))
            result.append(WienerChoice(place + 1, *stored[-1 - place], all_on))
        return result
