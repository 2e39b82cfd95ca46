"""What a candidate and the bench exchange.

``encode(clip, quality)`` receives a :class:`Clip`, ``decode(bitstream)`` returns its three
planes; :class:`Geometry` says which shapes those planes must have.
"""

from mmap import mmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
"""Luma (n, h, w) and both chroma planes (n, h/2, w/2), uint8."""

Shape = tuple[int, int, int]


class Clip(NamedTuple):
    """A source video, 8-bit 4:2:0: y (n, h, w), u and v (n, h/2, w/2), fps in frames/s."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]
    fps: float


class Geometry(NamedTuple):
    """How many frames of which size: n ≥ 1 frames of an even height and width in luma samples."""

    frames: int
    height: int
    width: int

    @classmethod
    def of(cls, clip: Clip) -> "Geometry":
        """Return the geometry of a clip.

        Raises
        ------
        ValueError
            If the planes are no 8-bit 4:2:0 video.
        """
        if clip.y.ndim != 3:
            raise ValueError(f"luma has {clip.y.ndim} dimensions; it must be (frames, h, w)")
        geometry = cls(*clip.y.shape)
        geometry.validate()
        for name, plane, shape in zip("yuv", clip[:3], geometry.plane_shapes, strict=True):
            if plane.dtype != np.uint8 or plane.shape != shape:
                raise ValueError(
                    f"plane {name} is {plane.dtype} {plane.shape}; it must be uint8 {shape}"
                )
        return geometry

    def validate(self) -> None:
        """Check that such a video can exist.

        Raises
        ------
        ValueError
            If there is no frame, or if a side is odd or zero.
        """
        if self.frames < 1:
            raise ValueError(f"a clip needs at least one frame, not {self.frames}")
        if self.height < 2 or self.width < 2 or self.height % 2 or self.width % 2:
            raise ValueError(
                f"{self.width}x{self.height} is no size for 4:2:0: both sides must be even"
            )

    @property
    def plane_shapes(self) -> tuple[Shape, Shape, Shape]:
        """Shapes of y, u and v."""
        chroma = (self.frames, self.height // 2, self.width // 2)
        return (self.frames, self.height, self.width), chroma, chroma

    @property
    def size_bytes(self) -> int:
        """Bytes of all three planes."""
        return self.frames * self.height * self.width * 3 // 2

    def planes_of(self, raw: bytes | mmap, offset: int = 0) -> Planes:
        """Show y, u and v, which lie one after the other in ``raw``, without copying."""
        arrays = []
        for shape in self.plane_shapes:
            count = shape[0] * shape[1] * shape[2]
            arrays.append(np.frombuffer(raw, np.uint8, count, offset).reshape(shape))
            offset += count
        y, u, v = arrays
        return y, u, v
