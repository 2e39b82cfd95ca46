"""Variants of a clip: as hard to code as the clip, and foreseen by nobody.

A candidate that carries a clip in its source recognises the clip, and may recognise its mirror
images as well. It cannot carry what it cannot foresee: where a variant is cut, whether it is
mirrored and which of its samples are off by one follow from a secret of the campaign, which stays
in the plan, and from the bundle that is tried: the candidate, the framework's modules and the
limits. Whichever of these a fix changes, what was told of the last draw does not hold for the next.
"""

import hmac
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec_lab.model import Sha256
from codec_worker.contract import Clip

CUT_SHARE = 8
"""At most one in so many rows, columns and frames is cut off."""

ALIGNMENT = 16
"""Left and top are cut by multiples of that: a picture made of blocks keeps its grid."""

NOISE_SHARE = 128
"""One sample in so many is one off: it changes every hash and costs next to nothing."""


class Variants(NamedTuple):
    """What the variants for one bundle are drawn from; equal ones draw alike.

    Attributes
    ----------
    secret : str
        Of the campaign.
    bundle_sha256 : str
        For which bundle.
    """

    secret: str
    bundle_sha256: Sha256

    def quality(self, clip_name: str, qualities: Sequence[int]) -> int:
        """Draw at which quality beside the lowest a clip is tried."""
        _, *others = sorted(qualities)
        return int(self._generator(clip_name).choice(others))

    def of(self, clip: Clip, clip_name: str, quality: int) -> Clip:
        """Draw a variant: mirrored or not, cut and with a little noise.

        Parameters
        ----------
        clip : Clip
            Of n frames, h rows and w columns.
        clip_name : str
            How it is called.
        quality : int
            For which it is encoded; each quality has a variant of its own.

        Returns
        -------
        Clip
            Of at least 7/8 n frames, 7/8 h rows and 7/8 w columns.
        """
        generator = self._generator(f"{clip_name}/{quality}")
        n, h, w = clip.y.shape
        first = int(generator.integers(n // CUT_SHARE, endpoint=True))
        rows, columns = (_kept(generator, side) for side in (h, w))
        # Not upside down: motion and light have a direction, and a small codec may pay twice.
        step = int(generator.choice([-1, 1]))

        def plane(samples: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
            area = (slice(side.start // scale, side.stop // scale) for side in (rows, columns))
            cut = samples[first:, *area][..., ::step]
            noise = generator.integers(2 * NOISE_SHARE, size=cut.shape, dtype=np.uint8)
            louder = cut + ((noise == 0) & (cut < 255))
            return np.ascontiguousarray(louder - ((noise == 1) & (cut > 0)), np.uint8)

        return Clip(plane(clip.y, 1), plane(clip.u, 2), plane(clip.v, 2), clip.fps)

    def _generator(self, what: str) -> np.random.Generator:
        message = f"{self.bundle_sha256}/{what}".encode()
        digest = hmac.digest(self.secret.encode(), message, "sha256")
        return np.random.default_rng(int.from_bytes(digest))


def _kept(generator: np.random.Generator, side: int) -> slice:
    """Draw which even part of a side is kept."""
    spare = side // CUT_SHARE
    start = ALIGNMENT * int(generator.integers(spare // ALIGNMENT, endpoint=True))
    end = 2 * int(generator.integers((spare - start) // 2, endpoint=True))
    return slice(start, side - end)
