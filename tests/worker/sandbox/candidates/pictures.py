"""Decoders that return something else than the three planes; all must be a bad result."""

import numpy as np


def y(geometry):
    return np.zeros(geometry, np.uint8)


def c(geometry):
    frames, height, width = geometry
    return np.zeros((frames, height // 2, width // 2), np.uint8)


PICTURES = {
    "nothing": lambda g: None,
    "bytes": lambda g: bytes(g[0] * g[1] * g[2] * 3 // 2),
    "two planes": lambda g: (y(g), c(g)),
    "four planes": lambda g: (y(g), c(g), c(g), c(g)),
    "one array": lambda g: np.zeros((3, *g), np.uint8),
    "floats": lambda g: (y(g).astype(np.float64), c(g), c(g)),
    "not a number": lambda g: (np.full(g, np.nan), c(g), c(g)),
    "signed samples": lambda g: (y(g).view(np.int8), c(g), c(g)),
    "objects": lambda g: (y(g).astype(object), c(g), c(g)),
    "one frame too few": lambda g: (y(g)[1:], c(g)[1:], c(g)[1:]),
    "one frame too many": lambda g: tuple(np.concatenate([p, p[:1]]) for p in (y(g), c(g), c(g))),
    "wrong size": lambda g: (y(g)[:, :-2], c(g)[:, :-1], c(g)[:, :-1]),
    "full chroma": lambda g: (y(g), y(g), y(g)),
    "chroma first": lambda g: (c(g), c(g), y(g)),
    "flat": lambda g: tuple(plane.ravel() for plane in (y(g), c(g), c(g))),
    "lists": lambda g: tuple(plane.tolist() for plane in (y(g), c(g), c(g))),
    "nameless": lambda g: {"y": y(g), "u": c(g), "v": c(g)},
}
GOOD_PICTURES = {
    "list": lambda g: [y(g), c(g), c(g)],
    "views": lambda g: (y(g).repeat(2, 2)[:, :, ::2], c(g)[::-1], c(g)),
    "subclasses": lambda g: (y(g).view(np.recarray), c(g), c(g)),
}
